"""What a courier does while the ledger is away."""

from collections.abc import Sequence
from datetime import timedelta

from publisher.base.errors import LedgerUnavailable
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.ledger.worker.attempts import Written
from publisher.ledger.worker.intents import Intent
from publisher.ledger.worker.results import Result
from publisher.model.states import State
from tests.delivery.scripted import ScriptedChannel, claim_one, courier_of, only
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish


def test_a_ledger_that_is_away_for_a_moment_makes_nothing_late(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    channel: ScriptedChannel,
    clock: ManualClock,
) -> None:
    """The intent is tried again, as long as the instant is near."""

    class Locked(OneByOne):
        tries = 0

        def intend_all(self, intents: Sequence[Intent]) -> list[Written]:
            self.tries += 1
            if self.tries < 3:
                raise LedgerUnavailable
            return super().intend_all(intents)

    courier = courier_of(Locked(attempts._database, clock, settle=60), channel, clock)
    due = clock.ahead(1)
    add(ledger, wish(clock, due_in=1))
    courier.deliver([claim_one(dispatch, clock)])
    assert channel.sent == [(due, 1)]


def test_what_is_recorded_late_is_on_record_with_the_instant_of_its_answer(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    class Locked(OneByOne):
        tries = 0

        def record_all(self, results: Sequence[Result]) -> list[Written]:
            self.tries += 1
            if self.tries < 20:
                raise LedgerUnavailable
            return super().record_all(results)

    courier = courier_of(Locked(attempts._database, clock, settle=60), channel, clock)
    add(ledger, wish(clock, due_in=0))
    courier.deliver([claim_one(dispatch, clock)])
    assert only(queries).state is State.PUBLISHED
    assert only(queries).published_at == channel.sent[0][0]
    assert clock.now() > channel.sent[0][0] + timedelta(seconds=9)
