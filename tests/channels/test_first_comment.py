"""The link in the first comment below a post on a Page: a part of its delivery after the post."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, timedelta

import pytest

from publisher.delivery.cleanup import Clearing
from publisher.delivery.reconcile import Reconciler
from publisher.ledger.database import Database
from publisher.ledger.doubts.orphans import Orphans
from publisher.ledger.doubts.pending_stops import reason_of
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import StoredPicture
from publisher.ledger.manager.operations import Control
from publisher.ledger.news.outbox import News
from publisher.model.content import Content, Part, Target
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import Absent, Accepted, AccountSuspended, Kind, Refused, Unknown
from publisher.model.states import State
from publisher.notices.message import compose
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.sandbox.comments import plant
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import LOST, Attempt, Shown, Stage, Stages
from tests.channels.desk import TEXT, Desk
from tests.support.delivering import AnyKeys, lanes, never
from tests.support.sending import send

pytestmark = pytest.mark.guards(
    "publisher.platforms.facebook.comments",
    "publisher.platforms.facebook.graph",
    "publisher.model.deliveries",
)

LINK = "https://www.example.org/article"
COMMENT = "createComment"
CONTENT = Content(parts=(Part(text=TEXT), Part(text=LINK, is_comment=True)), lang="fr")


@pytest.fixture
def page(stages: Stages) -> Stage:
    return stages("facebook")


@pytest.fixture
def out(page: Stage) -> Attempt:
    """A post that is out, and whose comment is not."""
    attempt = page.ready(page.parcel(TEXT, comment=LINK))
    assert isinstance(attempt.send(), Accepted)
    return attempt


def fail(stage: Stage, *faults: Fault) -> None:
    stage.sandbox.faults.set(faults)


def comments(stage: Stage) -> list[Shown]:
    return [one for one in stage.shown() if one.in_reply_to]


def test_the_link_is_below_the_post_and_not_in_it(page: Stage) -> None:
    outcomes = page.deliver(page.parcel(TEXT, comment=LINK))
    post, comment = page.shown()
    assert (post.text, post.link) == (TEXT, None)
    assert (comment.text, comment.in_reply_to) == (LINK, post.id)
    assert [one.remote_id for one in outcomes if isinstance(one, Accepted)] == [post.id, comment.id]


def test_below_a_video_too(page: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "publisher.platforms.facebook.stand_in.video_status.REAL_PROCESSING_SECONDS", 0.0
    )
    gif = page.gif("Une carte qui tourne")
    page.deliver(page.parcel(TEXT, pictures=(gif,), comment=LINK))
    post, comment = page.shown()
    assert (comment.text, comment.in_reply_to) == (LINK, post.id)


@pytest.mark.parametrize("what", LOST)
def test_a_lost_comment_is_found_by_reading(out: Attempt, what: What) -> None:
    fail(out.stage, Fault(what=what, endpoint=COMMENT, commit=True))
    assert isinstance(out.send(), Unknown)
    fail(out.stage)
    found = out.find()
    assert isinstance(found, Accepted)
    assert [found.remote_id] == [one.id for one in comments(out.stage)]


@pytest.mark.parametrize("what", LOST)
def test_a_comment_that_was_never_taken_is_seen_to_be_absent(out: Attempt, what: What) -> None:
    fail(out.stage, Fault(what=what, endpoint=COMMENT, commit=False))
    assert isinstance(out.send(), Unknown)
    fail(out.stage)
    absent = out.find()
    assert isinstance(absent, Absent)
    assert absent.is_proof


def test_a_comment_of_another_delivery_or_person_is_not_taken_for_it(out: Attempt) -> None:
    fail(out.stage, Fault(what=What.HANG_UP, endpoint=COMMENT, commit=True))
    out.send()
    fail(out.stage)
    (comment,) = comments(out.stage)
    channel = out.stage.open()
    taken = channel.find(out.parcel, out.prepared, out.sent, out.since, {comment.id})
    assert isinstance(taken, Absent)
    other = out.stage.parcel(TEXT, comment=f"{LINK}/autre")
    assert isinstance(channel.find(other, out.prepared, out.sent, out.since), Absent)


def test_a_comment_is_found_though_facebook_sorts_otherwise(out: Attempt) -> None:
    """Of a post whose comment is tried again on another day, older comments come first then."""
    earlier = out.stage.parcel(TEXT, comment=f"{LINK}/autre")
    send(out.channel, earlier, out.prepared, out.sent)
    store = out.stage.sandbox.store
    post = store.find("facebook", out.sent[0])
    assert post
    (other,) = store.replies(post.account, post.id)
    other.created_at -= timedelta(days=1)
    fail(out.stage, Fault(what=What.HANG_UP, endpoint=COMMENT, commit=True))
    assert isinstance(out.send(), Unknown)
    fail(out.stage, Fault(what=FacebookFault.UNSORTED))
    assert isinstance(out.find(), Accepted)


def test_a_comment_without_an_author_is_for_a_person(out: Attempt) -> None:
    fail(out.stage, Fault(what=FacebookFault.NAMELESS))
    absent = out.find()
    assert isinstance(absent, Absent)
    fail(out.stage, Fault(what=What.HANG_UP, endpoint=COMMENT, commit=True))
    assert isinstance(out.send(), Unknown)
    fail(out.stage, Fault(what=FacebookFault.NAMELESS))
    assert isinstance(out.find(), Unknown)


def test_what_is_below_a_reader_s_comment_is_not_taken_for_it(out: Attempt) -> None:
    """The Page itself and another reader say the same there; who did, Facebook does not say."""
    store = out.stage.sandbox.store
    (asks,) = plant(store, out.stage.account.name, "Where is it?", under=out.sent[0])
    plant(store, out.stage.account.name, LINK, parent=asks.id)
    reply = out.stage.parcel(LINK)
    content = reply.content.model_copy(update={"answers": asks.id})
    update = {"content": content, "target": Target(remote_ids=(asks.id,), url=None)}
    assert isinstance(out.stage.ready(reply.model_copy(update=update)).send(), Accepted)
    fail(out.stage, Fault(what=What.HANG_UP, endpoint=COMMENT, commit=False))
    assert isinstance(out.send(), Unknown)
    fail(out.stage)
    assert isinstance(out.find(), Absent)
    fail(out.stage, Fault(what=FacebookFault.NAMELESS))
    assert isinstance(out.find(), Absent)


def test_comments_that_cannot_be_read_prove_nothing(out: Attempt) -> None:
    fail(out.stage, Fault(what=What.SERVER_ERROR, endpoint="getComments"))
    assert not isinstance(out.find(), Absent | Accepted)
    denied = {
        "what": FacebookFault.GRAPH_ERROR,
        "endpoint": "getComments",
        "code": 100,
        "subcode": 33,
    }
    fail(out.stage, Fault.model_validate(denied))
    assert not isinstance(out.find(), Absent | Accepted)


@pytest.mark.parametrize(
    ("what", "kind", "says"),
    [
        (What.FORBIDDEN, Kind.PERMISSION, "pages_manage_engagement"),
        (What.SUSPENDED, Kind.POLICY, "spam"),
    ],
)
def test_a_refused_comment_does_not_hold_the_page(
    out: Attempt, what: What, kind: Kind, says: str
) -> None:
    fail(out.stage, Fault(what=what, endpoint=COMMENT))
    outcome = out.send()
    assert isinstance(outcome, Refused)
    assert (outcome.kind, says in outcome.message) == (kind, True)
    assert outcome.of_post is ("by hand" in outcome.message), "or it would be out twice"


def test_a_dead_token_holds_it_all_the_same(out: Attempt) -> None:
    fail(out.stage, Fault(what=What.TOKEN_DEAD, endpoint=COMMENT))
    assert isinstance(out.send(), AccountSuspended)


def test_withdrawing_takes_the_comment_and_then_the_post(out: Attempt) -> None:
    assert isinstance(out.send(), Accepted)
    channel = out.stage.open()
    for left, remote_id in zip((1, 0), reversed(out.sent), strict=True):
        for _ in range(2):
            outcome = channel.withdraw(remote_id, out.prepared)
            assert isinstance(outcome, Accepted)
            assert outcome.remote_id == remote_id
            assert len(out.stage.shown()) == left


def test_a_comment_that_stays_is_not_called_withdrawn(out: Attempt) -> None:
    out.send()
    fail(out.stage, Fault(what=What.IGNORED, endpoint="deletePost"))
    outcome = out.stage.open().withdraw(out.sent[1], out.prepared)
    assert isinstance(outcome, Unknown)
    assert out.sent[1] in outcome.message


def test_the_pictures_stay_when_the_comment_is_withdrawn(page: Stage) -> None:
    attempt = page.ready(page.parcel(TEXT, pictures=(page.picture("Carte"),), comment=LINK))
    attempt.send()
    attempt.send()
    page.open().withdraw(attempt.sent[1], attempt.prepared)
    (post,) = page.shown()
    assert len(post.pictures) == 1
    page.open().withdraw(attempt.sent[0], attempt.prepared)
    assert page.sandbox.state()["uploads"] == []


def test_the_post_s_text_is_looked_for_without_its_comment(out: Attempt) -> None:
    """So a post that a lost ledger sent is recognised, and then its comment."""
    out.send()
    forgotten = out.parcel.model_copy(update={"is_forgotten": True})
    channel = out.stage.open()
    post = channel.find(forgotten, Prepared(), (), out.since)
    assert isinstance(post, Accepted)
    comment = channel.find(forgotten, Prepared(), (post.remote_id,), out.since)
    assert isinstance(comment, Accepted)
    assert (post.remote_id, comment.remote_id) == out.sent


# With a ledger, a worker takes both.


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
            desk.clock.advance(30)
            for claim in doubts.claim(desk.clock.ahead(30), 10):
                reconciler.reconcile(claim)

    return run


@pytest.fixture
def clear(desk: Desk, database: Database) -> Callable[[], None]:
    """Let a worker clear away what is to be cleared away now."""
    leftovers = Orphans(database, desk.clock)

    def run() -> None:
        desk.clock.advance(60)
        channel = desk.stage.open()
        clearing = Clearing(leftovers, lambda _account: nullcontext(channel), AnyKeys(), lanes())
        for claim in leftovers.claim(desk.clock.ahead(30), 10):
            clearing.clear(claim)

    return run


def test_a_worker_sends_the_comment_after_the_post(desk: Desk) -> None:
    desk.queue(content=CONTENT)
    desk.work()
    assert (desk.state(), len(desk.delivery.remote_ids)) == (State.PUBLISHED, 2)
    assert desk.there == [(TEXT, True), (LINK, True)]


@pytest.mark.parametrize("commit", [True, False])
def test_a_comment_in_doubt_is_there_once_in_the_end(
    desk: Desk, commit: bool, reconcile: Callable[[], None]
) -> None:
    desk.queue(content=CONTENT)
    fail(desk.stage, Fault(what=What.HANG_UP, endpoint=COMMENT, commit=commit, times=1))
    desk.work()
    assert (desk.state(), len(desk.delivery.remote_ids)) == (State.UNCERTAIN, 1)
    reconcile()
    desk.work()
    assert (desk.state(), len(desk.delivery.remote_ids)) == (State.PUBLISHED, 2)
    assert desk.there == [(TEXT, True), (LINK, True)]


def test_a_comment_that_is_tried_later_does_not_touch_the_post(desk: Desk) -> None:
    """It is claimed like any other delivery, and nothing of it is prepared again."""
    desk.queue(content=CONTENT)
    fail(desk.stage, Fault(what=What.RATE_LIMIT, endpoint=COMMENT, times=1, seconds=60))
    desk.work()
    assert (desk.state(), len(desk.delivery.remote_ids)) == (State.SCHEDULED, 1)
    before = desk.requests("createFeedPost"), desk.requests("getObject")
    desk.mend(wait=1_000)
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert (desk.requests("createFeedPost"), desk.requests("getObject")) == before
    assert desk.there == [(TEXT, True), (LINK, True)]


@pytest.fixture
def refused(desk: Desk) -> Desk:
    """A post with a picture is out, and its comment was refused."""
    picture = desk.stage.picture("Une carte")
    file = StoredPicture(picture.digest, picture.media_type, desk.stage.media[picture.digest])
    post, comment = CONTENT.parts
    parts = (post.model_copy(update={"pictures": (picture,)}), comment)
    wanted = desk.wish(content=CONTENT.model_copy(update={"parts": parts}))
    desk.ledger.apply(
        add=(wanted,), edit=(), cancel=(), pictures={picture.digest: file}, actor="redaction"
    )
    fail(desk.stage, Fault(what=What.SUSPENDED, endpoint=COMMENT))
    desk.work()
    assert (desk.state(), len(desk.delivery.remote_ids)) == (State.FAILED, 1)
    return desk


def test_a_refused_comment_leaves_the_post_whole(refused: Desk, clear: Callable[[], None]) -> None:
    """Its pictures are the public post's: they go with its withdrawal, and not before."""
    assert "Part 1 of 2 is out" in str(refused.delivery.error_message)
    clear()
    (post,) = refused.stage.shown()
    assert len(post.pictures) == 1
    delivery = refused.delivery
    outcome = refused.stage.open().withdraw(delivery.remote_ids[0], delivery.prepared)
    assert isinstance(outcome, Accepted)
    assert refused.stage.sandbox.state()["uploads"] == []


def test_a_retry_sends_the_comment_alone(
    refused: Desk, control: Control, clear: Callable[[], None]
) -> None:
    clear()
    refused.mend()
    control.retry("post.fr", None, "manager")
    refused.work()
    assert (refused.state(), len(refused.delivery.remote_ids)) == (State.PUBLISHED, 2)
    assert [one.text for one in refused.stage.shown()] == [TEXT, LINK]
    assert len(refused.stage.shown()[0].pictures) == 1
    delivery, channel = refused.delivery, refused.stage.open()
    for remote_id in reversed(delivery.remote_ids):
        assert isinstance(channel.withdraw(remote_id, delivery.prepared), Accepted)
    assert refused.stage.sandbox.state()["uploads"] == []


def test_what_is_public_early_is_told_and_so_is_its_missing_comment(
    desk: Desk, database: Database
) -> None:
    news = News(database, desk.clock)
    news.begin("ntfy", desk.clock.now())
    desk.queue(content=CONTENT, due_in=2)
    fail(desk.stage, Fault(what=FacebookFault.AUTO_PUBLISH))
    desk.work()
    delivery = desk.delivery
    assert (delivery.state, len(delivery.remote_ids)) == (State.PUBLISHED, 1)
    assert "1 of 2 parts are out" in str(reason_of(delivery))
    (told,) = news.untold("ntfy")
    assert "; the rest does not follow." in compose([told], UTC).body
