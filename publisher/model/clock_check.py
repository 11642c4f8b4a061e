"""Clock check: compares this machine's clock with the time that other machines report.

With a wrong clock, posts go out early and their signatures are refused. So each answer of a
platform, whose `Date` header has the time to the second, and PostgreSQL's clock are stored as
readings. A reading stays valid for hours: the time since then is measured by a clock that cannot be
set.

The platforms are trusted more than the database, which may be on this same machine. The clock
counts as wrong only while all platforms that answered say so: one of them may be wrong itself.
"""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Lock, Thread

import structlog

from publisher.base.clock import Clock
from publisher.base.errors import ClockWrong, PublisherError
from publisher.base.i18n import _
from publisher.model.outcomes import Deferred, Kind

TOLERANCE = timedelta(seconds=5)
"""The largest difference that is ignored: a platform reports whole seconds, and an answer takes up
to two.
"""
DATABASE = "PostgreSQL"
_CLEAR = 2.0
"""The longest answer, in real seconds, whose time is precise enough."""
_AGAIN = timedelta(seconds=10)
"""The time until a retry of a post that was not sent because of a wrong clock."""
_STANDS = 30.0
"""Real seconds for which a reading that the clock is right outweighs the next answer."""
_FRESH = 3600.0  # real seconds; no request is made while a reading is younger
_FRESH_OF_DATABASE = 15.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # real seconds between two requests without an answer
_FIRST_PATIENCE = 12.0  # real seconds that a process waits before it publishes anything
_LOOK = 0.5  # real seconds between two checks whether to ask
_WRONG_PAUSE = 2.0  # real seconds between two requests while the clock is wrong

log = structlog.get_logger()

Heard = Callable[[datetime, float], timedelta | None]
"""A function of another machine's time and the real seconds that its answer took. Returns how far
our clock is ahead by all readings (negative: behind); None while no reading contradicts it, or if
it was right by the readings just before.
"""


def unheard(_told: datetime, _took: float) -> None:
    """No clock check: ignore the time, and assume that our clock is right."""


def boot_seconds() -> float:
    """A clock in real seconds that runs while the machine sleeps, and cannot be set."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@dataclass(frozen=True, slots=True)
class _Reading:
    """The range of the true time at a given real second."""

    earliest: datetime
    latest: datetime
    at: float

    def ahead(self, now: datetime, second: float) -> timedelta:
        """How far a clock that shows `now` is at least ahead; negative: behind."""
        passed = timedelta(seconds=second - self.at)
        nothing = timedelta(0)
        if now > self.latest + passed:
            return now - self.latest - passed
        return min(now - self.earliest - passed, nothing)


class ClockCheck:
    """The clock check of one process. Thread-safe."""

    def __init__(self, clock: Clock, seconds: Callable[[], float] = boot_seconds) -> None:
        self._clock = clock
        self._seconds = seconds
        self._lock = Lock()
        self._readings: dict[str, _Reading] = {}
        """By the source's name, in order; replaced as a whole, and so read without a lock."""

    def heard_from(self, source: str) -> Heard:
        """A function that stores the time from a source; each answer replaces the one before.

        Answers that took too long are ignored.
        """

        def heard(told: datetime, took: float) -> timedelta | None:
            was_right = self.age() < _STANDS and self.ahead() is None
            if took <= _CLEAR:
                self._keep(source, told, took)
            return None if was_right else self.ahead()

        return heard

    def _keep(self, source: str, told: datetime, took: float) -> None:
        coarse = timedelta(seconds=0 if source == DATABASE else 1)
        latest = told + coarse + timedelta(seconds=took)
        with self._lock:
            kept = {**self._readings, source: _Reading(told, latest, self._seconds())}
            self._readings = dict(sorted(kept.items()))

    def ahead(self) -> timedelta | None:
        """How far the clock is ahead, negative: behind; None while no fault is known."""
        found = self._wrong()
        return None if found is None else found[1]

    def trouble(self) -> ClockWrong | None:
        """The error about the clock; None while no fault is known."""
        found = self._wrong()
        if found is None:
            return None
        source, ahead, __ = found
        return ClockWrong(_message(source, ahead))

    def objection(self) -> Deferred | None:
        """The outcome for a post while the clock is wrong; None while it is not.

        It is tried again soon by the slower clock: ours, which jumps past that instant when it is
        corrected, or that of the others, who may have reported a time years in the future.
        """
        found = self._wrong()
        if found is None:
            return None
        source, ahead, now = found
        behind = now - max(ahead, timedelta(0))
        return Deferred(Kind.CLOCK, _message(source, ahead), again_at=behind + _AGAIN)

    def _wrong(self) -> tuple[str, timedelta, datetime] | None:
        """The source, how far the clock is ahead, and its time; None while it is not wrong."""
        readings = self._readings
        platforms = {name: reading for name, reading in readings.items() if name != DATABASE}
        # The clock last: if this thread is paused in between, the clock seems ahead, which is
        # checked again.
        second = self._seconds()
        now = self._clock.now()
        found = [(n, r.ahead(now, second)) for n, r in (platforms or readings).items()]
        if not found or any(abs(ahead) <= TOLERANCE for _name, ahead in found):
            return None
        source, ahead = found[0]
        return source, ahead, now

    def age(self, *, of_database: bool = False) -> float:
        """Real seconds since the newest reading of a platform or the database, or infinity."""
        told = [r.at for name, r in self._readings.items() if (name == DATABASE) is of_database]
        return self._seconds() - max(told, default=float("-inf"))


class Inquiry:
    """Asks others for the time, in a thread: at the start, when the clock seems wrong, and hourly.

    While the clock is wrong nothing is sent, so no other answer would show that it is right again.
    """

    def __init__(
        self,
        check: ClockCheck,
        ask_platforms: Callable[[], None],
        ask_database: Callable[[], None] | None,
        seconds: Callable[[], float] = boot_seconds,
    ) -> None:
        """The functions that ask. A source that does not answer is skipped; the database may raise
        LedgerUnavailable.
        """
        self._check = check
        self._ask_platforms = ask_platforms
        self._ask_database = ask_database
        self._seconds = seconds
        self._pause = _FIRST_PAUSE
        self._ask_at = float("-inf")
        self._has_asked = Event()

    def start(self) -> None:
        """Start the thread, a daemon, and wait a little for the first answers."""
        Thread(target=self.run, args=(Event(),), name="clock", daemon=True).start()
        self._has_asked.wait(_FIRST_PATIENCE)

    def run(self, stop: Event) -> None:
        """Ask when it is due, until `stop` is set."""
        while not stop.is_set():
            try:
                self.look()
            except PublisherError:
                pass  # the ledger is away, which other parts report
            except Exception:
                log.exception("nobody could be asked for the time")
                stop.wait(_LONGEST_PAUSE)
            self._has_asked.set()
            stop.wait(_LOOK)

    def look(self) -> None:
        """Ask now, if it is due."""
        is_wrong = self._check.trouble() is not None
        if self._ask_database and (
            is_wrong or self._check.age(of_database=True) > _FRESH_OF_DATABASE
        ):
            self._ask_database()
        is_due = self._seconds() >= self._ask_at
        if is_due and (self._check.trouble() or self._check.age() > _FRESH):
            self._ask_platforms()
            answered = self._check.age() <= _FRESH
            self._pause = _FIRST_PAUSE if answered else min(2 * self._pause, _LONGEST_PAUSE)
            self._ask_at = self._seconds() + (_WRONG_PAUSE if answered else self._pause)


def _message(source: str, ahead: timedelta) -> str:
    values = {
        "host": socket.gethostname(),
        "difference": in_words(ahead),
        "source": source,
    }
    if ahead > timedelta(0):
        return _(
            "The clock of {host} is {difference} ahead of {source}. Nothing is sent until it is "
            "right again.",
            **values,
        )
    return _(
        "The clock of {host} is {difference} behind {source}. Nothing is sent until it is right "
        "again.",
        **values,
    )


def told_of(host: str, ahead: timedelta) -> str:
    """The message that a host's clock is wrong, and how."""
    values = {"host": host, "difference": in_words(ahead)}
    if ahead > timedelta(0):
        return _("The clock of {host} is {difference} ahead.", **values)
    return _("The clock of {host} is {difference} behind.", **values)


def in_words(difference: timedelta) -> str:
    """A difference without its sign: `45 s`, `3 min`, `2 h 5 min`; rounded to what is known."""
    seconds = 5 * round(abs(difference).total_seconds() / 5)
    if seconds < 120:
        return f"{seconds} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    return " ".join(parts)
