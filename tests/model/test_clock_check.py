"""The machine's clock, compared with what platforms and PostgreSQL say the time is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread, current_thread

import pytest

from publisher.ledger.database import Database
from publisher.model import clock_check
from publisher.model.clock_check import DATABASE, ClockCheck, Inquiry
from tests.support.clock import ManualClock

HOUR = 3600.0


@pytest.fixture
def check(clock: ManualClock) -> ClockCheck:
    return ClockCheck(clock, clock.monotonic)


def hear(check: ClockCheck, clock: ManualClock, source: str, off: float = 0.0) -> None:
    """A source tells a time that is ahead of the clock by so many seconds, whole ones as it
    does.
    """
    told = clock.now() + timedelta(seconds=off)
    check.heard_from(source)(told.replace(microsecond=0), 0.1)


@pytest.mark.parametrize("off", [0, 1, -1, 5, -5])
def test_a_clock_is_right_that_is_off_by_no_more_than_an_answer_can_tell(
    check: ClockCheck, clock: ManualClock, off: float
) -> None:
    """A `Date` has whole seconds, and an answer is on its way for a while."""
    hear(check, clock, "X", off)
    assert check.trouble() is None


@pytest.mark.parametrize(
    ("by", "words"),
    [(7200, "2 h ahead"), (20, "20 s ahead"), (-20, "20 s behind"), (-HOUR, "1 h behind")],
)
def test_a_clock_that_is_set_wrong_is_told_from_an_answer_of_hours_ago(
    check: ClockCheck, clock: ManualClock, by: float, words: str
) -> None:
    """Since the answer, time has passed by a clock that nobody can set."""
    hear(check, clock, "X")
    clock.advance(3 * HOUR)
    assert check.trouble() is None
    clock.set(by)
    assert f"is {words}" in str(check.trouble())
    clock.set(-by)
    assert check.trouble() is None


def test_a_post_that_a_wrong_clock_keeps_is_tried_again_by_the_right_time(
    check: ClockCheck, clock: ManualClock
) -> None:
    """By the wrong one it would wait for hours once that is right again."""
    hear(check, clock, "X")
    clock.set(7200)
    objection = check.objection()
    assert objection
    assert objection.again_at
    true_now = clock.now() - timedelta(hours=2)
    assert abs(objection.again_at - true_now - timedelta(seconds=10)) < timedelta(seconds=2)


def test_a_time_in_years_to_come_puts_no_post_off_until_then(
    check: ClockCheck, clock: ManualClock
) -> None:
    """If it is our clock that is behind, it jumps past that instant once it is right."""
    check.heard_from("X")(datetime(2099, 1, 1, tzinfo=UTC), 0.1)
    objection = check.objection()
    assert objection
    assert objection.again_at == clock.now() + timedelta(seconds=10)


def test_who_tells_the_time_hears_how_wrong_our_clock_is(
    check: ClockCheck, clock: ManualClock
) -> None:
    """Not that it is, while another platform, or its own word of a moment ago, says otherwise."""
    of_x, of_facebook = check.heard_from("X"), check.heard_from("Facebook")

    def told() -> datetime:
        return clock.now() - timedelta(hours=1)

    assert of_x(told(), 0.0) == timedelta(seconds=HOUR - 1)
    assert of_x(clock.now(), 0.0) is None
    assert of_x(told(), 0.0) is None
    assert of_x(told(), 0.0) == timedelta(seconds=HOUR - 1)
    assert of_facebook(clock.now(), 0.0) is None
    clock.advance(60)
    assert of_x(told(), 0.0) is None
    clock.set(HOUR)
    assert of_facebook(told(), 0.0) == timedelta(seconds=HOUR - 1)


def test_one_platform_that_tells_a_wrong_time_stops_nothing_while_another_tells_the_right_one(
    check: ClockCheck, clock: ManualClock
) -> None:
    hear(check, clock, "X", off=HOUR)
    assert check.trouble()
    hear(check, clock, "Facebook")
    assert check.trouble() is None


def test_what_a_platform_said_wrongly_ends_with_its_next_answer(
    check: ClockCheck, clock: ManualClock
) -> None:
    hear(check, clock, "X", off=-HOUR)
    assert check.trouble()
    hear(check, clock, "X")
    assert check.trouble() is None


def test_a_platform_is_believed_before_the_database(check: ClockCheck, clock: ManualClock) -> None:
    """PostgreSQL may be on this very machine, and as wrong."""
    hear(check, clock, DATABASE, off=20)
    assert check.trouble()
    hear(check, clock, "X")
    assert check.trouble() is None
    hear(check, clock, DATABASE)
    hear(check, clock, "X", off=20)
    assert check.trouble()


def test_an_answer_that_took_long_tells_nothing(check: ClockCheck, clock: ManualClock) -> None:
    """Nobody knows when in those seconds its time was written."""
    check.heard_from("X")(clock.now() - timedelta(seconds=15), 15.0)
    assert check.trouble() is None


def test_postgresql_tells_its_own_time(postgres_url: str) -> None:
    """That of its clock, not that of the beginning of a transaction, and in UTC."""
    database = Database(postgres_url)
    try:
        first, second = database.time(), database.time()
    finally:
        database.close()
    assert first < second
    assert first.utcoffset() == timedelta(0)


class Others:
    """Who are asked for the time: they have the right one, while they answer."""

    def __init__(self, check: ClockCheck, true_time: Callable[[], datetime]) -> None:
        self.answers, self.asked = True, 0
        self._heard, self._true_time = check.heard_from("X"), true_time

    def ask(self) -> None:
        self.asked += 1
        if self.answers:
            self._heard(self._true_time().replace(microsecond=0), 0.1)


def test_the_platforms_are_asked_first_and_while_the_clock_is_wrong(
    check: ClockCheck, clock: ManualClock
) -> None:
    """Nothing is sent meanwhile, so that no other answer would tell that it is right again."""
    error = timedelta(0)
    others = Others(check, lambda: clock.now() - error)
    inquiry = Inquiry(check, others.ask, None, clock.monotonic)

    def look_for(seconds: int) -> None:
        for _second in range(seconds):
            inquiry.look()
            clock.advance(1)

    look_for(60)
    assert others.asked == 1
    clock.set(HOUR)
    error = timedelta(seconds=HOUR)
    look_for(20)
    assert 5 <= others.asked <= 12
    assert check.trouble()
    # It was the hour before that was wrong: a machine that was restored from a snapshot, say.
    error = timedelta(0)
    look_for(5)
    assert check.trouble() is None


def test_who_does_not_answer_is_asked_less_and_less_often(
    check: ClockCheck, clock: ManualClock
) -> None:
    others = Others(check, clock.now)
    others.answers = False
    inquiry = Inquiry(check, others.ask, None, clock.monotonic)
    for _second in range(600):
        inquiry.look()
        clock.advance(1)
    assert 10 <= others.asked <= 16
    assert check.trouble() is None


def test_who_asks_for_the_time_keeps_no_process_from_its_end(
    check: ClockCheck, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process begins once they were asked, and ends without waiting for the next time."""
    threads: list[Thread] = []
    inquiry = Inquiry(check, lambda: threads.append(current_thread()), None, clock.monotonic)
    stop = Event()
    monkeypatch.setattr(clock_check, "Event", lambda: stop)
    inquiry.start()
    stop.set()
    (thread,) = threads
    assert thread.daemon
    thread.join(10)
