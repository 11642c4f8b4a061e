"""What Facebook makes public on its own, and what it only says to have made public."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest

from publisher.delivery.reconcile import Reconciler
from publisher.ledger.database import Database
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import StoredPicture
from publisher.ledger.manager.operations import Control
from publisher.ledger.news.outbox import News, StuckDelivery
from publisher.model.content import Content, Part
from publisher.model.deliveries import Delivery, Prepared
from publisher.model.events import Event
from publisher.model.outcomes import Absent, Accepted, AccountSuspended, Deferred, Unknown
from publisher.model.states import State
from publisher.notices.message import compose
from publisher.platforms.facebook import posts as page_posts
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.store import StoredPost
from tests.channels.conftest import DUE, Stages
from tests.channels.desk import TEXT, Desk, one_client
from tests.support.delivering import AnyKeys, courier_with, lanes, never
from tests.support.sending import send

pytestmark = pytest.mark.guards(
    "publisher.platforms.facebook.channel",
    "publisher.platforms.facebook.posts",
    "publisher.model.outcomes",
)

AT_ONCE = Fault(what=FacebookFault.AUTO_PUBLISH)
NO_FIELDS = Fault(what=FacebookFault.NO_FIELDS)
SETTLE = 60


@pytest.fixture
def reconcile(desk: Desk, database: Database) -> Callable[[], None]:
    """Let a worker look for what is in doubt, until that leads to something."""
    doubts = Doubts(database, desk.clock)

    def run() -> None:
        channel = desk.stage.open()
        reconciler = Reconciler(
            doubts, lambda _account: nullcontext(channel), AnyKeys(), lanes(), never
        )
        for _look in range(5):
            desk.clock.advance(SETTLE / 2)
            for claim in doubts.claim(desk.clock.ahead(30), 10):
                reconciler.reconcile(claim)

    return run


def fail(desk: Desk, *faults: Fault) -> None:
    desk.stage.sandbox.faults.set(faults)


def posts(desk: Desk) -> list[StoredPost]:
    return [entry for entry in desk.stage.sandbox.store.entries if not entry.deleted]


def of(desk: Desk, post: str) -> Delivery:
    return next(one for one in desk.queries.deliveries() if one.post == post)


def seconds(instant: datetime | None) -> datetime:
    """As Facebook tells instants."""
    assert instant
    return instant.replace(microsecond=0)


@pytest.mark.parametrize("faults", [(AT_ONCE,), (AT_ONCE, NO_FIELDS)], ids=["told", "looked at"])
def test_what_is_public_as_soon_as_it_is_made_is_on_record_as_it_was(
    desk: Desk, faults: tuple[Fault, ...]
) -> None:
    desk.queue(due_in=2)
    fail(desk, *faults)
    desk.work()
    (entry,), delivery = posts(desk), desk.delivery
    assert (desk.state(), delivery.remote_ids) == (State.PUBLISHED, (entry.id,))
    assert delivery.published_at == seconds(entry.published_at) < delivery.due_at
    assert delivery.url == f"https://www.facebook.com/{entry.id.replace('_', '/posts/')}"
    (step,) = [
        step for step in desk.queries.history("post.fr") if step.event == Event.PUBLIC_ON_ITS_OWN
    ]
    assert "on its own" in step.detail["message"]


def test_looking_takes_no_further_request_where_facebook_answers_at_once(desk: Desk) -> None:
    desk.queue()
    desk.work()
    assert (desk.state(), desk.requests("getObject")) == (State.PUBLISHED, 0)
    assert str(desk.delivery.url).endswith(desk.delivery.remote_ids[0].replace("_", "/posts/"))
    fail(desk, NO_FIELDS)
    desk.queue("Bonsoir", "other.fr")
    desk.work()
    assert (of(desk, "other.fr").state, desk.requests("getObject")) == (State.PUBLISHED, 2)


def test_a_person_is_told_of_what_was_public_early(desk: Desk, database: Database) -> None:
    news = News(database, desk.clock)
    news.begin("mail", desk.clock.now() - timedelta(minutes=1))
    desk.queue(due_in=2)
    fail(desk, AT_ONCE)
    desk.work()
    (item,) = news.untold("mail")
    assert isinstance(item, StuckDelivery)
    assert (item.state, item.is_stopped) == (State.PUBLISHED, False)
    assert "made it public on its own" in compose([item], desk.clock.now().tzinfo).title  # type: ignore[arg-type]


def test_from_then_on_posts_of_that_page_are_made_at_their_instant(desk: Desk) -> None:
    desk.queue(due_in=2)
    fail(desk, AT_ONCE)
    desk.work()
    desk.clock.advance(10)
    later = desk.queue("Bonsoir", "other.fr", due_in=2)
    desk.work()
    first, second = posts(desk)
    assert second.created_at >= later.due_at > first.created_at
    delivery = of(desk, "other.fr")
    assert (delivery.state, delivery.remote_ids, delivery.pending_stop) == (
        State.PUBLISHED, (second.id,), None,
    )  # fmt: skip
    assert desk.requests("updatePost") == 0


def make_at_once(desk: Desk) -> None:
    """Let the Page be one on which posts are made at their instant."""
    desk.queue("Avant", "before.fr", due_in=2)
    fail(desk, AT_ONCE)
    desk.work()
    desk.mend(10)
    desk.queue()


@pytest.mark.parametrize("lag", [0, 40])
def test_a_post_made_at_its_instant_without_an_answer_is_found(
    desk: Desk, reconcile: Callable[[], None], lag: int
) -> None:
    make_at_once(desk)
    desk.lose()
    desk.work()
    assert desk.queries.deliveries(state=[State.UNCERTAIN])
    desk.mend(lag)
    reconcile()
    delivery = of(desk, "post.fr")
    assert (delivery.state, delivery.remote_ids) == (State.PUBLISHED, (posts(desk)[-1].id,))
    assert len(posts(desk)) == 2


def test_one_that_is_not_found_is_not_made_again_but_left_to_a_person(
    desk: Desk, reconcile: Callable[[], None]
) -> None:
    """Facebook does not list every post, so an absence proves nothing."""
    make_at_once(desk)
    fail(desk, Fault(what=What.HANG_UP, endpoint="createFeedPost"))
    desk.work()
    desk.mend()
    reconcile()
    desk.work()
    delivery = of(desk, "post.fr")
    assert (delivery.state, delivery.settled_at) == (State.UNCERTAIN, None)
    assert "may leave some out" in str(delivery.error_message)
    assert [entry.text for entry in posts(desk)] == ["Avant"]


def test_what_others_posted_with_the_same_words_is_not_taken_for_it(desk: Desk) -> None:
    parcel, since = desk.stage.parcel(TEXT), desk.clock.now()
    channel, prepared = desk.stage.open(), Prepared(at_once=True)
    desk.lie(published=True, published_at=since - timedelta(hours=1))
    desk.lie(published=True, published_at=since, app="1")
    desk.lie("Bonsoir", published=True, published_at=since)
    own = desk.lie(published=True, published_at=since)
    seen = channel.find(parcel, prepared, (), since)
    assert isinstance(seen, Accepted)
    assert seen.remote_id == own.id
    absent = channel.find(parcel, prepared, (), since, {own.id})
    assert absent == Absent(lists_all=False)


def test_what_is_only_said_to_be_public_is_not_published_on_record(
    desk: Desk, reconcile: Callable[[], None]
) -> None:
    """It is looked at again, and made public again."""
    desk.queue()
    fail(desk, Fault(what=What.IGNORED, endpoint="updatePost", times=1))
    desk.work()
    assert (desk.state(), desk.there) == (State.UNCERTAIN, [(TEXT, False)])
    reconcile()
    desk.work()
    assert (desk.state(), desk.there) == (State.PUBLISHED, [(TEXT, True)])
    assert desk.delivery.pending_stop is None


def test_what_is_made_at_its_instant_is_made_once_although_its_fields_are_refused(
    desk: Desk,
) -> None:
    make_at_once(desk)
    fail(desk, Fault(what=FacebookFault.FIELDS_DENIED))
    desk.work()
    desk.clock.advance(120)
    desk.work()
    assert of(desk, "post.fr").state is State.PUBLISHED
    assert desk.there == [("Avant", True), (TEXT, True)]


@pytest.mark.parametrize("by_a_person", [False, True])
def test_what_was_made_and_is_not_public_is_made_public_and_not_made_again(
    desk: Desk, reconcile: Callable[[], None], control: Control, by_a_person: bool
) -> None:
    make_at_once(desk)
    fail(desk, Fault(what=What.IGNORED, endpoint="createFeedPost", times=1))
    desk.work()
    entry = posts(desk)[-1]
    assert (of(desk, "post.fr").state, entry.published) == (State.UNCERTAIN, False)
    if by_a_person:
        control.retry("post.fr", None, "manager")
    else:
        reconcile()
    desk.work()
    delivery = of(desk, "post.fr")
    assert (delivery.state, delivery.remote_ids) == (State.PUBLISHED, (entry.id,))
    assert desk.there == [("Avant", True), (TEXT, True)]


def test_what_was_made_and_could_not_be_looked_at_is_found_by_its_id(
    desk: Desk, reconcile: Callable[[], None]
) -> None:
    make_at_once(desk)
    fail(desk, Fault(what=What.SERVER_ERROR, endpoint="getObject"))
    desk.work()
    assert of(desk, "post.fr").prepared.draft_id == posts(desk)[-1].id
    desk.mend()
    reconcile()
    assert of(desk, "post.fr").state is State.PUBLISHED
    assert desk.requests("getPublishedPosts") == 0


def test_a_success_that_cannot_be_looked_at_is_no_proof(
    desk: Desk, reconcile: Callable[[], None]
) -> None:
    desk.queue()
    unread = Fault(what=What.SERVER_ERROR, endpoint="getObject")
    fail(desk, NO_FIELDS.model_copy(update={"endpoint": "updatePost"}), unread)
    desk.work()
    assert (desk.state(), desk.there) == (State.UNCERTAIN, [(TEXT, True)])
    desk.mend()
    reconcile()
    assert desk.state() is State.PUBLISHED


def test_what_is_refused_because_it_is_public_already_is_published(desk: Desk) -> None:
    desk.lay_ready()
    desk.clock.advance(20)
    desk.dispatch.reap()
    entry = posts(desk)[0]
    entry.publish(desk.clock.now() - timedelta(seconds=10))
    fail(desk, Fault(what=FacebookFault.ALREADY_PUBLISHED))
    desk.work()
    assert (desk.state(), desk.delivery.published_at) == (
        State.PUBLISHED, seconds(entry.published_at),
    )  # fmt: skip
    assert "on its own" in str([step.detail for step in desk.queries.history("post.fr")])


def test_what_became_public_while_it_waited_is_found_before_it_is_made_public(
    desk: Desk, control: Control
) -> None:
    desk.lay_ready()
    desk.clock.advance(20)
    desk.dispatch.reap()
    control.pause(None, "attendre", "manager")
    entry = posts(desk)[0]
    entry.publish(desk.clock.now())
    desk.clock.advance(600)
    control.resume(None, "manager")
    desk.work()
    assert (desk.state(), desk.requests("updatePost")) == (State.PUBLISHED, 0)
    assert desk.delivery.published_at == seconds(entry.published_at)


def test_what_cannot_be_looked_at_now_is_found_when_reading_works_again(
    desk: Desk, control: Control
) -> None:
    """A token that dies between the making and the look."""
    desk.queue(due_in=2)
    fail(desk, AT_ONCE, NO_FIELDS, Fault(what=What.TOKEN_DEAD, endpoint="getObject"))
    desk.work()
    assert (desk.state(), desk.there) == (State.SCHEDULED, [(TEXT, True)])
    desk.mend(30)
    control.resume("bice-page", "manager")
    desk.clock.advance(60)
    desk.work()
    delivery = desk.delivery
    assert (delivery.state, delivery.pending_stop) == (State.PUBLISHED, State.SCHEDULED)
    assert delivery.published_at == seconds(posts(desk)[0].published_at) < delivery.due_at
    assert desk.requests("createFeedPost") == 1


def unseen(number: int = 1, **more: Any) -> Fault:
    """Facebook says once that a post is not there, as was seen for live ones."""
    wanted = {"endpoint": "getObject", "nth": (number,), "code": 100, "subcode": 33, **more}
    return Fault.model_validate({"what": FacebookFault.GRAPH_ERROR, **wanted})


def test_what_is_public_without_an_answer_and_cannot_be_seen_is_not_made_again(
    desk: Desk, reconcile: Callable[[], None]
) -> None:
    """It is on the Page's list."""
    desk.queue(due_in=2)
    lost = Fault(what=What.HANG_UP, endpoint="createFeedPost", commit=True, times=1)
    fail(desk, AT_ONCE, lost)
    desk.work()
    desk.mend()
    fail(desk, *(unseen(number) for number in (1, 3)))
    desk.work()
    assert (desk.state(), desk.there) == (State.UNCERTAIN, [(TEXT, True)])
    reconcile()
    assert (desk.state(), desk.delivery.settled_at) == (State.UNCERTAIN, None)
    assert "lists it on the Page" in str(desk.delivery.error_message)
    assert (desk.there, desk.requests("createFeedPost")) == ([(TEXT, True)], 1)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (unseen(), Unknown),
        (Fault(what=What.SERVER_ERROR, endpoint="getObject"), Deferred),
        (Fault(what=What.TOKEN_DEAD, endpoint="getObject"), AccountSuspended),
    ],
    ids=["not there", "away", "token"],
)
def test_what_an_earlier_attempt_left_and_cannot_be_read_is_not_called_absent(
    desk: Desk, fault: Fault, expected: type
) -> None:
    entry = desk.lie(published=True, published_at=desk.clock.now())
    fail(desk, fault)
    prepared = Prepared(leftovers=(entry.id,))
    seen = desk.stage.open().find(desk.stage.parcel(TEXT), prepared, (), DUE)
    assert isinstance(seen, expected)


def test_what_an_earlier_attempt_left_and_somebody_deleted_keeps_nothing_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on a Page with more posts than are read: it would be among the newest."""
    monkeypatch.setattr(page_posts, "_AT_ONCE", 1)
    monkeypatch.setattr(page_posts, "_PAGES", 2)
    for number in range(4):
        desk.lie(f"Message {number}", published=True, published_at=desk.clock.now())
    gone = desk.lie(deleted=True)
    channel, parcel = desk.stage.open(), desk.stage.parcel(TEXT)
    prepared = Prepared(leftovers=(gone.id,))
    assert channel.prepare(parcel, prepared, lambda _digest: b"") == Prepared()
    assert channel.find(parcel, prepared, (), DUE) == Absent()


def test_a_draft_that_is_gone_before_anybody_saw_it_is_made_again(desk: Desk) -> None:
    desk.queue()
    fail(desk, NO_FIELDS, Fault(what=What.SERVER_ERROR, endpoint="getObject"))
    desk.work()
    assert (desk.state(), desk.there) == (State.SCHEDULED, [(TEXT, False)])
    posts(desk)[0].deleted = True
    desk.mend()
    desk.work()
    assert (desk.state(), desk.there) == (State.PUBLISHED, [(TEXT, True)])


def test_what_is_public_without_an_answer_is_found_and_not_made_again(desk: Desk) -> None:
    desk.queue(due_in=2)
    lost = Fault(what=What.HANG_UP, endpoint="createFeedPost", commit=True, times=1)
    fail(desk, AT_ONCE, lost)
    desk.work()
    assert desk.state() is State.SCHEDULED
    desk.mend()
    desk.work()
    assert (desk.state(), desk.there) == (State.PUBLISHED, [(TEXT, True)])
    assert desk.delivery.pending_stop is State.SCHEDULED


def test_with_another_text_it_is_left_to_a_person(desk: Desk) -> None:
    """Edited after an attempt whose answer was lost, and which Facebook made public."""
    desk.queue(due_in=2)
    fail(desk, AT_ONCE, Fault(what=What.HANG_UP, endpoint="createFeedPost", commit=True, times=1))
    desk.work()
    desk.mend()
    edit = [(desk.delivery, desk.wish("Bonsoir"))]
    desk.ledger.apply(add=[], cancel=[], edit=edit, pictures={}, actor="redaction")
    desk.clock.advance(4)
    desk.work()
    assert (desk.state(), desk.there) == (State.UNCERTAIN, [(TEXT, True)])
    assert "earlier text" in str(desk.delivery.error_message)


def test_a_channel_says_since_when_it_has_been_public(stages: Stages) -> None:
    stage = stages("facebook")
    stage.sandbox.faults.set([AT_ONCE])
    (outcome,) = stage.deliver(stage.parcel(TEXT))
    (entry,) = stage.sandbox.store.entries
    assert isinstance(outcome, Accepted)
    assert (outcome.remote_id, outcome.public_since) == (entry.id, seconds(entry.published_at))


@pytest.mark.parametrize("shows", ["text", "link", "photo"])
def test_what_is_not_published_early_is_laid_ready(stages: Stages, shows: Any) -> None:
    """Whatever else Facebook publishes at once."""
    stage = stages("facebook")
    stage.sandbox.faults.set([Fault(what=FacebookFault.AUTO_PUBLISH, shows=shows)])
    parcels = {
        "text": stage.parcel("Un"),
        "link": stage.parcel("Deux", link="https://www.example.org/a"),
        "photo": stage.parcel("Trois", pictures=(stage.picture("Une carte"),)),
    }
    outcomes = {name: stage.deliver(parcel)[0] for name, parcel in parcels.items()}
    early = {n: isinstance(o, Accepted) and o.public_since is not None for n, o in outcomes.items()}
    assert early == {name: name == shows for name in parcels}


def test_a_page_of_early_posts_gets_its_pictures_before_the_instant(stages: Stages) -> None:
    stage = stages("facebook")
    channel, picture = stage.open(), stage.picture("Une carte")
    parcel = stage.parcel(TEXT, pictures=(picture,))
    prepared = stage.prepare(parcel, channel, Prepared(at_once=True))
    assert (stage.shown(), set(prepared.media_ids)) == ([], {picture.digest})
    with pytest.raises(ValueError, match="prepared"):
        send(channel, parcel, Prepared(at_once=True), ())
    outcome = send(channel, parcel, prepared, ())
    assert isinstance(outcome, Accepted)
    (shown,) = stage.shown()
    assert shown.pictures == ((picture.digest, "Une carte"),)
    seen = stage.open().find(parcel, prepared, (), DUE)
    assert not isinstance(seen, Unknown)


@pytest.mark.parametrize("is_public_early", [True, False])
def test_where_posts_are_created_at_once_a_lost_attempt_is_looked_for_first(
    desk: Desk, is_public_early: bool
) -> None:
    """Its answer was lost, then another post showed that the Page publishes drafts early: the first
    is not sent again if it is out, and else goes out with its picture, after its draft is deleted.
    """
    picture = desk.stage.picture("Une carte")
    content = Content(parts=(Part(text="Avec image", pictures=(picture,)),))
    stored = StoredPicture(picture.digest, picture.media_type, desk.stage.media[picture.digest])
    desk.ledger.apply(
        add=[desk.wish(content=content)], edit=(), cancel=(),
        pictures={picture.digest: stored}, actor="redaction",
    )  # fmt: skip
    lost = Fault(what=What.HANG_UP, endpoint="createFeedPost", commit=True)
    fail(desk, *([AT_ONCE] if is_public_early else []), lost)
    desk.work()
    desk.mend(0)
    desk.queue("Avant", "before.fr", due_in=2)
    channel = desk.stage.open()
    courier = courier_with(
        desk.attempts, lambda _account: nullcontext(channel), desk.clock,
        timeout=desk.stage.patience, client=one_client(),
    )  # fmt: skip
    for claim in reversed(desk.dispatch.claim(desk.clock.ahead(4), desk.clock.ahead(17), 10)):
        fail(desk, *([AT_ONCE] if claim.delivery == 2 else []))
        courier.deliver([claim])
    desk.mend(6)
    for _round in range(3):
        desk.work()
        desk.clock.advance(20)
    first = next(one for one in desk.queries.deliveries() if one.post != "before.fr")
    assert first.state is State.PUBLISHED
    (there,) = [entry for entry in posts(desk) if entry.text == "Avec image"]
    assert (there.published, len(there.media)) == (True, 1)
