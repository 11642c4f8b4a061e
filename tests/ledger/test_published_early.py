"""What a platform made public on its own is on record, whatever somebody made of it meanwhile."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.orphans import Orphans
from publisher.ledger.doubts.pending_stops import reason_of
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.approvals import Approvals, digest
from publisher.ledger.manager.commands import no_rule
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.post_holds import Holds
from publisher.ledger.news.outbox import News
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Part
from publisher.model.deliveries import Delivery, Prepared
from publisher.model.events import Event
from publisher.model.outcomes import Accepted
from publisher.model.states import State
from tests.delivery.scripted import ScriptedChannel, courier_of
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.ledger.transitions")

PREPARED = Prepared(draft_id="7_1", digest="0" * 64, photos=("8",))


@pytest.fixture
def in_hand(ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> Delivery:
    """A delivery that a worker is making ready."""
    add(ledger, wish(clock, "post.fr", due_in=3))
    (claim,) = dispatch.claim(clock.ahead(4), clock.ahead(19), 1)
    delivery = attempts.take(claim)
    assert delivery
    return delivery


@pytest.fixture
def made_public(
    attempts: OneByOne, in_hand: Delivery, clock: ManualClock
) -> Callable[[], Delivery]:
    def record() -> Delivery:
        receipt = Accepted("7_1", url="https://f.example/1", public_since=clock.now())
        return attempts.record_public(in_hand, PREPARED, receipt)

    return record


def test_it_is_published_when_it_was_and_marked(
    made_public: Callable[[], Delivery], queries: Queries, clock: ManualClock
) -> None:
    recorded = made_public()
    assert (recorded.state, recorded.remote_ids) == (State.PUBLISHED, ("7_1",))
    assert (recorded.published_at, recorded.url) == (clock.now(), "https://f.example/1")
    assert (recorded.prepared, recorded.lease_until) == (PREPARED, None)
    assert queries.deliveries() == [recorded]
    assert queries.history("post.fr")[-1].event == Event.PUBLIC_ON_ITS_OWN
    assert "on its own" in str(reason_of(recorded))
    assert made_public() == recorded, "it is written once"


def test_the_account_is_known_for_it_from_then_on(
    made_public: Callable[[], Delivery], attempts: OneByOne, control: Control
) -> None:
    account = "bice-x"
    assert not attempts.publishes_early(account)
    made_public()
    assert attempts.publishes_early(account)
    assert not attempts.publishes_early("other")


@pytest.mark.parametrize("stop", ["cancel", "hold"])
def test_it_is_known_whatever_somebody_made_of_the_post_meanwhile(
    made_public: Callable[[], Delivery], attempts: OneByOne, control: Control, database: Database,
    clock: ManualClock, stop: str,
) -> None:  # fmt: skip
    if stop == "cancel":
        control.cancel("post.fr", None, "manager", "faux")
    else:
        Holds(database, clock, no_rule).hold("post.fr", None, "manager", "faux")
    assert made_public().state is State.PUBLISHED
    assert attempts.publishes_early("bice-x")


@pytest.mark.parametrize("told", ["2099-01-01T00:00:00+00:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_to_come_is_not_the_time_at_which_it_went_out(
    attempts: OneByOne, in_hand: Delivery, clock: ManualClock, told: str
) -> None:
    receipt = Accepted("7_1", public_since=datetime.fromisoformat(told))
    recorded = attempts.record_public(in_hand, PREPARED, receipt)
    assert recorded.published_at == clock.now()
    assert attempts.publishes_early("bice-x")


def test_one_that_another_delivery_has_is_left_to_a_person(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    control: Control,
    made_public: Callable[[], Delivery],
    clock: ManualClock,
) -> None:
    """And a retry does not come to it again."""
    made_public()
    add(ledger, wish(clock, "other.fr", due_in=3, texts=("Autre",)))
    (claim,) = dispatch.claim(clock.ahead(4), clock.ahead(19), 1)
    other = attempts.take(claim)
    assert other
    channel = ScriptedChannel(clock, not_prepared=Accepted("7_1", public_since=clock.now()))
    courier_of(attempts, channel, clock, prepares=True).deliver([claim])
    left = next(d for d in Queries(attempts._database, clock).deliveries() if d.post == "other.fr")
    assert (left.state, left.settled_at, left.remote_ids) == (State.UNCERTAIN, None, ())
    assert "7_1, which is already on record for post.fr" in str(left.error_message)
    (again,) = control.retry("other.fr", None, "manager")
    assert again.prepared.draft_id is None


def test_a_cancelled_one_that_another_has_is_told_once(
    ledger: Ledger,
    database: Database,
    dispatch: Dispatch,
    attempts: OneByOne,
    control: Control,
    made_public: Callable[[], Delivery],
    clock: ManualClock,
) -> None:
    made_public()
    add(ledger, wish(clock, "other.fr", due_in=3, texts=("Autre",)))
    (claim,) = dispatch.claim(clock.ahead(4), clock.ahead(19), 1)
    other = attempts.take(claim)
    assert other
    attempts.checkpoint(other, PREPARED, clock.ahead(19))
    control.cancel("other.fr", None, "manager", "faux")
    clock.advance(60)
    leftovers = Orphans(database, clock)
    (claim,) = leftovers.claim(clock.ahead(30), 10)
    given_up = leftovers.give_up(claim)
    assert given_up
    receipt = Accepted("7_1", public_since=clock.now())
    left = leftovers.out(given_up, Prepared(draft_id="7_1"), receipt)
    assert (left.state, left.clear_at, left.prepared.stays) == (State.CANCELLED, None, False)
    assert "on record for post.fr" in str(left.error_message)


def test_what_somebody_published_late_by_hand_says_nothing_of_the_account(
    made_public: Callable[[], Delivery], attempts: OneByOne, clock: ManualClock
) -> None:
    clock.advance(600)
    assert made_public().state is State.PUBLISHED
    assert not attempts.publishes_early("bice-x")


def test_a_cancellation_came_too_late(
    made_public: Callable[[], Delivery], control: Control, database: Database, clock: ManualClock
) -> None:
    news = News(database, clock)
    news.begin("mail", clock.now() - timedelta(minutes=1))
    control.cancel("post.fr", None, "manager", "faux")
    recorded = made_public()
    assert (recorded.state, recorded.pending_stop) == (State.PUBLISHED, State.CANCELLED)
    assert "came too late: it is out. (faux)" in str(reason_of(recorded))
    assert len(news.untold("mail")) == 1


@pytest.mark.parametrize(
    "state", [State.SCHEDULED, State.AWAITING_APPROVAL, State.PUBLISHING], ids=str
)
def test_what_says_the_same_is_held(
    made_public: Callable[[], Delivery], ledger: Ledger, control: Control, dispatch: Dispatch,
    database: Database, queries: Queries, clock: ManualClock, state: State,
) -> None:  # fmt: skip
    """Its draft was renamed while a worker made it ready."""
    control.cancel("post.fr", None, "manager", "its draft is gone")
    as_before = ("Le texte de post.fr",)
    waits = State.SCHEDULED if state is State.PUBLISHING else state
    add(ledger, wish(clock, "new.fr", due_in=3, texts=as_before, state=waits))
    add(ledger, wish(clock, "again.fr", due_in=9000, texts=as_before, repeat=True))
    if state is State.PUBLISHING:
        dispatch.claim(clock.ahead(4), clock.ahead(19), 1)
    by_name = {one.post: one for one in queries.deliveries()}
    assert by_name["new.fr"].state is state
    made_public()
    by_name = {one.post: one for one in queries.deliveries()}
    assert (by_name["new.fr"].state, by_name["again.fr"].state) == (State.HELD, State.SCHEDULED)
    assert "post.fr says the same, and is already out on bice-x" in str(
        by_name["new.fr"].manual_hold
    )
    (released,) = Holds(database, clock, no_rule).release("new.fr", None, "manager")
    assert released.state is State.SCHEDULED, "a person may want it twice"
    made_public()
    by_name = {one.post: one for one in queries.deliveries()}
    assert by_name["new.fr"].state is State.SCHEDULED, "that is no news"


def test_what_says_the_same_and_a_person_holds_already_says_why_it_is_not_to_be_released(
    made_public: Callable[[], Delivery], ledger: Ledger, control: Control, database: Database,
    queries: Queries, clock: ManualClock,
) -> None:  # fmt: skip
    control.cancel("post.fr", None, "manager", "its draft is gone")
    add(ledger, wish(clock, "new.fr", due_in=3, texts=("Le texte de post.fr",)))
    Holds(database, clock, no_rule).hold("new.fr", None, "manager", "attendre le chiffre")
    made_public()
    (new,) = queries.deliveries(post="new.fr")
    assert new.state is State.HELD
    assert "post.fr says the same" in str(new.manual_hold)


@pytest.mark.parametrize("way", ["edit", "approve"])
def test_what_says_the_same_and_was_rejected_is_held_once_it_is_to_go_out_after_all(
    made_public: Callable[[], Delivery], ledger: Ledger, control: Control, database: Database,
    queries: Queries, clock: ManualClock, way: str,
) -> None:  # fmt: skip
    control.cancel("post.fr", None, "manager", "its draft is gone")
    as_before = ("Le texte de post.fr",)
    waits = State.AWAITING_APPROVAL
    add(ledger, wish(clock, "new.fr", due_in=3, texts=as_before, state=waits))
    approvals = Approvals(database, clock, no_rule)
    approvals.reject(["new.fr"], None, "chef", "trop long")
    made_public()
    (new,) = queries.deliveries(post="new.fr")
    assert (new.state, new.reason) == (State.REJECTED, "rejected by chef: trop long")
    if way == "approve":
        approvals.approve(["new.fr"], None, "chef", {new.id: digest(new)})
    else:
        later = wish(clock, "new.fr", due_in=9, texts=as_before, state=waits)
        ledger.apply(add=[], cancel=[], edit=[(new, later)], pictures={}, actor="redaction")
    (new,) = queries.deliveries(post="new.fr")
    assert new.state is State.HELD
    assert "post.fr says the same" in str(new.reason)


def test_what_says_the_same_and_is_being_sent_is_held_if_it_is_not_out(
    made_public: Callable[[], Delivery], ledger: Ledger, control: Control, dispatch: Dispatch,
    attempts: OneByOne, queries: Queries, clock: ManualClock,
) -> None:  # fmt: skip
    control.cancel("post.fr", None, "manager", "its draft is gone")
    add(ledger, wish(clock, "new.fr", due_in=3, texts=("Le texte de post.fr",)))
    (claim,) = dispatch.claim(clock.ahead(4), clock.ahead(19), 1)
    taken = attempts.take(claim)
    assert taken
    attempts.intend(taken, clock.now(), clock.ahead(19))
    made_public()
    new = next(one for one in queries.deliveries() if one.post == "new.fr")
    assert (new.state, new.pending_stop) == (State.PUBLISHING, State.HELD)


def test_a_pause_came_too_late(made_public: Callable[[], Delivery], control: Control) -> None:
    control.pause(None, "attendre", "manager")
    assert made_public().state is State.PUBLISHED


def test_what_waits_again_is_out_all_the_same(
    made_public: Callable[[], Delivery], dispatch: Dispatch, clock: ManualClock
) -> None:
    """Its worker's lease was over."""
    clock.advance(60)
    dispatch.reap()
    assert made_public().state is State.PUBLISHED


def test_an_edit_does_not_go_out_behind_it(
    made_public: Callable[[], Delivery], ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    (current,) = queries.deliveries()
    edited = wish(clock, "post.fr", content=Content(parts=(Part(text="Bonsoir"),)))
    ledger.apply(add=[], cancel=[], edit=[(current, edited)], pictures={}, actor="redaction")
    recorded = made_public()
    assert (recorded.state, recorded.settled_at) == (State.UNCERTAIN, None)
    assert "7_1 public on its own, with an earlier text" in str(recorded.error_message)


def test_a_second_one_is_told_and_changes_nothing(
    made_public: Callable[[], Delivery], attempts: OneByOne, in_hand: Delivery, clock: ManualClock
) -> None:
    out = made_public()
    second = attempts.record_public(in_hand, PREPARED, Accepted("7_2", public_since=clock.now()))
    assert (second.state, second.remote_ids) == (State.PUBLISHED, out.remote_ids)
    assert "7_2" in str(second.error_message)


def test_what_may_have_been_our_own_request_is_no_fault_of_the_platform(
    made_public: Callable[[], Delivery], database: Database, attempts: OneByOne, clock: ManualClock
) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE deliveries SET doubt_since = 1457335800000000"))
    recorded = made_public()
    assert (recorded.state, recorded.pending_stop) == (State.PUBLISHED, None)
    assert recorded.published_at != clock.now()


def test_a_picture_is_cleared_away_until_it_is_gone(
    ledger: Ledger,
    database: Database,
    dispatch: Dispatch,
    attempts: OneByOne,
    control: Control,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """Where a post is left behind after a day."""
    add(ledger, wish(clock, "post.fr", due_in=3))
    (claim,) = dispatch.claim(clock.ahead(4), clock.ahead(19), 1)
    delivery = attempts.take(claim)
    assert delivery
    attempts.checkpoint(delivery, Prepared(photos=("8",)), clock.ahead(19))
    control.cancel("post.fr", None, "manager", "faux")
    leftovers = Orphans(database, clock)
    for _try in range(12):
        clock.advance(86_400 * 3)
        (claim,) = leftovers.claim(clock.ahead(30), 10)
        given_up = leftovers.give_up(claim)
        assert given_up
        leftovers.failed(given_up, given_up.prepared, "Not now.")
    (delivery,) = queries.deliveries()
    assert delivery.clear_at
    assert delivery.clear_at < clock.ahead(86_400 * 3)


def test_whether_an_account_publishes_early_is_asked_of_an_index(database: Database) -> None:
    query = "SELECT id FROM deliveries WHERE account = 'a' AND pending_stop IS NOT NULL AND published_at < due_at"
    with database.read() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if not is_sqlite:  # which reads small tables as they are otherwise
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        plan = str(connection.execute(text(f"{explain} {query}")).all())
    assert "ix_deliveries_early" in plan


def test_within_an_embargo_it_is_early_whatever_its_time(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock
) -> None:
    embargo_until = clock.now() + timedelta(seconds=3)
    add(ledger, wish(clock, "post.fr", due_in=-60, embargo_until=embargo_until))
    (claim,) = dispatch.claim(clock.ahead(4), clock.ahead(19), 1)
    delivery = attempts.take(claim)
    assert delivery
    attempts.record_public(delivery, PREPARED, Accepted("7_1", public_since=clock.now()))
    assert attempts.publishes_early("bice-x")
