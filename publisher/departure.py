"""The last moment before a post leaves: its request is made, signed and connected, and only waits."""

from collections.abc import Callable
from datetime import datetime

from publisher.channels.base import Leave, NotDeparted
from publisher.clock import Clock
from publisher.gate import Gate
from publisher.ledger.attempts import INTENT_LIFE, Attempts
from publisher.models import Delivery

_INTENT_AHEAD = 0.5
"""Real seconds between the intent and the instant: time for a commit that many posts share."""


class Departure:
    """Called by a channel when a request is ready to leave; see `channels.base.Depart`.

    It writes the intent, and lets the request leave at the instant. Called once more for the same
    request, because its connection had to be made anew, it only asks whether it may still leave.
    """

    def __init__(
        self,
        attempts: Attempts,
        clock: Clock,
        gate: Gate,
        delivery: Delivery,
        lease: Callable[[], datetime],
    ) -> None:
        """`lease` gives the end of a lease that begins now and outlasts the request."""
        self._attempts = attempts
        self._clock = clock
        self._gate = gate
        self._lease = lease
        self._deadline = 0.0
        self.delivery = delivery
        """As the ledger has it, as far as this worker knows."""
        self.is_intended = False
        """Whether the intent is on record: without it nothing has left."""

    def __call__(self, leave: Leave) -> None:
        send_at = self.delivery.leaves_at
        if not self.is_intended:
            self._intend(send_at)
        self._gate.go(send_at, self.delivery.account, lambda: self._leave_if_it_may(leave))

    def _leave_if_it_may(self, leave: Leave) -> None:
        lease_until = self.delivery.lease_until
        is_over = lease_until is None or self._clock.now() >= lease_until
        if is_over or self._clock.monotonic() > self._deadline:
            # This process was frozen, or the whole machine slept, which only the date shows; others
            # may believe by now that it died while sending. If they do, the ledger raises Moved.
            raise NotDeparted
        leave()

    def _intend(self, send_at: datetime) -> None:
        ahead = self._clock.ahead(_INTENT_AHEAD) - self._clock.now()
        self._clock.sleep_until(send_at - ahead)
        self._deadline = self._clock.monotonic() + INTENT_LIFE
        intended = self._attempts.intend(self.delivery, send_at, self._lease())
        if intended is None:
            raise NotDeparted
        self.delivery, self.is_intended = intended, True
