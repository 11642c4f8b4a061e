"""What is asked again and again finds its index, however long the ledger is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from publisher.auth.users import People, Rank
from publisher.ledger.account_owners import Owners
from publisher.ledger.database import Database
from publisher.ledger.dispatcher import claims
from publisher.ledger.dispatcher.due import DuePoll
from publisher.ledger.dispatcher.due_queries import DueQueries
from publisher.ledger.doubts import orphans, reconciliation
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager import withdrawals
from publisher.ledger.manager.commands import no_rule
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.rights import EVERYBODY
from publisher.ledger.news.notice_addresses import Addresses
from publisher.ledger.news.outbox import News
from publisher.ledger.news.personal_news import PersonalNews
from publisher.ledger.reading.gauges import Gauges
from publisher.ledger.reading.lateness import Lateness
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import deliveries
from publisher.model.accounts import Owner
from publisher.model.states import WAITING, State
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

pytestmark = pytest.mark.each_database

_ASKED: dict[str, Callable[[Queries, Gauges], object]] = {
    "coming": lambda queries, _gauges: queries.coming(30),
    "stopped_ahead": lambda queries, _gauges: queries.stopped_ahead(),
    "unresolved_counts": lambda queries, _gauges: queries.unresolved_counts(),
    "in_trouble": lambda queries, _gauges: queries.in_trouble(),
    "paused_or_suspended": lambda queries, _gauges: queries.paused_or_suspended(),
    "unclaimed": lambda _queries, gauges: gauges.unclaimed(0),
}
_LOCKED = {
    "due": claims.DUE,
    "late": claims.LATE,
    "run out": claims.RUN_OUT,
    "doubtful": reconciliation.DOUBTFUL,
    "left over": orphans.LEFT_OVER,
    "still out": withdrawals.STILL_OUT,
}


@pytest.mark.parametrize("name", _ASKED)
def test_no_row_is_read_that_is_not_waiting(
    database: Database,
    ledger: Ledger,
    control: Control,
    queries: Queries,
    clock: ManualClock,
    name: str,
) -> None:
    add(ledger, wish(clock, "a.fr"))
    control.pause("bice-x", "Wait.", "direction")
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses by its statistics, and reads a table of one row as a whole")
    with _recorded(database) as statements:
        _ASKED[name](queries, Gauges(database, clock))
    plans = [line for asked in statements for line in _plan(database, *asked)]
    assert any("deliveries" in line for line in plans)
    assert [line for line in plans if line == "SCAN deliveries"] == []


def test_trouble_is_looked_for_among_what_nobody_has_dealt_with(
    database: Database, queries: Queries
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses by its statistics, and reads a table of no row as a whole")
    with _recorded(database) as statements:
        queries.unresolved(State.PUBLISHED)
    plans = [line for asked in statements for line in _plan(database, *asked)]
    assert [line for line in plans if "ix_deliveries_unresolved" in line]


def test_a_dispatcher_reads_only_what_it_looks_for(database: Database, clock: ManualClock) -> None:
    """Again and again, among a million deliveries: each question finds its partial index."""
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses by its statistics")
    with _recorded(database) as statements:
        DuePoll(database, clock).poll(clock.ahead(4))
    ((statement, parameters),) = statements
    plan = _plan(database, statement, parameters)
    assert len([line for line in plan if line.startswith("SEARCH deliveries")]) == 10
    assert [
        line for line in plan if line.startswith("SCAN deliveries") and "USING" not in line
    ] == []


def test_a_claim_reads_only_what_is_due_and_what_is_in_hand(
    database: Database, clock: ManualClock
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses by its statistics")
    with _recorded(database) as statements:
        claims.Dispatch(database, clock, 60).claim(clock.ahead(4), clock.ahead(19), 100)
    plans = [line for asked in statements for line in _plan(database, *asked)]
    assert any("ix_deliveries_lease" in line for line in plans)
    assert any("ix_deliveries_due" in line for line in plans)
    scans = [line for line in plans if line.startswith("SCAN deliveries")]
    assert [line for line in scans if "USING INDEX ix_deliveries_lease" not in line] == []


@pytest.mark.parametrize("state", [State.PUBLISHED, State.SCHEDULED])
def test_postgresql_is_not_misled_by_its_statistics(
    database: Database, ledger: Ledger, clock: ManualClock, state: State
) -> None:
    """Neither a look nor a claim reads all deliveries, whether most are out or most are to come."""
    if database.is_sqlite:
        pytest.skip("SQLite does not choose by statistics")
    add(ledger, wish(clock, "a.fr"))
    away = "next_check_at - n" if state is State.PUBLISHED else "next_check_at + n"
    values = {
        "id": "id + n", "post": "post || n", "state": f"'{state}'", "next_check_at": away, "expires_at": away,
    }  # fmt: skip
    columns = [column.name for column in deliveries.c]
    with database.write() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO deliveries ({', '.join(columns)})"
            f" SELECT {', '.join(values.get(name, name) for name in columns)}"
            " FROM deliveries, generate_series(1, 20000) n"
        )
        connection.exec_driver_sql("ANALYZE")
    now = clock.now()
    with _recorded(database) as statements:
        DuePoll(database, clock).poll(now)
        Lateness(database, clock).find()
        with database.write() as connection:
            claims.DUE.lock(connection, {"now": now, "horizon": now, "busy": []}, 10)
    with database.write() as connection:
        for statement, parameters in statements:
            if "deliveries" not in statement:
                continue
            rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
            plan = [row[0] for row in rows]
            assert any("using ix_deliveries_" in line for line in plan)
            assert [line for line in plan if "Seq Scan on deliveries" in line] == []


def test_what_is_late_is_found_among_what_was_due(database: Database, clock: ManualClock) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses by its statistics")
    with _recorded(database) as statements:
        Lateness(database, clock).find()
    (asked,) = (asked for asked in statements if "deliveries" in asked[0])
    plan = [line for line in _plan(database, *asked) if "deliveries" in line]
    assert plan == ["SEARCH deliveries USING INDEX ix_deliveries_late (due_at<?)"]


@pytest.mark.parametrize("waiting", _LOCKED.values(), ids=_LOCKED)
def test_what_waits_is_locked_without_a_look_at_the_rest(
    database: Database, clock: ManualClock, waiting: DueQueries
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses by its statistics")
    instants = dict.fromkeys(("now", "horizon", "instant", "settled"), clock.now())
    values = {**instants, "busy": []}
    with database.write() as connection, _recorded(database) as statements:
        waiting.lock(connection, values, 10)
    plan = _plan(database, *statements[0])
    assert plan[0].startswith("SEARCH deliveries USING INDEX ix_deliveries_")
    assert [line for line in plan if "TEMP B-TREE" in line] == []


def test_no_state_is_bound_in_what_a_dispatcher_looks_for(
    database: Database, clock: ManualClock
) -> None:
    """SQLite would plan the statement anew each time, which takes fifty times as long as to
    answer.
    """
    with _recorded(database) as statements:
        DuePoll(database, clock).poll(clock.ahead(4))
    ((_, parameters),) = statements
    given = parameters.values() if isinstance(parameters, dict) else parameters
    assert {one for one in given if isinstance(one, str)} <= {"*"}


def test_who_else_has_an_owner_is_found_by_its_index(
    database: Database, clock: ManualClock
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses by its statistics")
    with _recorded(database) as statements:
        Owners(database, clock).claim("bice-x", Owner(id="7001"), ())
    plan = _plan(database, *next(asked for asked in statements if "owner_id = " in asked[0]))
    assert plan[0].startswith("SEARCH accounts USING INDEX ix_accounts_owner")


def test_what_can_be_late_is_what_waits() -> None:
    assert set(claims.WITH_EXPIRY) == WAITING


def test_what_people_are_told_is_found_by_its_indexes(
    database: Database, clock: ManualClock
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses by its statistics")
    People(database, clock).add("redaction", Rank.MANAGER, "plough wicker ostrich")
    (person,) = People(database, clock).all()
    Addresses(database, clock).add(person, "ntfys://ntfy.example.org/topic")
    news = PersonalNews(database, clock, no_rule, EVERYBODY)
    with _recorded(database) as statements:
        news.newest()
        news.all_untold()
    plans = [line for asked in statements for line in _plan(database, *asked)]
    for index in ("ix_deliveries_waiting", "ix_deliveries_problems", "ix_history_told"):
        assert any(index in line for line in plans)
    scans = [line for line in plans if line.startswith(("SCAN deliveries", "SCAN history"))]
    assert [line for line in scans if "USING" not in line] == []


def test_what_a_worker_held_is_looked_for_among_what_waits(
    database: Database, clock: ManualClock
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses by its statistics")
    news = News(database, clock)
    news.begin("json", clock.now())
    with _recorded(database) as statements:
        news.untold("json")
    asked = next(asked for asked in statements if "deliveries.state = 'held'" in asked[0])
    assert any("ix_deliveries_expiry" in line for line in _plan(database, *asked))


@contextmanager
def _recorded(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements that select, with their parameters, as they are executed."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def _plan(database: Database, statement: str, parameters: Any) -> list[str]:
    with database.read() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[3] for row in rows]
