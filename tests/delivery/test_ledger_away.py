"""What a courier does while the ledger is away."""

from datetime import timedelta
from typing import Any

from publisher.base.errors import LedgerUnavailable
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.ledger.worker.attempts import Attempts
from publisher.model.deliveries import Delivery
from publisher.model.states import State
from tests.delivery.scripted import ScriptedChannel, claim_one, courier_of, only
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish


def test_a_ledger_that_is_away_for_a_moment_makes_nothing_late(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    channel: ScriptedChannel,
    clock: ManualClock,
) -> None:
    """The intent is tried again, as long as the instant is near."""

    class Locked(Attempts):
        tries = 0

        def intend(self, delivery: Delivery, *more: Any) -> Delivery | None:
            self.tries += 1
            if self.tries < 3:
                raise LedgerUnavailable
            return super().intend(delivery, *more)

    courier = courier_of(Locked(attempts._database, clock, settle=60), channel, clock)
    due = clock.ahead(1)
    add(ledger, wish(clock, due_in=1))
    courier.deliver(claim_one(dispatch, clock))
    assert channel.sent == [(due, 1)]


def test_what_is_recorded_late_is_on_record_with_the_instant_of_its_answer(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    class Locked(Attempts):
        tries = 0

        def record(self, delivery: Delivery, *more: Any) -> Delivery:
            self.tries += 1
            if self.tries < 20:
                raise LedgerUnavailable
            return super().record(delivery, *more)

    courier = courier_of(Locked(attempts._database, clock, settle=60), channel, clock)
    add(ledger, wish(clock, due_in=0))
    courier.deliver(claim_one(dispatch, clock))
    assert only(queries).state is State.PUBLISHED
    assert only(queries).published_at == channel.sent[0][0]
    assert clock.now() > channel.sent[0][0] + timedelta(seconds=9)
