"""What a person lets go late goes out a minute apart, by the rule of `resume` and outages."""

from datetime import timedelta

import pytest

from publisher.ledger.database import Database
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.post_holds import Holds
from publisher.ledger.manager.undo import Undo
from publisher.ledger.reading.queries import Queries
from publisher.model.events import Event
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

_POSTS = [f"post-{number}" for number in range(4)]


@pytest.fixture
def late(ledger: Ledger, clock: ManualClock) -> list[str]:
    """Four posts of one account, whose time is over by ten minutes."""
    add(ledger, *(wish(clock, post, number) for number, post in enumerate(_POSTS)))
    return _POSTS


@pytest.fixture
def holds(database: Database, clock: ManualClock) -> Holds:
    return Holds(database, clock)


def waits(queries: Queries, clock: ManualClock) -> list[float]:
    """The seconds until each of the four goes out."""
    found = {d.post: d for d in queries.deliveries()}
    return [(found[post].send_at - clock.now()).total_seconds() for post in _POSTS]


def test_several_go_behind_those_that_go_out_late_already(
    late: list[str], holds: Holds, queries: Queries, clock: ManualClock
) -> None:
    holds.hold(late, None, "direction", "wait")
    clock.advance(600)
    holds.release(late[2:], None, "direction")
    holds.release(late[:2], None, "direction")
    assert waits(queries, clock) == [120, 180, 0, 60]
    assert [step.event for step in queries.history("post-1")][-2:] == [
        Event.HOLD_LIFTED,
        Event.OVERDUE,
    ]


def test_a_retry_spaces_them_in_the_order_of_their_times(
    late: list[str], control: Control, queries: Queries, clock: ManualClock
) -> None:
    control.cancel(late, None, "direction", "wait")
    clock.advance(600)
    control.retry(late[::-1], None, "direction")
    assert waits(queries, clock) == [0, 60, 120, 180]


def test_a_hold_that_is_taken_back_late_spaces_them_too(
    late: list[str], database: Database, holds: Holds, queries: Queries, clock: ManualClock
) -> None:
    clock.advance(600)
    held = holds.hold(late, None, "direction", "wait")
    undo = Undo(database, clock)
    seen = undo.possible(held, "direction")
    undo.take_back(seen, "direction", clock.now() - timedelta(seconds=10))
    assert waits(queries, clock) == [0, 60, 120, 180]


def test_what_is_to_come_keeps_its_time(
    ledger: Ledger, late: list[str], holds: Holds, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, "later", 3600))
    holds.hold([*late, "later"], None, "direction", "wait")
    clock.advance(600)
    holds.release([*late, "later"], None, "direction")
    (later,) = queries.deliveries(post="later")
    assert later.send_at == later.due_at
