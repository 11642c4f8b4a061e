"""Whatever goes to a platform keeps to its lane: looking, taking down and clearing away as well."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import cast

import pytest

from publisher.channels.base import Channel
from publisher.delivery.cleanup import Clearing
from publisher.delivery.reconcile import Reconciler
from publisher.delivery.threads import Lanes, Threads
from publisher.delivery.withdraw import Withdrawal
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.orphans import Orphans
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity.after_restore import face
from publisher.ledger.manager.consent_holds import Safeguards
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.reading.queries import Queries
from publisher.model.deliveries import Claim, Delivery, Parcel, Prepared
from publisher.model.outcomes import Absent, Accepted, Outcome, Sighting, Unknown
from publisher.model.states import State
from tests.delivery.hands import Hands, Hanging
from tests.support.clock import ManualClock
from tests.support.delivering import AnyKeys, OneByOne, never
from tests.support.waiting import wait_for
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.delivery.reconcile")

POSTS, WIDTH = 6, 4


class Platform:
    """A platform that answers for one account, and for the other not until it is let go."""

    def __init__(self) -> None:
        self.hanging = Hanging()
        self.answered = 0

    def channel_of(self, account: str) -> AbstractContextManager[Channel]:
        return nullcontext(cast("Channel", _Asking(self, account)))

    def ask(self, account: str) -> None:
        if account == "hangs":
            self.hanging()
        else:
            self.answered += 1


@dataclass
class _Asking:
    platform: Platform
    account: str

    def withdraw(self, remote_id: str, _prepared: Prepared) -> Outcome:
        self.platform.ask(self.account)
        return Accepted(remote_id)

    def clear(self, *_of_it: object) -> Prepared:
        self.platform.ask(self.account)
        return Prepared()

    def find(self, *_of_it: object) -> Sighting:
        self.platform.ask(self.account)
        return Absent()


def sent(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    clock: ManualClock,
    outcome: Callable[[Delivery], Outcome],
) -> list[Delivery]:
    """Posts of the account that hangs and one of the other, and what came of them."""
    accounts = [*["hangs"] * POSTS, "answers"]
    posts = [
        wish(clock, f"{n}", 0, account=name, texts=(f"{n}",)) for n, name in enumerate(accounts)
    ]
    add(ledger, *posts)
    lease, made = clock.ahead(60), []
    for claim in dispatch.claim(clock.now(), lease, len(posts)):
        delivery = attempts.take(claim)
        assert delivery
        laid = attempts.checkpoint(delivery, Prepared(leftovers=(f"of {delivery.id}",)), lease)
        intended = attempts.intend(laid, clock.now(), lease)
        assert intended
        made.append(attempts.record(intended, outcome(intended), lease))
    return made


def unknown(_delivery: Delivery) -> Outcome:
    return Unknown("No answer.")


def leave_a_thread(
    platform: Platform, act: Callable[[Claim], None], claims: Sequence[Claim]
) -> None:
    """The other account's work is done meanwhile, and all of it in the end."""
    assert len(claims) == POSTS + 1
    for claim in claims:
        act(claim)
    wait_for(lambda: platform.answered)
    wait_for(lambda: platform.hanging.begun == WIDTH)
    assert platform.hanging.ended == 0
    platform.hanging.let_go.set()


def test_looking_leaves_a_thread(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, database: Database, clock: ManualClock
) -> None:
    platform, doubts = Platform(), Doubts(database, clock)
    sent(ledger, dispatch, attempts, clock, unknown)
    clock.advance(70)
    with Hands() as hands:
        reconciler = Reconciler(doubts, platform.channel_of, AnyKeys(), Lanes(hands), never)
        leave_a_thread(platform, reconciler.reconcile, doubts.claim(clock.ahead(65), 9))
    assert platform.hanging.ended == POSTS


def test_withdrawing_leaves_a_thread(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    control: Control,
    database: Database,
    queries: Queries,
    clock: ManualClock,
) -> None:
    platform, withdrawals = Platform(), Withdrawals(database, clock)
    for delivery in sent(ledger, dispatch, attempts, clock, lambda one: Accepted(f"{one.id}")):
        assert delivery.state is State.PUBLISHED
        withdrawals.begin(delivery, "manager", "wrong")
    clock.advance(61)
    with Hands() as hands:
        withdrawal = Withdrawal(
            control,
            withdrawals,
            Safeguards(database, clock),
            platform.channel_of,
            AnyKeys(),
            Lanes(hands),
        )
        leave_a_thread(platform, withdrawal.go_on, withdrawals.claim(clock.ahead(60), 9))
    assert queries.counts() == {State.WITHDRAWN: POSTS + 1}


def test_clearing_away_leaves_a_thread(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    control: Control,
    database: Database,
    queries: Queries,
    clock: ManualClock,
) -> None:
    platform, leftovers = Platform(), Orphans(database, clock)
    for delivery in sent(ledger, dispatch, attempts, clock, unknown):
        control.cancel(delivery.post, None, "manager", "wrong")
        control.retry(delivery.post, None, "manager")
    clock.advance(1000)
    with Hands() as hands:
        clearing = Clearing(leftovers, platform.channel_of, AnyKeys(), Lanes(hands))
        leave_a_thread(platform, clearing.clear, leftovers.claim(clock.ahead(60), 9))
    assert all(not delivery.prepared.stays for delivery in queries.deliveries())


@dataclass
class Later(Threads):
    """What threads would do is done when the test says so."""

    waiting: list[Callable[[], None]] = field(default_factory=list)

    def start(self, run: Callable[[], None]) -> None:
        self.waiting.append(run)

    def work(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


def test_what_waited_for_longer_than_its_lease_is_read_once(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, database: Database, clock: ManualClock
) -> None:
    """Readings that nobody waits for any more would keep those that count waiting."""
    platform, doubts, threads = Platform(), Doubts(database, clock), Later()
    platform.hanging.let_go.set()
    reconciler = Reconciler(doubts, platform.channel_of, AnyKeys(), Lanes(threads), never)
    sent(ledger, dispatch, attempts, clock, unknown)
    for _round in range(4):
        clock.advance(70)
        claims = doubts.claim(clock.ahead(65), 9)
        assert len(claims) == POSTS + 1
        for claim in claims:
            reconciler.reconcile(claim)
    threads.work()
    assert (platform.hanging.begun, platform.answered) == (POSTS, 1)


@pytest.mark.parametrize("posts", [2, POSTS])
def test_what_a_lost_ledger_may_have_published_is_looked_for_one_by_one(
    ledger: Ledger, database: Database, clock: ManualClock, posts: int
) -> None:
    """One reading of the account tells of all; and it keeps no thread from what was just sent."""

    @dataclass
    class Reading(_Asking):
        def find(self, *of_it: object) -> Sighting:
            read.append(cast("Parcel", of_it[0]).post)
            self.platform.ask(self.account)
            return Absent()

    platform, doubts, read = Platform(), Doubts(database, clock), list[str]()
    lost = [wish(clock, f"{n}", 1, account="hangs", texts=(f"{n}",)) for n in range(posts)]
    add(ledger, *(post.model_copy(update={"repeat": True}) for post in lost))
    clock.advance(3600)
    face(database, clock, "manager")
    with Hands() as hands:
        lanes = Lanes(hands)
        reconciler = Reconciler(
            doubts,
            lambda account: nullcontext(cast("Channel", Reading(platform, account))),
            AnyKeys(),
            lanes,
            never,
        )
        for claim in doubts.claim(clock.ahead(65), 9):
            reconciler.reconcile(claim)
        wait_for(lambda: platform.hanging.begun == 1)
        lanes.start("hangs", lambda: read.append("just sent"))
        wait_for(lambda: "just sent" in read)
        assert len(read) == 2
        platform.hanging.let_go.set()
    assert sorted(read) == [*map(str, range(posts)), "just sent"]
