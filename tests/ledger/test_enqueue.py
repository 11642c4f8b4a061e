"""What people ask of the ledger: queue, pause, resume, cancel, retry."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from publisher.base.errors import NoSuchPost, NotPossible
from publisher.ledger import transitions
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.reading.log_pages import Logbook, Wanted
from publisher.ledger.reading.queries import Queries
from publisher.ledger.transitions import Conflict
from publisher.ledger.worker.intents import INTENT_LIFE
from publisher.model.accounts import ApprovalRule
from publisher.model.deliveries import Delivery, Prepared
from publisher.model.outcomes import Accepted, Kind, Refused, Unknown
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards(
        "publisher.ledger.manager.commands",
        "publisher.ledger.manager.operations",
        "publisher.ledger.reading.queries",
        "publisher.ledger.doubts.uncertainty",
    ),
]

Patch = pytest.MonkeyPatch


def _sometimes(number: int, clock: ManualClock) -> datetime | None:
    """What some rows have, and others do not."""
    return clock.ahead(600 + number) if number == 3 else None


def only(queries: Queries) -> Delivery:
    (delivery,) = queries.deliveries()
    return delivery


def send(dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> Delivery:
    """Claim what is due and write the intent."""
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    delivery = attempts.take(claim)
    assert delivery is not None
    intended = attempts.intend(delivery, clock.now(), clock.ahead(30))
    assert intended is not None
    return intended


def test_what_is_queued_is_read_back_as_it_was(
    ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    wanted = wish(clock, texts=("Zażółć gęślą jaźń", "👩‍👧 deux"), author="redaction")
    add(ledger, wanted)
    found = only(queries)
    assert found.content == wanted.content
    assert (found.due_at, found.expires_at) == (wanted.due_at, wanted.expires_at)
    assert (found.state, found.written_by) == (State.SCHEDULED, "redaction")


def test_many_are_added_in_several_statements_all_of_them(
    ledger: Ledger, queries: Queries, database: Database, clock: ManualClock, monkeypatch: Patch
) -> None:
    monkeypatch.setattr("publisher.ledger.enqueue._AT_ONCE", 2)
    wishes = [
        wish(clock, f"post-{number}", embargo_until=_sometimes(number, clock))
        for number in range(5)
    ]
    add(ledger, *wishes)
    found = {delivery.post: delivery for delivery in queries.deliveries()}
    assert {post: delivery.content for post, delivery in found.items()} == {
        one.post: one.content for one in wishes
    }
    for one in wishes:
        assert found[one.post].embargo_until == one.embargo_until
        assert [step.event for step in queries.history(one.post)] == ["queued"]
        found_by_words = Logbook(database).page(Wanted(text=one.post), 9).deliveries
        assert [delivery.post for delivery in found_by_words] == [one.post]
    assert Audit(database, clock).verify().breaks == ()


def test_of_many_none_is_added_when_a_later_statement_fails(
    ledger: Ledger, queries: Queries, clock: ManualClock, monkeypatch: Patch
) -> None:
    monkeypatch.setattr("publisher.ledger.enqueue._AT_ONCE", 2)
    note, calls = transitions.note, list[int]()

    def broken(*given: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise OSError("the disk is full")
        note(*given)

    monkeypatch.setattr("publisher.ledger.enqueue.note", broken)
    with pytest.raises(OSError, match="full"):
        add(ledger, *(wish(clock, f"post-{number}") for number in range(5)))
    assert queries.deliveries() == []


def test_an_embargo_later_than_the_time_decides_when_it_wakes(
    ledger: Ledger, dispatch: Dispatch, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=1, embargo_until=clock.ahead(600)))
    assert dispatch.claim(clock.ahead(2), clock.ahead(30), 1) == []
    clock.advance(599)
    assert len(dispatch.claim(clock.ahead(2), clock.ahead(30), 1)) == 1


def test_an_edit_replaces_what_waits(ledger: Ledger, queries: Queries, clock: ManualClock) -> None:
    before = wish(clock)
    add(ledger, before)
    edited = wish(clock, due_in=120, texts=("Un autre texte",))
    ledger.apply(add=(), edit=[(only(queries), edited)], cancel=(), pictures={}, actor="redaction")
    found = only(queries)
    assert (found.content, found.due_at, found.attempts) == (edited.content, edited.due_at, 0)
    last = queries.history("post.fr")[-1]
    assert last.detail["text"] == {"from": ["Le texte de post.fr"], "to": ["Un autre texte"]}
    times = {"from": before.due_at.isoformat(), "to": edited.due_at.isoformat()}
    assert last.detail["due_at"] == times


def test_a_plan_that_was_overtaken_writes_nothing_at_all(
    ledger: Ledger, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=1))
    seen = only(queries)
    dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    with pytest.raises(Conflict):
        ledger.apply(
            add=[wish(clock, "another")], edit=[(seen, wish(clock, texts=("x",)))],
            cancel=(), pictures={}, actor="redaction",
        )  # fmt: skip
    assert [d.post for d in queries.deliveries()] == ["post.fr"]


def test_every_step_is_in_the_history_with_who_made_it(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=0))
    attempts.record(send(dispatch, attempts, clock), Accepted("1"), clock.ahead(30))
    steps = queries.history("post.fr")
    assert [(s.event, s.source, s.target, s.actor) for s in steps] == [
        ("queued", None, State.SCHEDULED, "redaction"),
        ("claimed", State.SCHEDULED, State.PUBLISHING, "publisher"),
        ("sending", State.PUBLISHING, State.PUBLISHING, "publisher"),
        ("published", State.PUBLISHING, State.PUBLISHED, "publisher"),
    ]
    assert queries.steps(after=steps[1].id) == steps[2:]


def test_pause_waits_for_the_request_that_is_on_its_way(
    ledger: Ledger, control: Control, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=0))
    intended = send(dispatch, attempts, clock)
    returned = threading.Event()
    left: list[Delivery] = []

    def pause() -> None:
        left.extend(control.pause(None, "crise", "direction"))
        returned.set()

    thread = threading.Thread(target=pause)
    thread.start()
    assert not returned.wait(0.2)
    attempts.record(intended, Accepted("1"), clock.ahead(30))
    assert returned.wait(10)
    thread.join()
    assert left == []


def test_a_clock_that_is_set_back_does_not_make_a_pause_wait_longer(
    ledger: Ledger,
    control: Control,
    dispatch: Dispatch,
    attempts: OneByOne,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The request had 30 real seconds left; the date goes back by an hour meanwhile."""
    add(ledger, wish(clock, due_in=0))
    intended = send(dispatch, attempts, clock)
    waits = 0

    def wait(_seconds: float) -> None:
        nonlocal waits
        waits += 1
        assert waits < 100, "it waits for the date"
        clock.advance(1)
        if waits == 2:
            clock.set(-3600)

    monkeypatch.setattr("publisher.ledger.manager.pauses.time.sleep", wait)
    (left,) = control.pause(None, "crise", "direction")
    assert left.id == intended.id
    assert waits == 30


def test_a_lease_that_looks_over_because_the_clock_was_set_does_not_end_a_pause_early(
    ledger: Ledger,
    control: Control,
    dispatch: Dispatch,
    attempts: OneByOne,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker may begin to send until five real seconds after its intent."""
    add(ledger, wish(clock, due_in=0))
    send(dispatch, attempts, clock)
    clock.set(3600)
    begun = clock.monotonic()
    monkeypatch.setattr(
        "publisher.ledger.manager.pauses.time.sleep", lambda _seconds: clock.advance(1)
    )
    assert len(control.pause(None, "crise", "direction")) == 1
    assert clock.monotonic() - begun >= INTENT_LIFE


def test_resume_lists_what_became_overdue(
    ledger: Ledger, control: Control, clock: ManualClock
) -> None:
    add(ledger, wish(clock, "overdue", 10), wish(clock, "future", 1000))
    control.pause(None, "crise", "direction")
    clock.advance(60)
    assert [d.post for d in control.resume(None, "direction")] == ["overdue"]
    with pytest.raises(NotPossible, match="paused"):
        control.resume(None, "direction")


def test_resume_ends_no_pause_that_came_since_it_began(
    ledger: Ledger, control: Control, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever paused was told that nothing leaves; whoever resumes does not know of it."""
    add(ledger, wish(clock, due_in=1000))
    look = control.stop

    def paused_meanwhile(account: str | None) -> str:
        seen = look(account)
        clock.advance(1)
        control.pause(None, "crise", "direction")
        return seen

    control.pause(None, "réunion", "redaction")
    monkeypatch.setattr(control, "stop", paused_meanwhile)
    with pytest.raises(NotPossible, match="again"):
        control.resume(None, "redaction")
    monkeypatch.undo()
    assert control.resume(None, "direction") == []


def test_cancel_takes_a_waiting_post_off_the_schedule(
    ledger: Ledger, control: Control, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=1))
    control.cancel("post.fr", None, "direction", "le débat est reporté")
    found = only(queries)
    assert (found.state, found.reason) == (State.CANCELLED, "le débat est reporté")
    assert dispatch.claim(clock.ahead(2), clock.ahead(30), 1) == []


def test_what_is_out_cannot_be_cancelled_or_tried_again(
    ledger: Ledger, control: Control, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=0))
    attempts.record(send(dispatch, attempts, clock), Accepted("1"), clock.ahead(30))
    with pytest.raises(NotPossible, match="published"):
        control.cancel("post.fr", None, "direction", "trop tard")
    with pytest.raises(NotPossible, match="published"):
        control.retry("post.fr", None, "direction")


@pytest.mark.parametrize("outcome", [Refused(Kind.CONTENT, "Too long."), Unknown("No answer.")])
def test_retry_makes_a_failed_or_uncertain_delivery_due_again(
    ledger: Ledger,
    control: Control,
    dispatch: Dispatch,
    attempts: OneByOne,
    clock: ManualClock,
    outcome: Refused | Unknown,
) -> None:
    add(ledger, wish(clock, due_in=0))
    attempts.record(send(dispatch, attempts, clock), outcome, clock.ahead(30))
    control.retry("post.fr", "bice-x", "direction")
    again = send(dispatch, attempts, clock)
    assert attempts.record(again, Accepted("1"), clock.ahead(30)).state is State.PUBLISHED


def test_retry_says_nothing_about_a_doubt_that_nobody_knew_of(
    ledger: Ledger,
    control: Control,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """Whoever looked while it was being sent has not looked for it on the account."""
    add(ledger, wish(clock, due_in=0))
    sending = send(dispatch, attempts, clock)
    seen = {sending.id: sending.doubt}
    attempts.record(sending, Unknown("No answer."), clock.ahead(30))
    with pytest.raises(NotPossible, match="has become uncertain since you looked"):
        control.retry("post.fr", None, "direction", seen)
    (doubted,) = queries.deliveries()
    assert doubted.state is State.UNCERTAIN
    control.retry("post.fr", None, "direction", {doubted.id: doubted.doubt})
    clock.advance(1)
    again = send(dispatch, attempts, clock)
    attempts.record(again, Unknown("No answer."), clock.ahead(30))
    with pytest.raises(NotPossible, match="has become uncertain since you looked"):
        control.retry("post.fr", None, "direction", {doubted.id: doubted.doubt})


def test_retry_past_the_expiry_asks_for_a_new_time(
    ledger: Ledger, control: Control, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=0))
    clock.advance(5 * 3600)
    dispatch.expire()
    with pytest.raises(NotPossible, match="expiry"):
        control.retry("post.fr", None, "direction")
    assert only(queries).state is State.MISSED


def test_an_unknown_post_is_named(ledger: Ledger, control: Control) -> None:
    with pytest.raises(NoSuchPost, match=r"nothing\.fr"):
        control.cancel("nothing.fr", None, "direction", "")


def test_waiting_leaves_out_what_only_a_person_can_release(
    ledger: Ledger, control: Control, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, wish(clock, "a", 10), wish(clock, "b", 5, account="bice-page"))
    assert queries.waiting().scheduled == 2
    assert queries.waiting().next_wake == clock.ahead(5)
    control.pause("bice-page", "crise", "direction")
    assert queries.waiting().scheduled == 1
    assert queries.waiting().next_wake == clock.ahead(10)
    assert [a.account for a in queries.accounts()] == ["bice-page"]


def test_retry_makes_ready_anew_what_the_platform_refused(
    ledger: Ledger,
    control: Control,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """The refused unpublished post is deleted first, and its id is not used again."""
    add(ledger, wish(clock, due_in=0))
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    delivery = attempts.take(claim)
    assert delivery is not None
    ready = attempts.checkpoint(delivery, Prepared(draft_id="9"), clock.ahead(30))
    intended = attempts.intend(ready, clock.now(), clock.ahead(30))
    assert intended is not None
    attempts.record(intended, Refused(Kind.CONTENT, "It is gone."), clock.ahead(30))
    control.retry("post.fr", None, "direction")
    assert only(queries).prepared == Prepared(leftovers=("9",))


def overdue_posts(ledger: Ledger, control: Control, clock: ManualClock) -> list[Delivery]:
    """Three of one account and one of another, overdue after a pause."""
    names = ("first", "second", "third")
    add(ledger, *(wish(clock, name, 10 + n) for n, name in enumerate(names)))
    add(ledger, wish(clock, "other", 10, account="bice-page"))
    control.pause(None, "crise", "direction")
    clock.advance(600)
    return control.resume(None, "direction")


def test_what_became_overdue_does_not_go_out_in_a_burst(
    ledger: Ledger, control: Control, dispatch: Dispatch, clock: ManualClock
) -> None:
    """One post of each account at once, the others a minute after one another, in order."""
    resumed_at = clock.now() + timedelta(seconds=600)
    overdue = overdue_posts(ledger, control, clock)
    waits = {d.post: (d.next_check_at - resumed_at).total_seconds() for d in overdue}
    assert waits == {"first": 0, "other": 0, "second": 60, "third": 120}
    assert len(dispatch.claim(clock.ahead(2), clock.ahead(30), 10)) == 2


def test_what_became_overdue_goes_out_before_it_expires_where_that_can_be(
    ledger: Ledger, control: Control, clock: ManualClock
) -> None:
    """Five posts that expire in two minutes: 24 seconds apart instead of a minute."""
    expires_at = clock.now() + timedelta(seconds=720)
    names = [f"post-{number}" for number in range(5)]
    add(ledger, *(wish(clock, name, n, expires_at=expires_at) for n, name in enumerate(names)))
    control.pause(None, "crise", "direction")
    clock.advance(600)
    overdue = control.resume(None, "direction")
    waits = [(delivery.next_check_at - clock.now()).total_seconds() for delivery in overdue]
    assert waits == [0, 24, 48, 72, 96]


@pytest.fixture
def uncertain(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock
) -> Delivery:
    add(ledger, wish(clock, due_in=0))
    return attempts.record(send(dispatch, attempts, clock), Unknown("No answer."), clock.ahead(30))


def test_a_person_may_say_that_an_uncertain_post_is_out(
    uncertain: Delivery, control: Control, queries: Queries
) -> None:
    control.resolve("post.fr", None, ("707",), "direction")
    found = only(queries)
    assert (found.state, found.remote_ids) == (State.PUBLISHED, ("707",))
    assert queries.history("post.fr")[-1].actor == "direction"
    with pytest.raises(NotPossible, match="published"):
        control.resolve("post.fr", None, ("707",), "direction")


def test_an_uncertain_post_that_is_not_there_is_missed_when_its_time_is_over(
    uncertain: Delivery,
    control: Control,
    dispatch: Dispatch,
    queries: Queries,
    clock: ManualClock,
) -> None:
    clock.advance(24 * 3600)
    control.retry("post.fr", None, "direction")
    dispatch.expire()
    assert only(queries).state is State.MISSED


def test_retry_asks_for_approval_where_nobody_gave_it(
    database: Database,
    ledger: Ledger,
    control: Control,
    queries: Queries,
    clock: ManualClock,
) -> None:
    add(ledger, wish(clock, state=State.AWAITING_APPROVAL))
    control.cancel("post.fr", None, "direction", "")
    Control(database, clock, lambda _: ApprovalRule(required=True)).retry(
        "post.fr", None, "redaction"
    )
    assert only(queries).state is State.AWAITING_APPROVAL


def test_what_is_withdrawn_is_on_record_with_who_and_why(
    ledger: Ledger,
    control: Control,
    database: Database,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> None:
    add(ledger, wish(clock, due_in=0))
    with pytest.raises(NotPossible, match="scheduled"):
        control.withdrawable("post.fr", None, "marc")
    attempts.record(send(dispatch, attempts, clock), Accepted("1"), clock.ahead(30))
    (out,) = control.withdrawable("post.fr", None, "marc")
    Withdrawals(database, clock).deleted(out, "direction", "un chiffre est faux", Accepted("1"))
    found = only(queries)
    assert (found.state, found.reason) == (State.WITHDRAWN, "un chiffre est faux")
    assert found.remote_ids == (), "what is deleted is not called out"
    assert found.withdrawn_ids == ("1",), "what was out stays on record"


def test_of_many_who_queue_a_post_at_once_one_adds_it(
    ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    """The others are told to look again, whatever the database says to an id that is taken."""
    many = 8
    at_once = threading.Barrier(many)
    ends: list[str] = []

    def queue() -> None:
        at_once.wait()
        try:
            add(ledger, wish(clock))
            ends.append("added")
        except Conflict:
            ends.append("look again")

    threads = [threading.Thread(target=queue) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["added", *["look again"] * (many - 1)]
    assert len(queries.deliveries()) == 1
