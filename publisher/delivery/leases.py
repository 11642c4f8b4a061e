"""Leases: how long a worker may keep a delivery."""

from dataclasses import dataclass
from datetime import timedelta

from publisher.ledger.worker.intents import INTENT_LIFE

LOOK_AHEAD = 15.0
"""Real seconds before its instant at which a delivery is claimed and prepared."""
EARLY = LOOK_AHEAD + 6.0
"""A worker keeps a delivery that is at most this many real seconds early: its clock may be behind
the dispatcher's.
"""
_MARGIN = 5.0  # real seconds that a lease outlasts the slowest request


@dataclass(frozen=True, slots=True)
class Leases:
    """The lengths of a worker's leases, in real seconds."""

    claimed: float
    """From the claim until it begins to prepare or, where there is nothing to prepare, until its
    intent: a dead worker's delivery is due again then."""
    preparing: float
    sending: float
    reading: float

    @property
    def longest(self) -> float:
        return max(self.claimed, self.preparing, self.sending, self.reading)

    @classmethod
    def for_timeout(cls, request_timeout: timedelta) -> "Leases":
        """Leases that outlast requests which may take `request_timeout`."""
        request = request_timeout.total_seconds()
        return cls(
            claimed=LOOK_AHEAD + 15.0,
            preparing=10 * request + _MARGIN,  # pictures, their alt texts, an unpublished post
            sending=INTENT_LIFE + request + _MARGIN,
            reading=3 * request + _MARGIN,
        )
