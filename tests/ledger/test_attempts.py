"""Intents and outcomes: what a worker writes, and when it must let go."""

from dataclasses import replace

import pytest

from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger, StoredPicture
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.transitions import Conflict
from publisher.model.deliveries import Delivery, Prepared
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Unknown,
)
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards(
        "publisher.ledger.transitions", "publisher.ledger.worker.intents", "publisher.model.states"
    ),
]


@pytest.fixture
def delivery(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock
) -> Delivery:
    """A claimed delivery in a worker's hands, due now, a thread of two parts."""
    add(ledger, wish(clock, due_in=0, texts=("un", "deux")))
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 10)
    taken = attempts.take(claim)
    assert taken is not None
    return taken


def intend(attempts: OneByOne, delivery: Delivery, clock: ManualClock) -> Delivery:
    intended = attempts.intend(delivery, clock.now(), clock.ahead(30))
    assert intended is not None
    return intended


def test_a_thread_is_published_part_by_part(
    attempts: OneByOne, delivery: Delivery, queries: Queries, clock: ManualClock
) -> None:
    first = attempts.record(
        intend(attempts, delivery, clock), Accepted("1", "https://x.com/1"), clock.ahead(30)
    )
    assert (first.state, first.remote_ids) == (State.PUBLISHING, ("1",))
    published_at = clock.now()
    clock.advance(5)
    second = attempts.record(
        intend(attempts, first, clock), Accepted("2", "https://x.com/2"), clock.ahead(30)
    )
    assert (second.state, second.remote_ids) == (State.PUBLISHED, ("1", "2"))
    assert (second.published_at, second.url) == (published_at, "https://x.com/1")
    assert (second.attempts, second.intent_at, second.lease_until) == (1, None, None)
    assert queries.deliveries() == [second]


def test_what_leaves_late_is_in_doubt_from_when_it_left(
    attempts: OneByOne, delivery: Delivery, clock: ManualClock
) -> None:
    """Not from when it was due: the log would date the post to a time at which it was not out."""
    clock.advance(200)
    intended = attempts.intend(delivery, delivery.due_at, clock.ahead(30))
    assert intended is not None
    left_at = clock.now()
    clock.advance(20)
    doubted = attempts.record(intended, Unknown("A time-out."), clock.ahead(30))
    assert doubted.doubt_since == left_at
    found = attempts.record(intended, Accepted("1"), clock.ahead(30))
    assert (found.state, found.published_at) == (State.SCHEDULED, left_at)


@pytest.mark.parametrize(
    ("outcome", "state", "attempted", "kind"),
    [
        (Refused(Kind.CONTENT, "Too long."), State.FAILED, 1, Kind.CONTENT),
        (Deferred(Kind.UNAVAILABLE, "No connection."), State.SCHEDULED, 1, Kind.UNAVAILABLE),
        (AccountSuspended(Kind.AUTH, "Token expired."), State.SCHEDULED, 0, Kind.AUTH),
        (Unknown("No answer."), State.UNCERTAIN, 1, Kind.UNKNOWN_OUTCOME),
    ],
)
def test_every_outcome_has_its_state(
    attempts: OneByOne,
    delivery: Delivery,
    clock: ManualClock,
    outcome: Outcome,
    state: State,
    attempted: int,
    kind: Kind,
) -> None:
    """A hold of the account uses up no attempt of the delivery."""
    after = attempts.record(intend(attempts, delivery, clock), outcome, clock.ahead(30))
    assert (after.state, after.attempts, after.error_kind) == (state, attempted, kind)
    assert after.lease_until is None


def test_what_was_deferred_wakes_later_each_time(
    attempts: OneByOne, dispatch: Dispatch, delivery: Delivery, clock: ManualClock
) -> None:
    waits = []
    for _ in range(3):
        after = attempts.record(
            intend(attempts, delivery, clock), Deferred(Kind.UNAVAILABLE, "Away."), clock.ahead(30)
        )
        waits.append((after.next_check_at - clock.now()).total_seconds())
        clock.sleep_until(after.next_check_at)
        taken = attempts.take(dispatch.claim(clock.now(), clock.ahead(30), 1)[0])
        assert taken is not None
        delivery = taken
    assert waits == [2, 4, 8]


def test_no_intent_is_written_while_the_account_is_paused(
    attempts: OneByOne,
    ledger: Ledger,
    control: Control,
    delivery: Delivery,
    queries: Queries,
    clock: ManualClock,
) -> None:
    control.pause(None, "crise", "direction")
    assert attempts.intend(delivery, clock.now(), clock.ahead(30)) is None
    (stopped,) = queries.deliveries()
    assert (stopped.state, stopped.intent_at) == (State.SCHEDULED, None)


def test_no_intent_is_written_past_the_expiry(
    attempts: OneByOne, delivery: Delivery, queries: Queries, clock: ManualClock
) -> None:
    clock.advance(5 * 3600)
    assert attempts.intend(delivery, clock.now(), clock.ahead(30)) is None
    (missed,) = queries.deliveries()
    assert (missed.state, missed.error_kind) == (State.MISSED, Kind.EXPIRED)


def test_a_worker_whose_lease_was_reaped_can_write_nothing_any_more(
    attempts: OneByOne, dispatch: Dispatch, delivery: Delivery, clock: ManualClock
) -> None:
    """Except that a post is out, which is true whoever says it."""
    intended = intend(attempts, delivery, clock)
    clock.advance(31)
    dispatch.reap()
    for outcome in (
        Unknown("No answer."), Deferred(Kind.UNAVAILABLE, "Away."), Refused(Kind.CONTENT, "No."),
    ):  # fmt: skip
        with pytest.raises(Conflict):
            attempts.record(intended, outcome, clock.ahead(30))
    with pytest.raises(Conflict):
        attempts.checkpoint(intended, Prepared(draft_id="9"), clock.ahead(30))
    with pytest.raises(Conflict):
        attempts.intend(intended, clock.now(), clock.ahead(30))
    late = attempts.record(intended, Accepted("1"), clock.ahead(30))
    assert (late.state, late.remote_ids) == (State.SCHEDULED, ("1",))


def test_a_late_acceptance_changes_nothing_of_what_another_worker_sends_by_now(
    attempts: OneByOne,
    dispatch: Dispatch,
    control: Control,
    delivery: Delivery,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """A person said that it is not out."""
    intended = intend(attempts, delivery, clock)
    attempts.record(intended, Unknown("No answer."), clock.ahead(30))
    control.retry("post.fr", None, "direction")
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    again = attempts.take(claim)
    assert again
    sending = intend(attempts, again, clock)
    with pytest.raises(Conflict):
        attempts.record(intended, Accepted("1"), clock.ahead(30))
    assert queries.deliveries() == [sending]


def test_what_lies_ready_at_the_platform_survives_the_worker(
    attempts: OneByOne, dispatch: Dispatch, delivery: Delivery, clock: ManualClock
) -> None:
    attempts.checkpoint(delivery, Prepared(media_ids={"a": "17"}), clock.ahead(30))
    clock.advance(31)
    dispatch.reap()
    (claim,) = dispatch.claim(clock.now(), clock.ahead(30), 1)
    taken = attempts.take(claim)
    assert taken is not None
    assert taken.prepared.media_ids == {"a": "17"}


def test_pictures_are_kept_by_their_digest(
    ledger: Ledger, attempts: OneByOne, clock: ManualClock
) -> None:
    picture = StoredPicture("d" * 64, "image/png", b"\x89PNG\x00\xff")
    for post in ("one", "two"):
        ledger.apply(
            add=[wish(clock, post)], edit=(), cancel=(),
            pictures={picture.digest: replace(picture)}, actor="redaction",
        )  # fmt: skip
    assert attempts.read_media(picture.digest) == picture.data


def test_an_account_whose_limit_is_used_up_rests_after_what_it_still_took(
    attempts: OneByOne, delivery: Delivery, queries: Queries, clock: ManualClock
) -> None:
    until = clock.ahead(600)
    taken = Accepted("1", suspended_until=until)
    after = attempts.record(intend(attempts, delivery, clock), taken, clock.ahead(30))
    assert after.remote_ids == ("1",)
    (account,) = queries.accounts()
    assert (account.suspended_until, account.suspension_kind) == (until, Kind.RATE_LIMIT)
    assert attempts.intend(after, clock.now(), clock.ahead(30)) is None
