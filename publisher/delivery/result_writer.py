"""Result writer: writes what came of deliveries into the ledger, also while that is away."""

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


class DeliveryOutcome(NamedTuple):
    """What came of a delivery."""

    delivery: Delivery
    outcome: Outcome
    at: datetime | None = None
    """When the answer came; None: just now."""


class Attempted(NamedTuple):
    """What came of an attempt to write outcomes."""

    going_on: list[Delivery]
    """Threads that go on with their next part."""
    left: list[DeliveryOutcome]
    """To be tried again."""
    problem: PublisherError | None
    """Why some are left."""


class ResultWriter:
    """Writes the outcomes of deliveries."""

    def __init__(
        self, attempts: Attempts, clock: Clock, leases: Leases, check: ClockCheck | None = None
    ) -> None:
        """`check` says whether the clock is wrong; None: it is always right."""
        self._attempts = attempts
        self._clock = clock
        self._leases = leases
        self._check = check

    def write(self, *outcomes: DeliveryOutcome) -> list[Delivery]:
        """Write outcomes; returns the threads that go on with their next part.

        Raises the ledger's error when it is away for too long.
        """
        give_up = self._clock.monotonic() + self._leases.sending
        tried = self.attempt(outcomes)
        going_on = tried.going_on
        while tried.problem:
            if self._clock.monotonic() > give_up:
                log.warning("not recorded", outcomes=[known.outcome for known in tried.left])
                raise tried.problem
            self._clock.sleep_until(self._clock.ahead(_LEDGER_PAUSE), _LEDGER_PAUSE)
            tried = self.attempt(tried.left)
            going_on += tried.going_on
        return going_on

    def attempt(self, outcomes: Sequence[DeliveryOutcome]) -> Attempted:
        """Write what the ledger takes at once.

        An unknown outcome is not written while the clock is wrong: its time to settle would be
        wrong too. When the lease ends, a dispatcher whose clock is right does it.
        """
        now = self._clock.now()
        is_wrong = self._check is not None and self._check.trouble() is not None
        known: list[DeliveryOutcome] = []
        for one in outcomes:
            if is_wrong and isinstance(one.outcome, Unknown):
                log.info("left to its lease: the clock is wrong", delivery=one.delivery.id)
            else:
                known.append(one._replace(at=one.at or now))
        written = self._written(known, now) if known else []
        for recorded in written:
            if isinstance(recorded, Delivery):
                note(recorded)
        return Attempted(
            [one for one in written if isinstance(one, Delivery) and _goes_on(one)],
            [k for k, one in zip(known, written, strict=True) if isinstance(one, PublisherError)],
            next((one for one in written if isinstance(one, PublisherError)), None),
        )

    def _written(self, outcomes: Sequence[DeliveryOutcome], now: datetime) -> Sequence[Written]:
        lease_until = self._clock.ahead(self._leases.sending)
        try:
            return self._attempts.record_all(
                [Result(one.delivery, one.outcome, lease_until, one.at or now) for one in outcomes]
            )
        except (LedgerUnavailable, StorageError) as away:
            return [away] * len(outcomes)


def note(delivery: Delivery) -> None:
    """Log what became of a delivery, which the ledger has on record."""
    error = {"error": str(delivery.error_kind)} if delivery.error_kind else {}
    log.info(
        "recorded", state=str(delivery.state), post=delivery.post, account=delivery.account, **error
    )


def _goes_on(delivery: Delivery) -> bool:
    """Whether the worker still has it, with parts left."""
    return delivery.state is State.PUBLISHING
