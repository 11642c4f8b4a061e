"""A PostgreSQL that stands still: nobody waits for it for ever, and nothing is lost when it goes
on.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from publisher.base.errors import LedgerUnavailable
from publisher.ledger import database as database_module
from publisher.ledger.database import MOST_CONNECTIONS, Database
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.timeouts import SESSION_LIMITS
from tests.support import pgbouncer, postgres, system
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.ledger.driver_errors")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """One of these tests' own, which may be frozen."""
    if not postgres.available():
        pytest.skip("PostgreSQL is not installed")
    with postgres.serve() as made:
        yield made


@pytest.fixture
def database(server: postgres.Server) -> Iterator[Database]:
    with server.database() as url:
        made = Database(url)
        made.migrate()
        yield made
        made.close()


def test_an_answer_that_does_not_come_ends_the_wait(
    server: postgres.Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits is told that the ledger is away; when the server goes on, so does this process."""
    clock = ManualClock()
    ledger, queries = Ledger(database, clock), Queries(database, clock)
    add(ledger, wish(clock))
    monkeypatch.setattr(database, "_answer_limit", 1.0)
    with server.frozen():
        began = time.monotonic()
        with pytest.raises(LedgerUnavailable):
            queries.counts()
        with pytest.raises(LedgerUnavailable):
            Control(database, clock).cancel("post.fr", None, "a reason", "manager")
        assert time.monotonic() - began < 30
    assert sum(queries.counts().values()) == 1


def test_in_the_midst_of_a_transaction_it_says_what_it_waited_for(
    server: postgres.Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_answer_limit", 1.0)

    def freeze_midway() -> None:
        with database.write() as begun:
            begun.exec_driver_sql("SELECT 1")
            with server.frozen():
                begun.exec_driver_sql("SELECT 1")

    with pytest.raises(LedgerUnavailable, match="no answer within 1 s"):
        freeze_midway()


def test_who_waits_already_is_hurried_when_the_process_is_to_end(
    server: postgres.Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_LAST_LIMIT", 1.0)
    queries, troubles = Queries(database, ManualClock()), list[Exception]()

    def ask() -> None:
        try:
            queries.counts()
        except LedgerUnavailable as error:
            troubles.append(error)

    with server.frozen():
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        database.hurry()
        thread.join(20)
        assert not thread.is_alive()
    assert len(troubles) == 1


def test_a_process_opens_no_more_connections_than_the_documents_say(
    database: Database,
) -> None:
    """Three workers, two dispatchers and the web pages fit into PostgreSQL's default of 100."""
    assert database.engine.pool.size() + database.engine.pool._max_overflow == MOST_CONNECTIONS  # type: ignore[attr-defined]
    assert 6 * MOST_CONNECTIONS <= 100 - 3
    text = (ROOT / "docs" / "deployment.md").read_text()
    assert re.search(rf"at most {MOST_CONNECTIONS} connections", text)


def test_a_server_without_free_connections_is_told_as_what_it_is(
    server: postgres.Server, database: Database
) -> None:
    """And not as one that is not running."""
    with server.database() as url:
        name = url.rpartition("/")[2]
        server._administer(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
        # A superuser may always come in, so another user asks.
        server._administer(f"CREATE ROLE user_{name} LOGIN")
        other = Database(url.replace("//publisher@", f"//user_{name}@"))
        with pytest.raises(LedgerUnavailable, match="accepts no more connections") as told:
            other.check_revision()
        assert told.value.hint
        assert "max_connections" in told.value.hint
        other.close()
    server._administer(f"DROP ROLE user_{name}")


@pytest.mark.parametrize(("mode", "lost"), [("session", []), ("transaction", [*SESSION_LIMITS])])
def test_behind_a_pooler_of_sessions_every_limit_is_in_force(
    server: postgres.Server, mode: str, lost: list[str]
) -> None:
    """PgBouncer as Debian has it, and where transactions are pooled it is noticed."""
    if pgbouncer.program() is None:
        system.missing("PgBouncer", "pgbouncer")
    with (
        server.database() as url,
        pgbouncer.before(url, mode) as behind,
        closing(Database(behind)) as database,
    ):
        database.migrate()
        assert database.limits_not_in_force() == lost


def test_a_session_keeps_its_limits_after_a_transaction_that_was_undone(
    database: Database,
) -> None:
    with suppress(ZeroDivisionError), database.write():
        raise ZeroDivisionError
    assert database.limits_not_in_force() == []
