"""What machines ask: whether all is well, and for figures."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.responses import Response

from publisher.app import Application
from publisher.base.lock import locked
from publisher.ledger.heartbeats import NEEDED, Process, ProcessKind
from publisher.ledger.limits import rate_limits
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Accepted, AccountSuspended, Deferred, Limit
from publisher.model.outcomes import Kind as Kinds
from publisher.monitoring import disk_space
from publisher.monitoring.monitor import Monitor, Report
from publisher.settings.schema import WebSettings
from publisher.web import authentication
from publisher.web.routes import health, login
from tests.support.clock import ManualClock
from tests.support.happening import meet
from tests.support.pages import Visit, serving
from tests.support.waiting import wait_for
from tests.support.wishes import add, wish


@pytest.fixture(autouse=True)
def looked_each_time(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What a test changes is to be seen at once."""
    if "a_second" not in request.node.name:
        monkeypatch.setattr(health, "_FRESH", 0.0)


def test_anybody_s_question_costs_one_look_a_second(
    app: Application, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    look = Monitor.look

    def noted(monitor: Monitor, *, count: bool = False) -> Report:
        looks.append(time.monotonic())
        return look(monitor, count=count)

    assert httpx.get(f"{address}/login").status_code == 200  # the first one makes the routes
    monkeypatch.setattr(Monitor, "look", noted)
    begun = time.monotonic()
    with ThreadPoolExecutor(10) as threads:
        for answer in threads.map(lambda _n: httpx.get(f"{address}/healthz"), range(40)):
            assert answer.status_code == 503  # nobody publishes here
    assert len(looks) <= 1 + (time.monotonic() - begun) / health._FRESH


def test_strangers_who_wait_keep_nobody_of_us_waiting(
    app: Application, address: str, manager: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads are for all; those who are not logged in have few of them, of one network fewer."""
    go_on, waiting = threading.Event(), []

    def slow(*_words: object) -> Response:
        waiting.append(1)
        assert go_on.wait(60)
        return Response()

    monkeypatch.setattr(login, "page", slow)

    def ask(network: int) -> httpx.Response:
        origin = {"X-Forwarded-For": f"198.51.100.{network}"}
        return httpx.get(f"{address}/login", headers=origin, timeout=60)

    with ThreadPoolExecutor(60) as threads:
        answers = [threads.submit(ask, 0) for _ in range(10)]
        try:
            wait_for(lambda: len(waiting) == authentication._OF_NETWORK)
            answers += [threads.submit(ask, number) for number in range(50)]
            wait_for(lambda: len(waiting) == authentication._STRANGERS)
            assert manager.get("/").status_code == 200
            assert len(waiting) == authentication._STRANGERS
        finally:
            go_on.set()
        for answer in answers:
            answer.result()


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def publish(app: Application, late: float) -> Delivery:
    """What is due goes out so many seconds late."""
    clock = app.clock
    assert isinstance(clock, ManualClock)
    (claim,) = app.dispatch.claim(clock.ahead(2), clock.ahead(90), 10)
    clock.advance(late)
    return meet(app, claim, Accepted("707"))


@contextmanager
def at_work(app: Application, *kinds: ProcessKind) -> Iterator[None]:
    """As while `publisher run` is at work, with these of its processes alive; all, if none is
    named.
    """
    with locked(app.settings.var / "run.lock", "`publisher run`"):
        for kind in kinds or NEEDED:
            app.heartbeats.beat(Process(f"{kind:x<32}", kind, "alpha", 7, "0.1.0"))
        yield


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
    assert "is not running" in answer.json()["publishing"]
    with at_work(app):
        answer = httpx.get(f"{address}/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["deliveries"]["awaiting-approval"] == 3


def test_a_wrong_clock_is_trouble(app: Application, address: str) -> None:
    with at_work(app):
        other = Process("b" * 32, ProcessKind.WORKER, "beta", 7, "0.1.0")
        app.heartbeats.beat(other, timedelta(hours=2))
        answer = httpx.get(f"{address}/healthz")
    assert answer.status_code == 503
    assert answer.json()["cause"] == "The clock of beta is 2 h ahead."
    assert "time server" in answer.json()["remedy"]
    assert answer.json()["clock"].startswith("The clock of beta")


def test_a_process_that_stood_still_is_named_and_no_trouble_by_itself(
    app: Application, address: str
) -> None:
    with at_work(app):
        assert httpx.get(f"{address}/healthz").json()["processes"] == "ok"
        other = Process("b" * 32, ProcessKind.WORKER, "beta", 7, "0.1.0")
        app.heartbeats.beat(other, stood_still=timedelta(seconds=3.4))
        answer = httpx.get(f"{address}/healthz")
    assert answer.status_code == 200
    assert "did nothing for 3.4 s" in answer.json()["processes"]
    assert "worker 7 on beta" in answer.json()["processes"]


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
    with at_work(app):
        answer = httpx.get(f"{address}/healthz")
        assert answer.status_code == 503
        assert "1 post is due and has not been taken up for 15 s." in answer.json()["publishing"]
        app.control.pause("bice-x", "essai", "direction")
        assert httpx.get(f"{address}/healthz").status_code == 200


@pytest.mark.parametrize(
    ("alive", "missing", "remedy"),
    [
        (ProcessKind.DISPATCHER, "worker", "the workers"),
        (ProcessKind.WORKER, "dispatcher", "the dispatchers"),
    ],
)
def test_the_kind_of_process_that_is_missing_is_named(
    app: Application, address: str, alive: ProcessKind, missing: str, remedy: str
) -> None:
    with at_work(app, alive):
        found = httpx.get(f"{address}/healthz")
        assert found.status_code == 503
        assert found.json()["cause"] == f"No {missing} is running."
        assert remedy in found.json()["remedy"]
    with at_work(app):
        with app.database.write() as connection:
            connection.exec_driver_sql(
                f"UPDATE heartbeats SET seen_at = seen_at - 60000000 WHERE kind = '{missing}'"
            )
        found = httpx.get(f"{address}/healthz")
    assert found.json()["cause"] == f"No {missing} has reported for 40 s (the last: alpha)."


def test_what_is_late_is_told_with_its_cause(app: Application, address: str) -> None:
    """Also what is tried again and again, and so is never due again for long."""
    assert isinstance(app.clock, ManualClock)
    add(app.ledger, *(wish(app.clock, name, due_in=0, account="bice-site") for name in "no"))
    app.clock.advance(190)
    with at_work(app):
        defer(app)
        found = httpx.get(f"{address}/healthz")
    assert found.status_code == 503
    assert found.json()["late"]["number"] == 2
    assert found.json()["late"]["causes"] == {"refused": 2}
    assert "2 posts are late, the first since" in found.json()["publishing"]
    assert (
        "X does not accept 2 of them (it does not work, or cannot be reached);"
        in found.json()["cause"]
    )
    measured = figures(address)
    assert measured["publisher_late,refused"] == 2
    assert measured["publisher_late_seconds,refused"] == pytest.approx(190)
    assert measured["publisher_late,not-taken"] == 0


def defer(app: Application) -> None:
    """What is due is tried, and nobody answers."""
    clock = app.clock
    for claim in app.dispatch.claim(clock.ahead(2), clock.ahead(90), 10):
        meet(app, claim, Deferred(Kinds.UNAVAILABLE, "Away."))


def test_a_suspended_account_is_late_and_no_trouble(app: Application, address: str) -> None:
    """It has an end, and people were told of it."""
    assert isinstance(app.clock, ManualClock)
    add(app.ledger, wish(app.clock, "n.fr", due_in=0, account="bice-site"))
    app.clock.advance(300)
    (claim,) = app.dispatch.claim(app.clock.ahead(2), app.clock.ahead(90), 10)
    meet(app, claim, AccountSuspended(Kinds.RATE_LIMIT, "Too many.", app.clock.ahead(900)))
    with at_work(app):
        found = httpx.get(f"{address}/healthz")
    assert found.status_code == 200
    assert found.json()["late"]["causes"] == {"suspended": 1}


def test_a_ledger_that_is_locked_is_named_within_two_seconds(
    app: Application, address: str, kind: str
) -> None:
    """As JSON, and not by a page; and all is well when the lock is gone."""
    if kind == "sqlite":
        pytest.skip("SQLite lets everybody read")
    with at_work(app):
        assert httpx.get(f"{address}/healthz").status_code == 200
        with app.database.engine.connect() as other:
            other.exec_driver_sql("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
            begun = time.monotonic()
            found = httpx.get(f"{address}/healthz", timeout=20)
            took = time.monotonic() - begun
        assert found.status_code == 503
        assert found.json()["cause"] == "The ledger does not answer."
        assert "locked" in found.json()["remedy"]
        assert took < 2.5
        wait_for(lambda: httpx.get(f"{address}/healthz").status_code == 200)


def test_a_ledger_that_was_deleted_is_named(app: Application, address: str, kind: str) -> None:
    """Whoever has it open would go on with it, and see nothing."""
    if kind != "sqlite":
        pytest.skip("its server keeps the files")
    with at_work(app):
        assert httpx.get(f"{address}/healthz").status_code == 200
        (app.settings.var / "publisher.db").unlink()
        found = httpx.get(f"{address}/healthz")
    assert found.status_code == 503
    assert "deleted or replaced" in found.json()["cause"]
    assert "backup" in found.json()["remedy"]


def test_a_full_disk_is_named(
    app: Application, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at_work(app):
        monkeypatch.setattr(disk_space, "_LEAST", 10**18)
        found = httpx.get(f"{address}/healthz")
    assert found.status_code == 503
    assert found.json()["cause"] == "The disk with var/ or the ledger is full."
    assert "Make room" in found.json()["remedy"]


def test_without_the_ledger_it_says_so_and_no_more(app: Application, address: str) -> None:
    with app.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'from-the-future'")
    answer = httpx.get(f"{address}/healthz")
    assert answer.status_code == 503
    assert str(app.settings.workspace) not in answer.text
    assert "Update Publisher on this machine" in answer.json()["ledger"]


def test_the_figures_are_those_of_the_ledger(app: Application, address: str) -> None:
    assert isinstance(app.clock, ManualClock)
    add(app.ledger, wish(app.clock, "n", due_in=0, account="bice-site", channel="site"))
    late = publish(app, 0.2).lateness
    assert late
    app.control.pause("bice-page", "essai", "direction")
    left = Limit("posts-24h", 50, 17, app.clock.now(), app.clock.ahead(600))
    over = Limit("posts-15min", 100, 98, app.clock.now(), app.clock.now())
    with app.database.write() as connection:
        rate_limits.keep(connection, "bice-x", (left, over))
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
    from publisher.base.errors import ConfigurationError  # noqa: PLC0415
    from publisher.settings.settings import load  # noqa: PLC0415

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
