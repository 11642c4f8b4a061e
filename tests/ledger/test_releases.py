"""Ledgers of each release go through every migration, and nothing goes out again."""

import gzip
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from publisher.app import Application
from publisher.ledger.database import Database
from publisher.model.states import State
from tests.support.older_ledgers import make_older
from tests.support.release_ledgers import RELEASES, STATES, application, states, workspace

pytestmark = pytest.mark.each_database

KEPT = sorted(RELEASES.glob("*.gz"))


@pytest.fixture(params=KEPT, ids=[path.stem for path in KEPT])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a copy of what the release left."""
    kept: Path = request.param
    content = gzip.decompress(kept.read_bytes())
    if kept.name.endswith(".db.gz"):
        (tmp_path / "ledger.db").write_bytes(content)
        return f"sqlite:///{tmp_path}/ledger.db"
    url: str = request.getfixturevalue("postgres_url")
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as session:
        session.execute(content)
    return url


@pytest.fixture(params=["as it was", "as a version before left it"])
def app(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Iterator[Application]:
    workspace(tmp_path)
    if "before" in request.param:
        with closing(Database(url)) as database:
            database.migrate()  # it undoes what all of them do
            make_older(database)
    with closing(application(tmp_path, url)) as app:
        yield app


def test_a_release_is_kept_for_both_databases() -> None:
    releases = {path.name.removesuffix(".gz").rpartition(".")[0] for path in KEPT}
    assert "0.9" in releases
    assert {path.name for path in KEPT} == {
        f"{release}.{kind}.gz" for release in releases for kind in ("db", "sql")
    }


def test_nothing_goes_out_again_after_the_update(app: Application) -> None:
    """Not by the migration, nor as the same drafts are queued again, nor as the day goes on."""
    app.database.migrate()
    assert app.audit.verify().breaks == ()
    assert states(app) == STATES
    app.clock.sleep_until(app.clock.ahead(150))
    assert not app.planner.queue(actor="redaction").errors
    assert states(app) == STATES
    named = {one.id: (one.post, one.account) for one in app.queries.deliveries()}
    later = next(one for one in app.queries.deliveries() if one.post == "later.fr")
    app.clock.sleep_until(later.next_check_at)
    claimed = app.dispatch.claim(app.clock.ahead(2), app.clock.ahead(30), 100)
    assert [named[one.delivery] for one in claimed] == [("later.fr", "bice-x")]
    assert states(app) == STATES | {("later.fr", "bice-x"): State.PUBLISHING}
