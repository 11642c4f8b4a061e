"""What a channel read lately: kept a moment for those that can be told by the same reading."""

from typing import Generic, TypeVar

from publisher.base.clock import Clock

KEPT = 30.0
"""Real seconds."""

Read = TypeVar("Read")


class Lately(Generic[Read]):
    """The last reading of one channel."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0.0
        self._read: Read | None = None

    def keep(self, read: Read) -> Read:
        """Keep what was read just now, or what came instead."""
        self._read, self._until = read, self._clock.monotonic() + KEPT
        return read

    @property
    def read(self) -> Read | None:
        """What was kept; None when that is too long ago."""
        if self._clock.monotonic() >= self._until:
            self._read = None
        return self._read
