"""A dispatcher's look tells what it would find, though it asks in another way."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.dispatcher.due import DuePoll
from publisher.ledger.enqueue import Ledger
from publisher.ledger.limits.suspensions import suspend
from publisher.ledger.manager.operations import Control
from publisher.ledger.tables import deliveries
from publisher.model.deliveries import Claim
from publisher.model.outcomes import AccountSuspended, Kind
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards("publisher.ledger.dispatcher.due_queries"),
]

_HOLD = 100.0


class Scene:
    """A ledger, and what can happen in it."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.control = Control(database, clock)
        self.dispatch = Dispatch(database, clock, 60)

    def add(self, post: str, due_in: float, **more: object) -> None:
        add(Ledger(self.database, self.clock), wish(self.clock, post, due_in, **more))

    def claim(self, limit: int = 10) -> list[Claim]:
        return self.dispatch.claim(self.clock.ahead(4), self.clock.ahead(3600), limit)

    def hold(self) -> None:
        """Its platform takes nothing of the account for `_HOLD` seconds."""
        until = self.clock.ahead(_HOLD)
        with self.database.write() as connection:
            outcome = AccountSuspended(Kind.RATE_LIMIT, "Too many posts.", until=until)
            suspend(connection, "bice-x", outcome, self.clock.now())

    def sees_work(self) -> bool:
        return DuePoll(self.database, self.clock).poll(self.clock.ahead(4)).due


def _paused(scene: Scene) -> None:
    scene.control.pause("bice-x", "Wait.", "direction")


def _all_paused(scene: Scene) -> None:
    scene.control.pause(None, "Wait.", "direction")


def _another_is_paused(scene: Scene) -> None:
    scene.add("other", -1, account="lima-x")
    scene.control.pause("lima-x", "Wait.", "direction")


def _held(scene: Scene) -> None:
    scene.hold()


def _after_the_hold(scene: Scene) -> None:
    scene.hold()
    scene.clock.advance(_HOLD + 1)


def _after_the_hold_with_one_under_way(scene: Scene) -> None:
    _after_the_hold(scene)
    assert len(scene.claim(1)) == 1


def _one_fell_due_since(scene: Scene) -> None:
    _after_the_hold_with_one_under_way(scene)
    scene.add("since", 2)


def _all_are_under_way(scene: Scene) -> None:
    assert len(scene.claim()) == 2


def _still_to_come(scene: Scene) -> None:
    with scene.database.write() as connection:
        later = scene.clock.now() + timedelta(minutes=1)
        connection.execute(update(deliveries).values(next_check_at=later))


def _none_is_scheduled(scene: Scene) -> None:
    with scene.database.write() as connection:
        connection.execute(update(deliveries).values(state=State.HELD))


def _nothing_else(_scene: Scene) -> None:
    pass


@pytest.mark.parametrize(
    ("happens", "work"),
    [
        (_nothing_else, True),
        (_paused, False),
        (_all_paused, False),
        (_another_is_paused, True),
        (_held, False),
        (_after_the_hold, True),
        (_after_the_hold_with_one_under_way, False),
        (_one_fell_due_since, True),
        (_all_are_under_way, False),
        (_still_to_come, False),
        (_none_is_scheduled, False),
    ],
)
def test_the_look_tells_whether_a_claim_finds_anything(
    database: Database, clock: ManualClock, happens: Callable[[Scene], None], *, work: bool
) -> None:
    scene = Scene(database, clock)
    scene.add("first", -2)
    scene.add("second", -1)
    happens(scene)
    assert (scene.sees_work(), bool(scene.claim())) == (work, work)


def test_the_look_sees_nothing_in_an_empty_ledger(database: Database, clock: ManualClock) -> None:
    assert not any(DuePoll(database, clock).poll(clock.ahead(4)))


@pytest.fixture
def scene(database: Database, clock: ManualClock) -> Scene:
    """One of which SQLite counts its steps."""
    if not database.is_sqlite:
        pytest.skip("PostgreSQL does not count its steps")
    return Scene(database, clock)


def test_what_waits_for_a_person_is_not_in_the_way_of_the_look(scene: Scene) -> None:
    """Beyond the first hundred, its account is looked at once."""
    for number in range(101):
        scene.add(f"few-{number}", -1000 + number)
    _paused(scene)
    few = _steps(scene)
    for number in range(300):
        scene.add(f"post-{number}", -800 + number)
    assert _steps(scene) <= few * 1.1


def test_accounts_with_nothing_due_are_not_in_the_way_of_the_look(scene: Scene) -> None:
    """While one that is paused has a post that is overdue, as it may have for days."""
    scene.add("overdue", -1000)
    _paused(scene)
    alone = _steps(scene)
    for number in range(300):
        scene.add("to-come", 1000, account=f"lima-{number}")
    assert _steps(scene) <= alone * 1.1


def test_an_account_that_goes_is_seen_behind_the_first_hundred_of_others(scene: Scene) -> None:
    for number in range(100):
        scene.add(f"few-{number}", -1000 + number)
    _paused(scene)
    assert not scene.sees_work()
    scene.add("behind", -1, account="lima-x")
    assert scene.sees_work()


def test_all_accounts_are_looked_at_once_a_second(scene: Scene) -> None:
    """While a hundred others are overdue that go nowhere, it takes long, and nothing hurries."""
    for number in range(100):
        scene.add(f"few-{number}", -1000 + number)
    _paused(scene)
    due_poll = DuePoll(scene.database, scene.clock)
    scene.add("to-come", 60, account="lima-x")
    assert not due_poll.poll(scene.clock.ahead(4)).due
    scene.add("behind", -1, account="lima-x")
    assert due_poll.poll(scene.clock.ahead(4)).due, "more than a hundred are due only now"
    scene.claim()
    scene.add("later", -1, account="lima-x")
    scene.clock.advance(0.9)
    assert not due_poll.poll(scene.clock.ahead(4)).due
    scene.clock.advance(0.1)
    assert due_poll.poll(scene.clock.ahead(4)).due


def _steps(scene: Scene) -> int:
    """How often SQLite asks whether it should go on, in a look."""
    asked = 0

    def ask() -> int:
        nonlocal asked
        asked += 1
        return 0

    with scene.database.read() as connection:
        sqlite = connection.connection.driver_connection
        assert sqlite is not None
    sqlite.set_progress_handler(ask, 1)
    try:
        assert not scene.sees_work()
    finally:
        sqlite.set_progress_handler(None, 1)
    return asked
