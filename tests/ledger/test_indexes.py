"""What is asked again and again finds its index, however long the ledger is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from publisher.ledger.control import Control
from publisher.ledger.database import Database
from publisher.ledger.gauges import Gauges
from publisher.ledger.ledger import Ledger
from publisher.ledger.queries import Queries
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

_ASKED: dict[str, Callable[[Queries, Gauges], object]] = {
    "coming": lambda queries, _gauges: queries.coming(30),
    "resting": lambda queries, _gauges: queries.resting(),
    "unclaimed": lambda _queries, gauges: gauges.unclaimed(0),
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


def test_what_was_stopped_too_late_is_looked_for_among_what_was_stopped(
    database: Database, queries: Queries, clock: ManualClock
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses by its statistics, and reads a table of no row as a whole")
    with _recorded(database) as statements:
        queries.stopped_too_late(clock.now())
    plans = [line for asked in statements for line in _plan(database, *asked)]
    assert [line for line in plans if "ix_deliveries_problems" in line]


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
