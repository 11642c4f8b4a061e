"""What a person just decided is taken back only while it is as they left it."""

import threading
from datetime import datetime, timedelta

import pytest

from publisher.base.errors import LedgerBusy, NotPermitted, NotPossible
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.approvals import Approvals, digest
from publisher.ledger.manager.post_holds import Holds
from publisher.ledger.manager.rights import Rights
from publisher.ledger.manager.undo import Undo
from publisher.ledger.reading.queries import Queries
from publisher.ledger.transitions import Conflict
from publisher.model.accounts import ApprovalRule
from publisher.model.deliveries import Claim, Delivery
from publisher.model.states import State
from publisher.model.timing import UNDO
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = pytest.mark.each_database


def _rule(account: str) -> ApprovalRule:
    return ApprovalRule(required=account != "bice-site")


@pytest.fixture
def approvals(database: Database, clock: ManualClock) -> Approvals:
    return Approvals(database, clock, _rule)


@pytest.fixture
def holds(database: Database, clock: ManualClock) -> Holds:
    return Holds(database, clock, _rule)


@pytest.fixture
def undo(database: Database, clock: ManualClock) -> Undo:
    return Undo(database, clock, _rule)


@pytest.fixture
def waiting(ledger: Ledger, queries: Queries, clock: ManualClock) -> Delivery:
    add(ledger, wish(clock, due_in=600, state=State.AWAITING_APPROVAL, author="redaction"))
    return only(queries)


def only(queries: Queries) -> Delivery:
    (found,) = queries.deliveries()
    return found


def approve(approvals: Approvals, delivery: Delivery, actor: str = "direction") -> Delivery:
    seen = {delivery.id: digest(delivery)}
    (approved,) = approvals.approve([delivery.post], None, actor, seen)
    return approved


def reject(approvals: Approvals, delivery: Delivery, reason: str = "no") -> Delivery:
    (rejected,) = approvals.reject([delivery.post], None, "direction", reason)
    return rejected


def take_back(undo: Undo, left: Delivery, clock: ManualClock, actor: str = "direction") -> Delivery:
    since = clock.now() - timedelta(seconds=60)
    (now,) = undo.take_back({left.id: left.version}, actor, since)
    return now


def test_an_approval_is_taken_back_and_the_post_does_not_go_out(
    undo: Undo, approvals: Approvals, waiting: Delivery, clock: ManualClock, dispatch: Dispatch
) -> None:
    approved = approve(approvals, waiting)
    assert undo.possible([approved], "direction") == {approved.id: approved.version}
    clock.advance(9)
    now = take_back(undo, approved, clock)
    assert (now.state, now.approved_by, now.approved_digest) == (
        State.AWAITING_APPROVAL, None, None,
    )  # fmt: skip
    clock.advance(700)
    assert dispatch.claim(clock.ahead(2), clock.ahead(30), 10) == []


def test_it_is_on_record(
    undo: Undo, approvals: Approvals, waiting: Delivery, queries: Queries, clock: ManualClock
) -> None:
    take_back(undo, approve(approvals, waiting), clock)
    events = [(step.event, step.actor) for step in queries.history(waiting.post)]
    assert events[-2:] == [("approved", "direction"), ("approval taken back", "direction")]


def test_a_rejection_is_taken_back(
    undo: Undo, approvals: Approvals, waiting: Delivery, clock: ManualClock
) -> None:
    now = take_back(undo, reject(approvals, waiting), clock)
    assert (now.state, now.reason) == (State.AWAITING_APPROVAL, None)


def test_an_approval_that_a_rejection_made_void_does_not_come_back(
    undo: Undo, approvals: Approvals, waiting: Delivery, clock: ManualClock
) -> None:
    """Whoever takes the rejection back may not be who approved."""
    approve(approvals, waiting, "chef")
    now = take_back(undo, reject(approvals, waiting), clock)
    assert (now.state, now.approved_by) == (State.AWAITING_APPROVAL, None)


def test_what_needs_no_approval_goes_out_after_a_rejection_is_taken_back(
    undo: Undo, approvals: Approvals, ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, account="bice-site", channel="site"))
    assert take_back(undo, reject(approvals, only(queries)), clock).state is State.SCHEDULED


def test_what_was_rejected_before_is_rejected_again_for_the_same_reason(
    undo: Undo, approvals: Approvals, waiting: Delivery, clock: ManualClock
) -> None:
    """Its author keeps it, whether it was approved by mistake or rejected once more."""
    before = reject(approvals, waiting, "the figure is old")
    now = take_back(undo, approve(approvals, before), clock)
    assert (now.state, now.reason) == (State.REJECTED, before.reason)
    now = take_back(undo, reject(approvals, now, "and this"), clock)
    assert (now.state, now.reason) == (State.REJECTED, before.reason)


@pytest.mark.parametrize("is_approved", [True, False])
def test_a_hold_is_taken_back(
    undo: Undo, approvals: Approvals, holds: Holds, waiting: Delivery, clock: ManualClock, is_approved: bool
) -> None:  # fmt: skip
    """Unlike after a rejection the approval is still good: nothing that it covers changed."""
    before = approve(approvals, waiting) if is_approved else waiting
    (held,) = holds.hold(waiting.post, None, "direction", "wait")
    now = take_back(undo, held, clock)
    assert (now.state, now.manual_hold, now.reason) == (before.state, None, None)


def test_a_hold_that_others_had_set_before_stays(
    undo: Undo, holds: Holds, waiting: Delivery, queries: Queries, clock: ManualClock
) -> None:
    holds.hold(waiting.post, None, "chef", "the family asks")
    (held,) = holds.hold(waiting.post, None, "direction", "wait")
    assert undo.possible([held], "direction") == {}
    with pytest.raises(NotPossible):
        take_back(undo, held, clock)
    assert only(queries).state is State.HELD


def refused(undo: Undo, left: Delivery, clock: ManualClock, actor: str = "direction") -> str:
    with pytest.raises(NotPossible) as refusal:
        take_back(undo, left, clock, actor)
    return str(refusal.value)


def test_nobody_takes_back_what_another_decided(
    undo: Undo, approvals: Approvals, waiting: Delivery, queries: Queries, clock: ManualClock
) -> None:
    approved = approve(approvals, waiting)
    assert undo.possible([approved], "chef") == {}
    assert "has changed since" in refused(undo, approved, clock, "chef")
    assert only(queries).state is State.SCHEDULED
    assert take_back(undo, approved, clock, "DIRECTION").state is State.AWAITING_APPROVAL


def test_what_has_changed_since_is_not_taken_back(
    undo: Undo,
    approvals: Approvals,
    holds: Holds,
    waiting: Delivery,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """Also where it is approved again by now, by the same person."""
    approved = approve(approvals, waiting)
    reject(approvals, approved)
    assert "has changed since" in refused(undo, approved, clock)
    again = approve(approvals, only(queries))
    assert "has changed since" in refused(undo, approved, clock)
    holds.hold(waiting.post, None, "chef", "wait")
    assert "has changed since" in refused(undo, again, clock)
    assert only(queries).approved_by == "direction"


def test_it_is_refused_after_a_while(
    undo: Undo, approvals: Approvals, waiting: Delivery, clock: ManualClock
) -> None:
    approved = approve(approvals, waiting)
    clock.advance(61)
    assert "too long ago" in refused(undo, approved, clock)


def test_of_several_all_or_none_is_taken_back(
    undo: Undo, approvals: Approvals, ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    for name in ("a.fr", "b.fr"):
        add(ledger, wish(clock, name, due_in=600, state=State.AWAITING_APPROVAL))
    left = [approve(approvals, one, "chef") for one in queries.deliveries()]
    versions = {one.id: one.version for one in left}
    reject(approvals, left[1])
    with pytest.raises(NotPossible):
        undo.take_back(versions, "chef", clock.now())
    assert [one.state for one in queries.deliveries()] == [State.SCHEDULED, State.REJECTED]


def test_who_has_no_right_any_more_takes_nothing_back(
    database: Database, approvals: Approvals, waiting: Delivery, clock: ManualClock
) -> None:
    from publisher.auth.users import People, Rank  # noqa: PLC0415 - Argon2, for this test alone

    approved = approve(approvals, waiting)
    People(database, clock).add("direction", Rank.STAFF, "plough wicker ostrich")
    with pytest.raises(NotPermitted):
        take_back(Undo(database, clock, _rule, Rights(lambda _account: None)), approved, clock)


def claimed(dispatch: Dispatch, clock: ManualClock, due_at: datetime) -> list[Claim]:
    clock.sleep_until(due_at - timedelta(seconds=2))
    return dispatch.claim(clock.ahead(4), clock.ahead(30), 10)


@pytest.mark.parametrize("is_sending", [False, True])
def test_what_a_worker_has_in_hand_is_taken_back_until_it_is_being_sent(
    undo: Undo,
    approvals: Approvals,
    ledger: Ledger,
    queries: Queries,
    dispatch: Dispatch,
    attempts: OneByOne,
    clock: ManualClock,
    is_sending: bool,
) -> None:
    """A worker has it seconds before its time: its claim is void then, and nothing leaves."""
    add(ledger, wish(clock, due_in=20, state=State.AWAITING_APPROVAL))
    approved = approve(approvals, only(queries), "chef")
    (claim,) = claimed(dispatch, clock, approved.due_at)
    taken = attempts.take(claim)
    assert taken
    if is_sending:
        assert attempts.intend(taken, clock.now(), clock.ahead(30))
        assert "on its way or out" in refused(undo, approved, clock, "chef")
        assert only(queries).state is State.PUBLISHING
    else:
        assert take_back(undo, approved, clock, "chef").state is State.AWAITING_APPROVAL
        assert only(queries).lease_until is None
        with pytest.raises(Conflict):
            attempts.intend(taken, clock.now(), clock.ahead(30))


@pytest.mark.parametrize("due_in", [-3600, 0, 9])
def test_what_is_approved_when_it_is_due_waits_until_it_can_no_longer_be_undone(
    approvals: Approvals,
    ledger: Ledger,
    queries: Queries,
    dispatch: Dispatch,
    clock: ManualClock,
    due_in: float,
) -> None:
    """Ten seconds at least, for each of many; what was approved before keeps its time."""
    add(ledger, wish(clock, "before.fr", due_in=20, state=State.AWAITING_APPROVAL))
    before = approve(approvals, only(queries), "chef")
    assert before.send_at == before.due_at
    begun = clock.now()
    for name in ("a.fr", "b.fr"):
        add(ledger, wish(clock, name, due_in, account=name, state=State.AWAITING_APPROVAL))
    waits = approvals.waiting()
    seen = {one.id: digest(one) for one in waits}
    done = approvals.approve_seen(["a.fr", "b.fr"], "chef", seen)
    assert {(one.send_at - begun).total_seconds() for one in done} == {UNDO}
    assert UNDO > 10
    clock.advance(9)
    assert len(dispatch.claim(clock.ahead(2), clock.ahead(30), 10)) == 0
    clock.advance(2)
    assert len(dispatch.claim(clock.ahead(2), clock.ahead(30), 10)) == 2


def test_what_would_expire_while_it_can_be_undone_goes_at_once(
    approvals: Approvals, ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    late = clock.now() + timedelta(seconds=5)
    add(ledger, wish(clock, due_in=0, expires_at=late, state=State.AWAITING_APPROVAL))
    assert approve(approvals, only(queries), "chef").send_at == clock.now()


def test_of_an_undo_and_an_intent_at_one_moment_one_wins(
    undo: Undo,
    approvals: Approvals,
    ledger: Ledger,
    queries: Queries,
    dispatch: Dispatch,
    attempts: OneByOne,
    clock: ManualClock,
) -> None:
    """Either nothing may leave and it waits again, or it is being sent and the undo is refused."""
    for number in range(10):
        name = f"p-{number}.fr"
        add(ledger, wish(clock, name, due_in=1, state=State.AWAITING_APPROVAL))
        (waits,) = queries.deliveries(post=name)
        approved = approve(approvals, waits, "chef")
        (claim,) = dispatch.claim(clock.ahead(15), clock.ahead(30), 10)
        taken = attempts.take(claim)
        assert taken
        barrier = threading.Barrier(2)
        undone: list[bool] = []
        sent: list[bool] = []

        def undoing(
            left: Delivery = approved, at: threading.Barrier = barrier, said: list[bool] = undone
        ) -> None:
            at.wait()
            try:
                take_back(undo, left, clock, "chef")
                said.append(True)
            except NotPossible:
                said.append(False)

        def intending(
            held: Delivery = taken, at: threading.Barrier = barrier, said: list[bool] = sent
        ) -> None:
            at.wait()
            try:
                said.append(bool(attempts.intend(held, clock.ahead(12), clock.ahead(30))))
            except (Conflict, LedgerBusy):
                said.append(False)

        threads = [threading.Thread(target=act) for act in (undoing, intending)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (after,) = queries.deliveries(post=name)
        assert undone == [after.state is State.AWAITING_APPROVAL]
        assert sent == [after.state is State.PUBLISHING and after.intent_at is not None]
        assert undone != sent
