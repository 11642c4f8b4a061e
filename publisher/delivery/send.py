"""Sending a prepared request: writes the intent, waits for the instant, lets the request leave."""

from collections.abc import Callable
from datetime import datetime

from publisher.base.clock import Clock
from publisher.base.errors import LedgerUnavailable, StorageError
from publisher.channels.base import Leave, NotDeparted
from publisher.delivery.gate import Gate
from publisher.ledger.worker.attempts import Attempts
from publisher.ledger.worker.intents import INTENT_LIFE
from publisher.model.clock_check import ClockCheck
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Deferred

_INTENT_AHEAD = 0.5
"""Real seconds between the intent and the instant: time for a group commit of many posts."""
_LONGEST_WAIT = 15.0
"""The longest wait for an instant, in real seconds: a delivery comes at most ten seconds early, so
a longer wait means that the clock was set back.
"""
_LEDGER_PAUSE = 0.2  # real seconds between two attempts to write it while the ledger is away


class Departure:
    """Called by a channel when a request is ready to leave; see `channels.base.Depart`.

    It writes the intent, and lets the request leave at the instant. When it is called again for the
    same request, because its connection had to be opened again, it only checks whether it may still
    leave.
    """

    def __init__(
        self,
        attempts: Attempts,
        clock: Clock,
        gate: Gate,
        delivery: Delivery,
        lease: Callable[[], datetime],
        check: ClockCheck | None = None,
    ) -> None:
        """`lease` returns the end of a lease that begins now and outlasts the request; `check` says
        whether the clock is wrong.
        """
        self._attempts = attempts
        self._clock = clock
        self._gate = gate
        self._lease = lease
        self._check = check
        self._deadline = 0.0
        self.delivery = delivery
        """As the ledger has it, as far as this worker knows."""
        self.is_early = False
        """Whether its instant did not come, because the clock was set back."""
        self.is_intended = False
        """Whether the intent is on record: without it nothing has left."""
        self.objection: Deferred | None = None
        """Why it did not leave, where that is a wrong clock."""

    def __call__(self, leave: Leave) -> None:
        send_at = self.delivery.send_at
        if not self.is_intended:
            self._intend(send_at)
        self._gate.go(send_at, self.delivery.account, lambda: self._leave_if_it_may(leave))

    def _leave_if_it_may(self, leave: Leave) -> None:
        now, lease_until = self._clock.now(), self.delivery.lease_until
        expires_at = self.delivery.expires_at
        is_over = lease_until is None or now >= lease_until
        is_past_expiry = expires_at is not None and now > expires_at
        # True if the clock was set back since it woke.
        is_early = now < self.delivery.send_at
        if is_over or is_past_expiry or is_early or self._clock.monotonic() > self._deadline:
            # This process was frozen, or the machine slept, which only the date shows; others may
            # assume by now that it died while sending. If they do, the ledger raises Conflict.
            raise NotDeparted
        self._mind_the_clock()
        leave()

    def _mind_the_clock(self) -> None:
        self.objection = self._check.objection() if self._check else None
        if self.objection:
            raise NotDeparted

    def _intend(self, send_at: datetime) -> None:
        ahead = self._clock.ahead(_INTENT_AHEAD) - self._clock.now()
        self._clock.sleep_until(send_at - ahead, _LONGEST_WAIT)
        if self._clock.now() < send_at - ahead:
            self.is_early = True
            raise NotDeparted
        self._mind_the_clock()
        give_up = self._clock.monotonic() + INTENT_LIFE
        while True:
            self._deadline = self._clock.monotonic() + INTENT_LIFE
            try:
                intended = self._attempts.intend(self.delivery, send_at, self._lease())
                break
            except (LedgerUnavailable, StorageError):
                # If it was written after all, the next attempt raises Conflict.
                if self._clock.monotonic() > give_up:
                    raise
                self._clock.sleep_until(self._clock.ahead(_LEDGER_PAUSE), _LEDGER_PAUSE)
        if intended is None:
            raise NotDeparted
        self.delivery, self.is_intended = intended, True
