"""A clock that stands still until a test moves it."""

import math
from datetime import UTC, datetime, timedelta


class ManualClock:
    """Starts on 7 March 2016 at 08:00 UTC; whoever sleeps moves it."""

    speed = 1.0

    def __init__(self) -> None:
        self._now = datetime(2016, 3, 7, 8, tzinfo=UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def ahead(self, machine_seconds: float) -> datetime:
        return self._now + timedelta(seconds=machine_seconds)

    def sleep_until(self, instant: datetime, patience: float = math.inf) -> None:
        if instant > self._now:
            self.advance(min((instant - self._now).total_seconds(), patience))

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set(self, seconds: float) -> None:
        """Set the date forward or, with a negative number, back; no time passes."""
        self._now += timedelta(seconds=seconds)
