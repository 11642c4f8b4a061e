"""Only failures make log-ins slow, and no number of them at once slips past."""

import threading

import pytest

from publisher.ledger.database import Database
from publisher.ledger.throttle import Throttle, Try
from tests.support.clock import ManualClock

_OFFICE = "192.0.2.1"


@pytest.fixture
def throttle(database: Database, clock: ManualClock) -> Throttle:
    return Throttle(database, clock)


def fail(throttle: Throttle, times: int) -> None:
    """So many wrong passwords at the office, each with another name."""
    for number in range(times):
        assert not waits(throttle.admit(f"guessed-{number}", _OFFICE))


def waits(attempt: Try) -> bool:
    return attempt.until is not None


def test_right_passwords_never_make_anybody_wait(throttle: Throttle, clock: ManualClock) -> None:
    for _ in range(100):
        right = throttle.admit("lima", _OFFICE)
        assert not waits(right)
        throttle.forgive(right)
        clock.advance(60)
    fail(throttle, 30)
    assert waits(throttle.admit("mia", _OFFICE))


def test_the_sixth_wrong_password_waits(throttle: Throttle) -> None:
    assert [waits(throttle.admit("lima", _OFFICE)) for _ in range(6)] == [False] * 5 + [True]


def test_a_right_password_does_away_with_ones_own_failures(throttle: Throttle) -> None:
    for _ in range(4):
        throttle.admit("lima", _OFFICE)
    throttle.forgive(throttle.admit("lima", _OFFICE))
    assert [waits(throttle.admit("lima", _OFFICE)) for _ in range(6)] == [False] * 5 + [True]


def test_an_account_of_ones_own_hides_no_failures_of_the_address(throttle: Throttle) -> None:
    """Who guesses, and logs in rightly now and then, is no further than without that."""
    fail(throttle, 29)
    for _ in range(5):
        throttle.forgive(throttle.admit("mallory", _OFFICE))
    throttle.admit("guessed", _OFFICE)
    assert waits(throttle.admit("lima", _OFFICE))
    assert not waits(throttle.admit("lima", "192.0.2.2"))


def test_a_right_password_makes_others_at_the_address_wait_no_longer(
    throttle: Throttle, clock: ManualClock
) -> None:
    """When somebody guessed there before, and the wait for that is over."""
    fail(throttle, 30)
    clock.advance(1)
    throttle.forgive(throttle.admit("lima", _OFFICE))
    assert not waits(throttle.admit("mia", _OFFICE))


def test_a_wrong_password_beside_a_right_one_counts(throttle: Throttle, clock: ManualClock) -> None:
    """Also when it comes while the right one is still looked at."""
    fail(throttle, 28)
    right = throttle.admit("lima", _OFFICE)
    clock.advance(0.1)
    throttle.admit("guessed", _OFFICE)
    throttle.forgive(right)
    throttle.admit("guessed", _OFFICE)
    clock.advance(0.95)
    assert waits(throttle.admit("mia", _OFFICE))
    clock.advance(0.1)
    assert not waits(throttle.admit("mia", _OFFICE))


def test_many_guesses_at_once_do_not_slip_past(throttle: Throttle) -> None:
    """All are counted before the first password is looked at."""
    ready, found = threading.Barrier(12), []

    def guess() -> None:
        ready.wait()
        found.append(throttle.admit("lima", _OFFICE))

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [waits(attempt) for attempt in found].count(False) == 5


def test_each_way_in_is_counted_by_itself(throttle: Throttle, clock: ManualClock) -> None:
    """A telephone that asks on with an old password, all day long, shuts nobody out of the form."""
    for _ in range(96):
        throttle.admit("lima", _OFFICE, way="basic")
        clock.advance(900)
    throttle.admit("lima", _OFFICE, way="basic")
    assert waits(throttle.admit("lima", _OFFICE, way="basic"))
    assert not waits(throttle.admit("lima", _OFFICE))
