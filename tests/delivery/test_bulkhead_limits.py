"""Whatever goes to a platform keeps to its lane: looking, taking down and clearing away as well."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any, cast

from publisher.channels.base import Channel
from publisher.delivery.bulkhead import Lanes
from publisher.delivery.cleanup import Clearing
from publisher.delivery.reconcile import Reconciler
from publisher.delivery.withdraw import Withdrawal
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.consent_holds import Safeguards
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.orphans import Orphans
from publisher.ledger.reading.queries import Queries
from publisher.ledger.reconciliation import Doubts
from publisher.ledger.worker.attempts import Attempts
from publisher.model.deliveries import Claim, Delivery, Prepared
from publisher.model.outcomes import Absent, Accepted, Outcome, Sighting, Unknown
from publisher.model.states import State
from tests.delivery.test_bulkhead import Hanging
from tests.support.clock import ManualClock
from tests.support.waiting import wait_for
from tests.support.wishes import add, wish

POSTS, THREADS = 6, 3


class HangingChannel:
    """A platform that does not answer until it is let go."""

    def __init__(self) -> None:
        self.hanging = Hanging()

    def withdraw(self, remote_id: str, _prepared: Prepared) -> Outcome:
        self.hanging()
        return Accepted(remote_id)

    def clear(self, *_of_it: object) -> Prepared:
        self.hanging()
        return Prepared()

    def find(self, *_of_it: object) -> Sighting:
        self.hanging()
        return Absent()


def sent(
    ledger: Ledger, dispatch: Dispatch, attempts: Attempts, clock: ManualClock, outcome: Outcome
) -> list[Delivery]:
    """Posts of as many accounts, and what came of them."""
    posts = [wish(clock, f"{n}", 0, account=f"account-{n}", texts=(f"{n}",)) for n in range(POSTS)]
    add(ledger, *posts)
    lease, made = clock.ahead(60), []
    for claim in dispatch.claim(clock.now(), lease, POSTS):
        delivery = attempts.take(claim)
        assert delivery
        laid = attempts.checkpoint(delivery, Prepared(leftovers=(f"of {delivery.id}",)), lease)
        intended = attempts.intend(laid, clock.now(), lease)
        assert intended
        made.append(attempts.record(intended, outcome, lease))
    return made


def leave_a_thread(channel: HangingChannel, act: Callable[[Claim], None], claims: Any) -> None:
    """Another platform's work finds a thread, and all is done in the end."""
    with ThreadPoolExecutor(THREADS) as hands:
        for claim in claims:
            hands.submit(act, claim)
        wait_for(lambda: channel.hanging.begun == THREADS - 1)
        hands.submit(lambda: None).result(timeout=20)
        channel.hanging.let_go.set()


def test_withdrawing_leaves_a_thread(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    control: Control,
    database: Database,
    queries: Queries,
    clock: ManualClock,
) -> None:
    channel, withdrawals = HangingChannel(), Withdrawals(database, clock)
    withdrawal = Withdrawal(
        control,
        withdrawals,
        Safeguards(database, clock),
        lambda _account: nullcontext(cast("Channel", channel)),
        Lanes(THREADS - 1),
    )
    for number, delivery in enumerate(sent(ledger, dispatch, attempts, clock, Accepted("7"))):
        assert delivery.state is State.PUBLISHED, number
        withdrawals.begin(delivery, "manager", "wrong")
    clock.advance(61)
    leave_a_thread(channel, withdrawal.go_on, withdrawals.claim(clock.ahead(60), POSTS))
    assert queries.counts() == {State.WITHDRAWN: POSTS}


def test_clearing_away_leaves_a_thread(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    control: Control,
    database: Database,
    queries: Queries,
    clock: ManualClock,
) -> None:
    channel, leftovers = HangingChannel(), Orphans(database, clock)
    clearing = Clearing(
        leftovers, lambda _account: nullcontext(cast("Channel", channel)), Lanes(THREADS - 1)
    )
    for delivery in sent(ledger, dispatch, attempts, clock, Unknown("No answer.")):
        control.cancel(delivery.post, None, "manager", "wrong")
        control.retry(delivery.post, None, "manager")
    clock.advance(1000)
    leave_a_thread(channel, clearing.clear, leftovers.claim(clock.ahead(60), POSTS))
    assert all(not delivery.prepared.stays for delivery in queries.deliveries())


def test_what_waited_for_longer_than_its_lease_is_read_once(
    ledger: Ledger, dispatch: Dispatch, attempts: Attempts, database: Database, clock: ManualClock
) -> None:
    """Readings that nobody waits for any more would keep those that count waiting."""
    channel, lanes, doubts = HangingChannel(), Lanes(1), Doubts(database, clock)
    reconciler = Reconciler(
        doubts, lambda _account: nullcontext(cast("Channel", channel)), None, lanes
    )
    sent(ledger, dispatch, attempts, clock, Unknown("No answer."))
    other = Hanging()
    with ThreadPoolExecutor(THREADS) as hands:
        hands.submit(lanes.run, "twitter", other)
        wait_for(lambda: other.begun == 1)
        for _round in range(4):
            clock.advance(70)
            claims = doubts.claim(clock.ahead(65), POSTS)
            assert len(claims) == POSTS
            for claim in claims:
                hands.submit(reconciler.reconcile, claim).result(timeout=20)
        channel.hanging.let_go.set()
        other.let_go.set()
    assert channel.hanging.begun == POSTS
