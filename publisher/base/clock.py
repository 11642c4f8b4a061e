"""Clocks: the machine's, or a fast one for rehearsals and tests.

Instants are aware datetimes in UTC. Two kinds of time must not be mixed: what people plan (due,
expiry, embargo) runs at the clock's speed; what machines need (time-outs, leases, settling) is in
real seconds. `Clock.ahead` turns the second kind into an instant of the first.

Many processes share a fast clock through a small file, so that the rehearsal can skip an idle time
in all of them at once: see `SharedClock`.
"""

import json
import math
import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from publisher.base import durations
from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _

ENVIRONMENT_VARIABLE = "PUBLISHER_CLOCK"
_LONGEST_NAP = 0.05  # seconds; a shared clock may jump during a sleep
_TOLERANCE = 2.0
"""Real seconds by which a clock may deviate before it counts as set."""
_YEARS = range(1970, 9001)
"""Years in which a clock may begin, so that no calculated instant is outside the calendar."""
_FASTEST = 1_000_000
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_NUMBER = re.compile(r"(?<!\d)(\d++)([dhms])")
_LONGEST_DURATION = 40  # characters
_DURATION = re.compile(r"(?:\d+[dhms])+")


class Clock(Protocol):
    """A clock: gives the time, and waits for an instant."""

    @property
    def speed(self) -> float:
        """Seconds of this clock per real second."""

    def now(self) -> datetime:
        """The instant, in UTC."""

    def ahead(self, machine_seconds: float) -> datetime:
        """The instant that this clock shows after this many real seconds."""

    def sleep_until(self, instant: datetime, patience: float = math.inf) -> None:
        """Return at `instant` or just after it, never before.

        Except when `patience` real seconds have passed and the instant has not come, because the
        clock was set back meanwhile.
        """

    def monotonic(self) -> float:
        """A monotonic time in real seconds, independent of the system's date."""


class SystemClock:
    """The machine's own clock."""

    speed = 1.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def ahead(self, machine_seconds: float) -> datetime:
        return self.now() + timedelta(seconds=machine_seconds)

    def sleep_until(self, instant: datetime, patience: float = math.inf) -> None:
        end = self.monotonic() + patience
        while (remaining := (instant - self.now()).total_seconds()) > 0:
            if (left := end - self.monotonic()) <= 0:
                return
            time.sleep(min(remaining, left, 1.0))

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a fast clock showed at one real instant (both in seconds since 1970)."""

    instant: float
    real: float
    speed: float

    def at(self, real: float) -> float:
        return self.instant + (real - self.real) * self.speed


class FastClock:
    """A clock that started at some instant and runs `speed` times as fast as the machine's."""

    def __init__(self, start: datetime, speed: float, real: float | None = None) -> None:
        self._reading = _Reading(start.timestamp(), time.time() if real is None else real, speed)

    def _read(self) -> _Reading:
        return self._reading

    @property
    def speed(self) -> float:
        return self._read().speed

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._read().at(time.time()), UTC)

    def ahead(self, machine_seconds: float) -> datetime:
        reading = self._read()
        return datetime.fromtimestamp(reading.at(time.time() + machine_seconds), UTC)

    def sleep_until(self, instant: datetime, patience: float = math.inf) -> None:
        end = self.monotonic() + patience
        while (remaining := (instant - self.now()).total_seconds() / self.speed) > 0:
            if (left := end - self.monotonic()) <= 0:
                return
            time.sleep(min(remaining, left, _LONGEST_NAP))

    def monotonic(self) -> float:
        return time.monotonic()


class SharedClock(FastClock):
    """A fast clock whose reading is in a file, for all processes of one rehearsal."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._read()

    @classmethod
    def create(cls, path: Path, start: datetime, speed: float) -> "SharedClock":
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, _Reading(start.timestamp(), time.time(), speed))
        return cls(path)

    def jump_to(self, instant: datetime) -> None:
        """Set the clock to `instant` in all processes. A clock never goes back."""
        if instant > self.now():
            _write(self._path, _Reading(instant.timestamp(), time.time(), self.speed))

    def _read(self) -> _Reading:
        status = self._path.stat()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            content = json.loads(self._path.read_text())
            self._reading = _Reading(content["instant"], content["real"], content["speed"])
            self._stamp = stamp
        return self._reading


class Watch:
    """Detects whether a clock was set since the watch began."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun = clock.now(), clock.monotonic()

    def was_set(self) -> bool:
        """Whether the clock moved differently from real time; also after the machine slept."""
        instant, second = self._begun
        by_clock = (self._clock.now() - instant).total_seconds() / self._clock.speed
        return abs(by_clock - (self._clock.monotonic() - second)) > _TOLERANCE


def _write(path: Path, reading: _Reading) -> None:
    new = path.with_name(f"{path.name}.{os.getpid()}")
    told = {"instant": reading.instant, "real": reading.real, "speed": reading.speed}
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(told, file)
    new.replace(path)


def from_environment() -> Clock:
    """The clock from PUBLISHER_CLOCK, or the machine's.

    Its value is `INSTANT@SPEED` (`2016-03-07T08:00:00+01:00@600`; without `@`, speed 1) or
    `file:PATH`, a shared clock that another process made.
    """
    wish = os.environ.get(ENVIRONMENT_VARIABLE, "").strip()
    if not wish:
        return SystemClock()
    if wish.startswith("file:"):
        try:
            return SharedClock(Path(wish.removeprefix("file:")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = _(
                "{variable} names a clock that cannot be read: {problem}",
                variable=ENVIRONMENT_VARIABLE,
                problem=error,
            )
            hint = _("Unset it, or start `publisher rehearse`, which makes such a clock itself.")
            raise ConfigurationError(message, hint=hint) from error
    text, __, speed = wish.partition("@")
    try:
        start, factor = datetime.fromisoformat(text), float(speed or 1)
        if start.tzinfo is None or start.year not in _YEARS or not 0 < factor <= _FASTEST:
            raise ValueError(wish)
    except ValueError:
        message = _(
            "{variable} is {wish!r}, which is not an instant with an offset and a speed.",
            variable=ENVIRONMENT_VARIABLE,
            wish=wish,
        )
        hint = _(
            "Write it like 2016-03-07T08:00:00+01:00@600. The year is one from {first} to "
            "{last}, and the speed at most {fastest}.",
            first=_YEARS.start,
            last=_YEARS.stop - 1,
            fastest=f"{_FASTEST:,}",
        )
        raise ConfigurationError(message, hint=hint) from None
    return FastClock(start, factor)


def parse_duration(text: str) -> timedelta:
    """`45m`, `1h30m`, `2d`, `20s` as a timedelta; ValueError for anything else."""
    if len(text) > _LONGEST_DURATION:
        text = f"{text[:_LONGEST_DURATION]}…"
    if not _DURATION.fullmatch(text):
        if near := durations.spelled(text):
            raise ValueError(_("{text!r} is not a duration; write {near}", text=text, near=near))
        raise ValueError(_("{text!r} is not a duration; write it like 45m, 1h30m or 2d", text=text))
    seconds = sum(int(n) * _UNITS[unit] for n, unit in _NUMBER.findall(text))
    if seconds > 100 * 365 * 86400:
        raise ValueError(_("{text!r} is longer than a century", text=text))
    return timedelta(seconds=seconds)


def duration_text(duration: timedelta) -> str:
    """A duration of whole seconds, above zero, as `parse_duration` reads it: `1h30m`, `2d`."""
    left, text = int(duration.total_seconds()), ""
    for unit, seconds in _UNITS.items():
        number, left = divmod(left, seconds)
        text += f"{number}{unit}" if number else ""
    return text
