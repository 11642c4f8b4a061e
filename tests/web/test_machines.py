"""What machines ask: whether all is well, and for figures."""

from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from publisher.app import Application
from publisher.ledger import limits
from publisher.lock import locked
from publisher.models import Delivery
from publisher.outcome import Accepted, Limit
from publisher.sections import WebSettings
from tests.support.clock import ManualClock
from tests.support.pages import serving
from tests.support.wishes import add, wish


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def publish(app: Application, late: float) -> Delivery:
    """What is due goes out so many seconds late."""
    clock = app.clock
    assert isinstance(clock, ManualClock)
    (claim,) = app.dispatch.claim(clock.ahead(2), clock.ahead(90), 10)
    taken = app.attempts.take(claim)
    assert taken
    clock.advance(late)
    intended = app.attempts.intend(taken, clock.now(), clock.ahead(90))
    assert intended
    app.attempts.record(intended, Accepted("707"), clock.ahead(90))
    return app.queries.deliveries(post=taken.post)[0]


def figures(address: str, **headers: str) -> dict[str, float]:
    text = httpx.get(f"{address}/metrics", headers=headers).text
    return {
        ",".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_all_is_well_while_somebody_publishes(app: Application, address: str) -> None:
    answer = httpx.get(f"{address}/healthz")
    assert answer.status_code == 503
    assert "is not at work" in answer.json()["publishing"]
    with locked(app.settings.var / "run.lock", "`publisher run`"):
        answer = httpx.get(f"{address}/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["deliveries"]["awaiting-approval"] == 3


def test_looking_takes_no_lock(app: Application, address: str) -> None:
    """Or whoever watches could keep `publisher run` from starting."""
    lock = app.settings.var / "run.lock"
    httpx.get(f"{address}/healthz")
    assert not lock.exists()
    lock.write_text("7\n")
    httpx.get(f"{address}/healthz")
    assert lock.read_text() == "7\n"


def test_what_is_due_and_not_taken_up_is_trouble(app: Application, address: str) -> None:
    """But not while its account is paused."""
    assert isinstance(app.clock, ManualClock)
    add(app.ledger, wish(app.clock, "n.fr", due_in=5))
    app.clock.advance(60)
    with locked(app.settings.var / "run.lock", "`publisher run`"):
        answer = httpx.get(f"{address}/healthz")
        assert answer.status_code == 503
        assert "1 due, and no dispatcher takes them up." in answer.json()["publishing"]
        app.control.pause("bice-x", "essai", "direction")
        assert httpx.get(f"{address}/healthz").status_code == 200


def test_without_the_ledger_it_says_so_and_no_more(app: Application, address: str) -> None:
    with app.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'from-the-future'")
    answer = httpx.get(f"{address}/healthz")
    assert answer.status_code == 503
    assert str(app.settings.workspace) not in answer.text
    assert "LedgerTooNew" in answer.json()["ledger"]


def test_the_figures_are_those_of_the_ledger(app: Application, address: str) -> None:
    assert isinstance(app.clock, ManualClock)
    add(app.ledger, wish(app.clock, "n", due_in=0, account="bice-site", channel="site"))
    late = publish(app, 0.2).lateness
    assert late
    app.control.pause("bice-page", "essai", "direction")
    left = Limit("posts-24h", 50, 17, app.clock.now(), app.clock.ahead(600))
    over = Limit("posts-15min", 100, 98, app.clock.now(), app.clock.now())
    with app.database.write() as connection:
        limits.keep(connection, "bice-x", (left, over))
    found = figures(address)
    assert found["publisher_limit_remaining,bice-x,posts-24h"] == 17
    assert found["publisher_limit_requests,bice-x,posts-24h"] == 50
    assert "publisher_limit_remaining,bice-x,posts-15min" not in found
    assert found["publisher_deliveries,bice-site,published"] == 1
    assert found["publisher_deliveries,bice-x,awaiting-approval"] == 2
    assert found["publisher_lateness_seconds_bucket,0.1"] == 0
    assert found["publisher_lateness_seconds_bucket,0.25"] == 1
    assert found["publisher_lateness_seconds_count"] == 1
    assert found["publisher_lateness_seconds_sum"] == pytest.approx(late.total_seconds())
    assert found["publisher_queue_depth"] == 2
    assert found["publisher_account_stopped,bice-page,paused"] == 1


def test_the_figures_are_not_for_everybody(app: Application, address: str) -> None:
    """Not for whom a proxy speaks; with a token set, for nobody without it."""
    refused = httpx.get(f"{address}/metrics", headers={"via": "1.1 proxy"})
    assert refused.status_code == 403
    where = WebSettings.model_validate({"metrics_token": "a long token"})
    with serving(app, where) as guarded:
        assert httpx.get(f"{guarded}/metrics").status_code == 403
        wrong = {"authorization": "Bearer another"}
        assert httpx.get(f"{guarded}/metrics", headers=wrong).status_code == 403
        assert "publisher_due" in figures(guarded, authorization="Bearer a long token")


def test_a_secret_of_the_pages_stands_in_its_own_file(tmp_path: Path) -> None:
    from publisher.errors import ConfigurationError  # noqa: PLC0415
    from publisher.settings import load  # noqa: PLC0415

    (tmp_path / "publisher.toml").write_text("[web]\nport = 81\nmetrics_token = 'hunter2'\n")
    with pytest.raises(ConfigurationError, match=r"web\.metrics_token is a secret") as caught:
        load(tmp_path, {})
    assert "hunter2" not in str(caught.value)
    (tmp_path / "publisher.toml").write_text("[web]\nport = 81\n")
    (tmp_path / "secrets.toml").write_text("[web]\nmetrics_token = 'hunter2'\n")
    found = load(tmp_path, {}).web
    assert found.port == 81
    assert found.metrics_token
    assert "hunter2" not in repr(found)
