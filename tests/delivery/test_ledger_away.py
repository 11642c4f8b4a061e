"""What a courier, and who looks for what is uncertain, do while the ledger is away."""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta

import pytest

from publisher.base.errors import LedgerUnavailable
from publisher.delivery.reconcile import Reconciler
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.ledger.worker.attempts import Written
from publisher.ledger.worker.intents import Intent
from publisher.ledger.worker.results import Result
from publisher.model.outcomes import Unknown
from publisher.model.states import State
from tests.delivery.scripted import ScriptedChannel, claim_one, courier_of, only
from tests.support.clock import ManualClock
from tests.support.delivering import AnyKeys, OneByOne, lanes, never
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.delivery.reconcile")


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


def test_what_is_looked_for_meanwhile_stays_as_it_is_until_another_worker_looks(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: object) -> None:
        raise LedgerUnavailable

    add(ledger, wish(clock, due_in=0))
    channel.answers = [Unknown("No answer.")]
    courier_of(attempts, channel, clock).deliver([claim_one(dispatch, clock)])
    clock.sleep_until(only(queries).next_check_at)
    doubts = Doubts(attempts._database, clock)
    (claim,) = doubts.claim(clock.ahead(65), 9)
    claimed = only(queries)
    monkeypatch.setattr(Doubts, "ids_of_others", away)
    Reconciler(doubts, lambda _: nullcontext(channel), AnyKeys(), lanes(), never).reconcile(claim)
    assert only(queries) == claimed
