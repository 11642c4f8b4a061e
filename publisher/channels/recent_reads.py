"""Cache of a channel's last reading, for deliveries that the same reading can resolve."""

from typing import Generic, TypeVar

from publisher.base.clock import Clock

KEPT = 30.0
"""How long a reading is cached, in real seconds."""

Read = TypeVar("Read")


class Lately(Generic[Read]):
    """The cached last reading of one channel."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0.0
        self._read: Read | None = None

    def keep(self, read: Read) -> Read:
        """Cache a new reading, or its failure."""
        self._read, self._until = read, self._clock.monotonic() + KEPT
        return read

    @property
    def read(self) -> Read | None:
        """The cached reading; None when it is too old."""
        if self._clock.monotonic() >= self._until:
            self._read = None
        return self._read
