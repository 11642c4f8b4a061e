"""Records: outcomes into the ledger, also while it is away for a moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import structlog

from publisher.base.clock import Clock
from publisher.base.errors import LedgerUnavailable, PublisherError, StorageError
from publisher.delivery.leases import Leases
from publisher.ledger.worker.attempts import Attempts, Written
from publisher.ledger.worker.results import Result
from publisher.model.clock_check import ClockCheck
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Outcome, Unknown
from publisher.model.states import State

_LEDGER_PAUSE = 0.5  # real seconds between two tries to write while the ledger is away
log = structlog.get_logger()


class Attempted(NamedTuple):
    """What came of an attempt to record outcomes."""

    going_on: list[Delivery]
    """Threads that go on with their next part."""
    left: list[tuple[Delivery, Outcome]]
    """To be tried again."""
    problem: PublisherError | None
    """Why some are left."""


class Records:
    """Records what came of deliveries."""

    def __init__(
        self, attempts: Attempts, clock: Clock, leases: Leases, check: ClockCheck | None = None
    ) -> None:
        """`check` says whether the clock is wrong; None: it is always right."""
        self._attempts = attempts
        self._clock = clock
        self._leases = leases
        self._check = check

    def record(
        self, outcomes: Sequence[tuple[Delivery, Outcome]], answered_at: datetime | None = None
    ) -> list[Delivery]:
        """Record outcomes; returns the threads that go on with their next part.

        `answered_at`: when they were known; None: just now. Raises the ledger's error when it is
        away for too long.
        """
        answered_at = answered_at or self._clock.now()
        give_up = self._clock.monotonic() + self._leases.sending
        tried = self.attempt(outcomes, answered_at)
        going_on = tried.going_on
        while tried.problem:
            if self._clock.monotonic() > give_up:
                log.warning("not recorded", outcomes=[outcome for _delivery, outcome in tried.left])
                raise tried.problem
            self._clock.sleep_until(self._clock.ahead(_LEDGER_PAUSE), _LEDGER_PAUSE)
            tried = self.attempt(tried.left, answered_at)
            going_on += tried.going_on
        return going_on

    def attempt(
        self, outcomes: Sequence[tuple[Delivery, Outcome]], answered_at: datetime
    ) -> Attempted:
        """Record what the ledger takes at once.

        An unknown outcome is not recorded while the clock is wrong: its time to settle would be
        wrong too. When the lease ends, a dispatcher whose clock is right records it.
        """
        is_wrong = self._check is not None and self._check.trouble() is not None
        known = [one for one in outcomes if not (is_wrong and isinstance(one[1], Unknown))]
        written = self._written(known, answered_at) if known else []
        return Attempted(
            [one for one in written if isinstance(one, Delivery) and goes_on(one)],
            [p for p, one in zip(known, written, strict=True) if isinstance(one, PublisherError)],
            next((one for one in written if isinstance(one, PublisherError)), None),
        )

    def _written(
        self, outcomes: Sequence[tuple[Delivery, Outcome]], answered_at: datetime
    ) -> Sequence[Written]:
        lease_until = self._clock.ahead(self._leases.sending)
        try:
            return self._attempts.record_all(
                [Result(*pair, lease_until, answered_at) for pair in outcomes]
            )
        except (LedgerUnavailable, StorageError) as away:
            return [away] * len(outcomes)


def goes_on(delivery: Delivery) -> bool:
    """Whether the worker still has it, with parts left."""
    return delivery.state is State.PUBLISHING
