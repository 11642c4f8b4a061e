"""Claiming what is due, and ending what is over."""

import threading

import pytest

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.model.deliveries import Claim, Delivery
from publisher.model.outcomes import Accepted, AccountSuspended, Deferred, Kind, Refused
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards("publisher.ledger.dispatcher.due_queries"),
]

_LEASE = 30.0


def claim(dispatch: Dispatch, clock: ManualClock, limit: int = 100) -> list[Claim]:
    return dispatch.claim(clock.ahead(2), clock.ahead(_LEASE), limit)


def only(queries: Queries) -> Delivery:
    (delivery,) = queries.deliveries()
    return delivery


def test_claims_what_falls_due_within_the_horizon_earliest_first(
    ledger: Ledger, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, "late", 1.5), wish(clock, "early", 1), wish(clock, "later", 60))
    claims = claim(dispatch, clock)
    by_id = {delivery.id: delivery for delivery in queries.deliveries()}
    assert [by_id[c.delivery].post for c in claims] == ["early", "late"]
    assert by_id[claims[0].delivery].state is State.PUBLISHING


def test_no_delivery_is_claimed_twice_by_many_at_once(
    ledger: Ledger, database: Database, clock: ManualClock
) -> None:
    add(ledger, *(wish(clock, f"post-{n}", 0, texts=(f"{n}",)) for n in range(60)))
    claims: list[Claim] = []

    def work() -> None:
        dispatch = Dispatch(database, clock, settle=60)
        while taken := claim(dispatch, clock, limit=7):
            claims.extend(taken)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) == len({c.delivery for c in claims}) == 60


def test_a_thousand_of_one_account_leave_hands_for_another_accounts_one(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, queries: Queries, clock: ManualClock
) -> None:
    many = (wish(clock, f"post-{n}", 0, texts=(f"{n}",)) for n in range(150))
    add(ledger, *many, wish(clock, "theirs", due_in=0.5, account="bice-page"))

    def claimed() -> list[Delivery]:
        ids = {one.delivery for one in claim(dispatch, clock, limit=120)}
        return [delivery for delivery in queries.deliveries() if delivery.id in ids]

    first = claimed()
    assert len(first) == 101
    assert [one.post for one in first if one.account == "bice-page"] == ["theirs"]
    assert claimed() == []
    attempts.record(first[0], Deferred(Kind.UNAVAILABLE, "503"), clock.ahead(_LEASE))
    assert len(claimed()) == 1


def test_accounts_are_claimed_by_turns(
    ledger: Ledger, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    """A worker with few threads takes what comes first."""
    many = (wish(clock, f"post-{n}", 0, texts=(f"{n}",)) for n in range(3))
    add(ledger, *many, wish(clock, "theirs", due_in=0.5, account="bice-page"))
    accounts = {delivery.id: delivery.account for delivery in queries.deliveries()}
    claimed = [accounts[one.delivery] for one in claim(dispatch, clock)]
    assert claimed == ["bice-x", "bice-page", "bice-x", "bice-x"]


def test_the_backlog_of_one_account_hides_no_other(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, queries: Queries, clock: ManualClock
) -> None:
    """However much of it is overdue, and while some of it ends between two looks."""
    many = (wish(clock, f"post-{n}", 0, texts=(f"{n}",)) for n in range(150))
    add(ledger, *many, wish(clock, "theirs", due_in=0.5, account="bice-page"))
    first = claim(dispatch, clock, limit=20)
    taken = attempts.take(first[0])
    assert taken
    attempts.record(taken, Refused(Kind.CONTENT, "No."), clock.ahead(_LEASE))
    ids = {one.delivery for one in claim(dispatch, clock, limit=100)}
    posts = [delivery.post for delivery in queries.deliveries() if delivery.id in ids]
    assert "theirs" in posts
    assert len(posts) == 100 - 19 + 1


def test_a_released_claim_is_due_again_and_the_old_claim_worthless(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=1))
    claims = claim(dispatch, clock)
    dispatch.release(claims)
    assert only(queries).state is State.SCHEDULED
    assert attempts.take(claims[0]) is None
    (again,) = claim(dispatch, clock)
    assert attempts.take(claims[0]) is None, "another worker has it now"
    assert attempts.take(again)


def test_a_paused_account_is_not_claimed_until_it_is_resumed(
    ledger: Ledger, control: Control, dispatch: Dispatch, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=1), wish(clock, due_in=1, account="bice-page"))
    control.pause("bice-x", "crise", "direction")
    assert len(claim(dispatch, clock)) == 1
    control.pause(None, "crise", "direction")
    control.resume("bice-x", "direction")
    assert claim(dispatch, clock) == []
    control.resume(None, "direction")
    assert len(claim(dispatch, clock)) == 1


def test_a_held_account_is_claimed_again_when_its_hold_is_over(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=1), wish(clock, "another", due_in=1))
    delivery = attempts.take(claim(dispatch, clock, limit=1)[0])
    assert delivery is not None
    held = AccountSuspended(Kind.RATE_LIMIT, "Too many posts.", until=clock.ahead(100))
    attempts.record(delivery, held, clock.ahead(_LEASE))
    assert claim(dispatch, clock) == []
    clock.advance(101)
    assert len(claim(dispatch, clock)) == 1


def test_what_fell_due_during_a_hold_goes_out_in_order_and_not_in_a_burst(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock
) -> None:
    """Each when the one before it has its answer; what falls due later keeps its time."""
    names = [f"post-{number}" for number in range(5)]
    add(ledger, *(wish(clock, name, due_in=1 + n) for n, name in enumerate(names)))
    add(ledger, wish(clock, "later", due_in=102))
    delivery = attempts.take(claim(dispatch, clock, limit=1)[0])
    assert delivery is not None
    held = AccountSuspended(Kind.RATE_LIMIT, "Too many posts.", until=clock.ahead(100))
    attempts.record(delivery, held, clock.ahead(_LEASE))
    clock.advance(101)
    order = []
    while claims := claim(dispatch, clock):
        taken = [delivery for delivery in map(attempts.take, claims) if delivery]
        assert claim(dispatch, clock) == [], "the next ones wait for the answer"
        for delivery in taken:
            intended = attempts.intend(delivery, clock.now(), clock.ahead(_LEASE))
            assert intended is not None
            attempts.record(intended, Accepted(delivery.post), clock.ahead(_LEASE))
        order.append([delivery.post for delivery in taken])
    assert order == [["post-0", "later"], ["post-1"], ["post-2"], ["post-3"], ["post-4"]]


def test_what_is_past_its_expiry_is_missed_and_not_claimed(
    ledger: Ledger, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=1))
    clock.advance(4 * 3600 + 1)
    assert dispatch.expire() == 1
    assert claim(dispatch, clock) == []
    missed = only(queries)
    assert (missed.state, missed.error_kind) == (State.MISSED, Kind.EXPIRED)


def test_more_than_a_batch_expires_in_one_call(
    ledger: Ledger, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, *(wish(clock, f"post-{n}", 0, texts=(f"{n}",)) for n in range(450)))
    clock.advance(5 * 3600)
    assert dispatch.expire() == 450
    assert queries.counts() == {State.MISSED: 450}


def test_a_lease_that_ran_out_before_the_intent_makes_the_delivery_due_again(
    ledger: Ledger, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=1))
    claim(dispatch, clock)
    assert dispatch.reap() == 0
    clock.advance(_LEASE + 1)
    assert dispatch.reap() == 1
    assert only(queries).state is State.SCHEDULED


def test_a_lease_that_ran_out_after_the_intent_leaves_the_outcome_unknown(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=1))
    delivery = attempts.take(claim(dispatch, clock)[0])
    assert delivery is not None
    attempts.intend(delivery, clock.now(), clock.ahead(_LEASE))
    clock.advance(_LEASE + 1)
    dispatch.reap()
    uncertain = only(queries)
    assert (uncertain.state, uncertain.error_kind) == (State.UNCERTAIN, Kind.UNKNOWN_OUTCOME)
    assert uncertain.intent_at is not None


def test_what_would_be_past_its_expiry_is_not_claimed_again(
    ledger: Ledger, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    """A worker dies again and again; in the end the post is missed, and says so."""
    add(ledger, wish(clock, due_in=0))
    claim(dispatch, clock)
    clock.advance(5 * 3600)
    dispatch.reap()
    assert claim(dispatch, clock) == []
    dispatch.expire()
    assert only(queries).state is State.MISSED
