"""The newest word of the platforms on their limits, kept without any harm to deliveries."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, text
from structlog.testing import capture_logs

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.limits import rate_limits
from publisher.ledger.limits.rate_limits import Limits
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.reading.queries import Queries
from publisher.ledger.transitions import Conflict
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Limit,
    Outcome,
    Refused,
    Sighting,
    Unknown,
)
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = pytest.mark.each_database


@pytest.fixture
def kept(database: Database, clock: ManualClock) -> Limits:
    return Limits(database, clock)


@pytest.fixture
def under_way(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock
) -> Delivery:
    """A delivery whose request is under way."""
    add(ledger, wish(clock, due_in=0))
    return sending(dispatch, attempts, clock)


def sending(dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> Delivery:
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 10)
    taken = attempts.take(claim)
    assert taken
    intended = attempts.intend(taken, clock.now(), clock.ahead(30))
    assert intended
    return intended


def day(clock: ManualClock, remaining: int, hours: float = 6) -> Limit:
    end = clock.now() + timedelta(hours=hours)
    return Limit("posts-24h", 50, remaining, clock.now(), end)


def quarter(clock: ManualClock, remaining: int) -> Limit:
    return Limit("posts-15min", 100, remaining, clock.now(), clock.ahead(900))


@pytest.mark.parametrize(
    "outcome",
    [
        Accepted("1"),
        Refused(Kind.CONTENT, "No."),
        Deferred(Kind.UNAVAILABLE, "Later."),
        AccountSuspended(Kind.RATE_LIMIT, "Too many."),
        Unknown("Perhaps."),
    ],
)
def test_what_came_of_a_request_tells_what_is_left(
    outcome: Outcome, under_way: Delivery, attempts: OneByOne, clock: ManualClock, kept: Limits
) -> None:
    told = (quarter(clock, 98), day(clock, 17))
    attempts.record(under_way, replace(outcome, limits=told), clock.ahead(30))
    assert kept.current() == {"bice-x": list(told)}


@pytest.mark.parametrize("sighting", [Accepted("1"), Absent(), Unknown("Who knows.")])
def test_so_does_a_reading(
    sighting: Sighting,
    under_way: Delivery,
    attempts: OneByOne,
    database: Database,
    clock: ManualClock,
    kept: Limits,
) -> None:
    doubted = attempts.record(under_way, Unknown("Perhaps."), clock.ahead(30))
    told = (Limit("readings-15min", 900, 899, clock.now(), clock.ahead(900)),)
    Doubts(database, clock).record(doubted, replace(sighting, limits=told))
    assert kept.current() == {"bice-x": list(told)}


def test_so_does_an_answer_that_came_late(
    under_way: Delivery, attempts: OneByOne, clock: ManualClock, kept: Limits
) -> None:
    attempts.record(under_way, Unknown("Perhaps."), clock.ahead(30))
    late = Accepted("1", limits=(day(clock, 17),))
    attempts.record(under_way, late, clock.ahead(30))
    assert kept.current() == {"bice-x": [day(clock, 17)]}


def test_so_does_a_withdrawal(
    under_way: Delivery, attempts: OneByOne, database: Database, clock: ManualClock, kept: Limits
) -> None:
    out = attempts.record(under_way, Accepted("1"), clock.ahead(30))
    withdrawals = Withdrawals(database, clock)
    first = Limit("deletions-15min", 50, 0, clock.now(), clock.ahead(900))
    held = AccountSuspended(Kind.RATE_LIMIT, "Too many.", limits=(first,))
    out = withdrawals.begin(out, "direction", "wrong")
    out = withdrawals.failed(out, "direction", held, "Too many.")
    assert kept.current() == {"bice-x": [first]}
    second = replace(first, remaining=49)
    withdrawals.deleted(out, "direction", "wrong", Accepted("1", limits=(second,)))
    assert kept.current() == {"bice-x": [second]}


def test_the_newest_word_counts_for_each_account(
    database: Database, clock: ManualClock, kept: Limits
) -> None:
    old = day(clock, 17)
    clock.advance(1)
    new = day(clock, 16)
    with database.write() as connection:
        rate_limits.keep(connection, "bice-x", (new,))
        rate_limits.keep(connection, "bice-es", (old,))
    with database.write() as connection:
        rate_limits.keep(connection, "bice-x", (old,))  # its worker came late
    assert kept.current() == {"bice-es": [old], "bice-x": [new]}


def test_a_window_that_is_over_tells_nothing(
    database: Database, clock: ManualClock, kept: Limits
) -> None:
    with database.write() as connection:
        rate_limits.keep(connection, "bice-x", (quarter(clock, 0), day(clock, 17)))
    clock.advance(900)
    assert [limit.name for limit in kept.current()["bice-x"]] == ["posts-24h"]


_RAISE = {
    "sqlite": (
        "CREATE TRIGGER broken BEFORE INSERT ON limits BEGIN SELECT RAISE({how}, 'broken'); END",
    ),
    "postgresql": (
        (
            "CREATE FUNCTION broken() RETURNS trigger AS"
            " $$ BEGIN RAISE EXCEPTION 'broken'; END $$ LANGUAGE plpgsql"
        ),
        "CREATE TRIGGER broken BEFORE INSERT ON limits FOR EACH ROW EXECUTE FUNCTION broken()",
    ),
}


@pytest.mark.parametrize("broken", ["no table", "refused"])
def test_what_cannot_be_kept_changes_no_outcome(
    broken: str,
    under_way: Delivery,
    attempts: OneByOne,
    queries: Queries,
    database: Database,
    clock: ManualClock,
) -> None:
    with database.write() as connection:
        if broken == "no table":
            connection.execute(text("DROP TABLE limits"))
        else:
            for statement in _RAISE[connection.dialect.name]:
                connection.execute(text(statement.format(how="ABORT")))
    told = Accepted("1", limits=(day(clock, 17),))
    recorded = attempts.record(under_way, told, clock.ahead(30))
    assert recorded.state is State.PUBLISHED
    assert queries.deliveries() == [recorded]


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_where_the_database_gives_up_the_whole_transaction_it_is_told(
    under_way: Delivery,
    attempts: OneByOne,
    queries: Queries,
    database: Database,
    clock: ManualClock,
) -> None:
    """As SQLite does on a full disk: who believed it was recorded would lose the outcome."""
    with database.write() as connection:
        (trigger,) = _RAISE["sqlite"]
        connection.execute(text(trigger.format(how="ROLLBACK")))
    with capture_logs() as logged, pytest.raises(Conflict):
        attempts.record(under_way, Accepted("1", limits=(day(clock, 17),)), clock.ahead(30))
    assert {(entry["log_level"], entry["wish"]) for entry in logged} == {
        ("error", f"Result of delivery {under_way.id}")
    }
    assert queries.deliveries() == [under_way]


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
def test_nobody_waits_for_another_who_keeps_the_same(
    under_way: Delivery,
    attempts: OneByOne,
    database: Database,
    clock: ManualClock,
    kept: Limits,
) -> None:
    """A worker that is frozen in the middle of it must not make the others wait."""
    with database.write() as frozen:
        rate_limits.keep(frozen, "bice-x", (day(clock, 17),))
        told = Accepted("1", limits=(day(clock, 16),))
        with capture_logs() as logged:
            recorded = attempts.record(under_way, told, clock.ahead(30))
    assert recorded.state is State.PUBLISHED
    assert logged == [], "it waited until the database had enough"
    assert kept.current() == {"bice-x": [day(clock, 17)]}


def test_it_rides_on_the_transaction_that_records_the_answer(
    under_way: Delivery, attempts: OneByOne, database: Database, clock: ManualClock
) -> None:
    commits: list[Connection] = []
    event.listen(database.engine, "commit", commits.append)
    told = (quarter(clock, 98), day(clock, 17))
    attempts.record(under_way, Accepted("1", limits=told), clock.ahead(30))
    assert len(commits) == 1
