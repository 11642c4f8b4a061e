"""What X does beside its description: answers that must not be believed, and posts shown late."""

import json
from typing import Any

import pytest
import requests

from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger, StoredPicture
from publisher.ledger.reading.queries import Queries
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Refused,
    StillOut,
    Unknown,
)
from publisher.model.states import State
from publisher.platforms.twitter import answers
from publisher.platforms.twitter.stand_in import problems
from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import Stage, Stages
from tests.channels.desk import Desk
from tests.support.answers.kinds import NOT_FOUND, answered
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne

pytestmark = pytest.mark.guards(
    "publisher.platforms.twitter.session", "publisher.platforms.twitter.answers"
)

_DELETE = "deletePosts"


@pytest.fixture
def x(stages: Stages) -> Stage:
    return stages("twitter")


def out(x: Stage, *texts: str) -> str:
    """The id of the last part of what is out now."""
    *_, last = x.deliver(x.parcel(*texts))
    assert isinstance(last, Accepted)
    return last.remote_id


# Who may reply.


@pytest.mark.parametrize("replies", ["following", "mentionedUsers", None])
def test_who_may_reply_is_said_with_the_first_post_of_a_thread(
    x: Stage, replies: str | None, exchanges: list[requests.PreparedRequest]
) -> None:
    """X refuses it in a reply, and takes a post without it for one to which everybody may reply."""
    options = {"replies": replies} if replies else {}
    x.account = x.account.model_copy(update={"options": options})
    out(x, "Un", "Deux")
    told = [json.loads(one.body or "{}") for one in exchanges if one.method == "POST"]
    assert [one.get("reply_settings") for one in told] == [replies, None]


# Withdrawing.


@pytest.mark.parametrize(
    "fault",
    [
        Fault(what=What.HTML, status=404, endpoint=_DELETE),
        Fault(what=What.NOT_FOUND, endpoint=_DELETE),
        Fault(what=What.NO_ERROR, status=404, endpoint=_DELETE, commit=False),
    ],
    ids=["a machine in between", "X itself", "no problem's type"],
)
def test_a_post_that_x_does_not_find_and_still_shows_is_not_gone(x: Stage, fault: Fault) -> None:
    remote_id = out(x, "Bonjour")
    x.sandbox.faults.set([fault])
    assert isinstance(x.open().withdraw(remote_id, Prepared()), StillOut)
    assert [post.id for post in x.shown()] == [remote_id]


def test_a_post_that_x_neither_finds_nor_shows_is_gone(x: Stage) -> None:
    remote_id = out(x, "Bonjour")
    assert isinstance(x.open().withdraw(remote_id, Prepared()), Accepted)
    assert x.open().withdraw(remote_id, Prepared()) == Accepted(remote_id)


def test_a_post_that_x_does_not_find_is_not_gone_while_it_cannot_be_read(x: Stage) -> None:
    remote_id = out(x, "Bonjour")
    x.open().withdraw(remote_id, Prepared())
    x.sandbox.faults.set([Fault(what=What.HTML, status=404, endpoint="getPostsById")])
    assert isinstance(x.open().withdraw(remote_id, Prepared()), Unknown)


def test_a_post_that_x_calls_deleted_and_still_shows_is_not_gone(x: Stage) -> None:
    remote_id = out(x, "Bonjour")
    x.sandbox.faults.set([Fault(what=What.IGNORED, endpoint=_DELETE, times=1)])
    assert isinstance(x.open().withdraw(remote_id, Prepared()), StillOut)
    assert x.open().withdraw(remote_id, Prepared()) == Accepted(remote_id)
    assert x.shown() == []


@pytest.mark.parametrize("what", [What.SERVER_ERROR, What.RATE_LIMIT, What.HTML])
def test_a_look_that_brings_nothing_undoes_no_confirmation(x: Stage, what: What) -> None:
    remote_id = out(x, "Bonjour")
    x.sandbox.faults.set([Fault(what=what, endpoint="getPostsById")])
    assert x.open().withdraw(remote_id, Prepared()) == Accepted(remote_id)


def test_a_deletion_that_x_refuses_says_so_of_the_deletion(x: Stage) -> None:
    remote_id = out(x, "Bonjour")
    x.sandbox.faults.set([Fault(what=What.FORBIDDEN, endpoint=_DELETE)])
    outcome = x.open().withdraw(remote_id, Prepared())
    assert isinstance(outcome, Deferred)
    assert outcome.kind is Kind.PERMISSION
    assert "does not let this account delete the post" in outcome.message


def test_a_picture_that_x_has_lost_is_uploaded_again(
    x: Stage,
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> None:
    desk = Desk(x, ledger, dispatch, attempts, queries, clock)
    picture = x.picture("Une carte")
    content = x.parcel("Bonjour", pictures=(picture,)).content
    file = StoredPicture(picture.digest, picture.media_type, x.media[picture.digest])
    wanted = desk.wish(content=content, due_in=1)
    ledger.apply(add=[wanted], edit=(), cancel=(), pictures={picture.digest: file}, actor="m")
    x.sandbox.faults.set([Fault(what=XFault.UPLOADS_LOST, endpoint="createPosts", times=1)])
    for _visit in range(2):
        clock.advance(15)
        desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.requests("mediaUpload") == 2
    assert len(x.shown()) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(what=What.HTML, status=403), Kind.UNAVAILABLE),
        (Fault(what=XFault.AUTOMATED, endpoint="createPosts"), Kind.POLICY),
        (Fault(what=XFault.UPDATE_LIMIT, endpoint="createPosts"), Kind.RATE_LIMIT),
    ],
    ids=["a page instead of X", "looks automated", "daily limit"],
)
def test_what_no_post_can_help_fails_no_post(x: Stage, fault: Fault, kind: Kind) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    x.sandbox.faults.set([fault])
    outcome = attempt.send()
    assert isinstance(outcome, AccountSuspended)
    assert outcome.kind is kind
    x.sandbox.faults.set([])
    assert isinstance(attempt.send(), Accepted)


def test_a_file_that_x_takes_and_cannot_use_fails_in_the_end(x: Stage) -> None:
    """X says the same of a picture that is too large for it; it is not uploaded for ever."""
    x.sandbox.faults.set([Fault(what=XFault.UPLOADS_LOST)])
    outcome = x.ready(x.parcel("Bonjour", pictures=(x.picture("Une carte"),))).send()
    assert isinstance(outcome, Deferred)
    assert outcome.most


# Threads.


def test_a_part_whose_own_young_parent_x_does_not_show_yet_is_sent_later(
    x: Stage, clock: ManualClock
) -> None:
    x.sandbox.faults.set([Fault(what=XFault.YOUNG_PARENT, seconds=8)])
    attempt = x.ready(x.parcel("Un", "Deux"))
    assert isinstance(attempt.send(), Accepted)
    second = attempt.send()
    assert isinstance(second, Deferred)
    assert second.kind is Kind.UNAVAILABLE
    clock.advance(9)
    assert isinstance(attempt.send(), Accepted)
    first, reply = x.shown()
    assert reply.in_reply_to == first.id


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"errors": [{"code": 385, "message": problems.UNSEEN_PARENT}]}),
        (404, NOT_FOUND),
        (400, {"errors": [{"parameters": {"reply.in_reply_to_tweet_id": ["1"]}, "message": "?"}]}),
    ],
    ids=["older", "not found", "parameter"],
)
def test_a_parent_that_x_does_not_show_yet_ends_no_thread_in_whatever_words(
    x: Stage, clock: ManualClock, status: int, body: dict[str, Any]
) -> None:
    unseen = Fault(what=What.ANSWER, status=status, body=body, endpoint="createPosts")
    attempt = x.ready(x.parcel("Un", "Deux"))
    attempt.send()
    x.sandbox.faults.set([unseen])
    assert isinstance(attempt.send(), Deferred)
    clock.advance(11 * 60)
    gone = attempt.send()
    assert isinstance(gone, Refused)
    assert "no longer on X" in gone.message


def test_a_part_whose_parent_stays_unseen_is_refused(x: Stage, clock: ManualClock) -> None:
    """Somebody deleted it: a thread does not wait for that."""
    attempt = x.ready(x.parcel("Un", "Deux"))
    attempt.send()
    x.sandbox.faults.set([Fault(what=XFault.YOUNG_PARENT, seconds=86_400)])
    clock.advance(11 * 60)
    outcome = attempt.send()
    assert isinstance(outcome, Refused)
    assert outcome.kind is Kind.CONTENT


def test_a_part_that_may_not_answer_is_refused_and_the_account_goes_on(x: Stage) -> None:
    """X's rule of 2026, which lets an account answer itself."""
    x.sandbox.faults.set([Fault(what=XFault.REPLY_NOT_ALLOWED, nth=(2,), endpoint="createPosts")])
    first, second = x.deliver(x.parcel("Un", "Deux"))
    assert isinstance(first, Accepted)
    assert isinstance(second, Refused)
    assert second.kind is Kind.POLICY


def test_a_part_is_found_with_the_accounts_own_name_before_it(x: Stage, clock: ManualClock) -> None:
    x.sandbox.faults.set([Fault(what=XFault.SELF_MENTION)])
    attempt = x.ready(x.parcel("Un", "Deux https://example.org/ #HRC31"))
    attempt.send()
    second = attempt.send()
    assert isinstance(second, Accepted)
    clock.advance(1)
    found = attempt.find(sent=attempt.sent[:1])
    assert isinstance(found, Accepted)
    assert found.remote_id == second.remote_id


# Pictures.


def test_a_post_of_pictures_alone_has_an_empty_text(
    x: Stage, exchanges: list[requests.PreparedRequest]
) -> None:
    """X's backend refuses one without the member, and so does the sandbox."""
    parcel = x.parcel("", pictures=(x.picture("Une carte"),))
    (outcome,) = x.deliver(parcel)
    assert isinstance(outcome, Accepted)
    assert json.loads(exchanges[-1].body or b"")["text"] == ""


@pytest.mark.parametrize("what", [What.BAD_REQUEST, What.FORBIDDEN])
def test_an_alt_text_that_x_refuses_keeps_the_post_back_without_blaming_its_draft(
    x: Stage, what: What
) -> None:
    """It does not go out without, and neither does the account stop."""
    x.sandbox.faults.set([Fault(what=what, endpoint="createMediaMetadata", times=1)])
    parcel = x.parcel("Bonjour", pictures=(x.picture("Une carte"),))
    (outcome,) = x.deliver(parcel)
    assert isinstance(outcome, Deferred)
    assert outcome.kind is Kind.CONTENT
    assert "description of a picture" in outcome.message
    assert "Change the draft" not in outcome.message
    assert x.shown() == []
    (outcome,) = x.deliver(parcel)
    assert isinstance(outcome, Accepted)


def test_requests_are_signed_and_meant_for_xs_address_of_today(
    x: Stage, exchanges: list[requests.PreparedRequest]
) -> None:
    out(x, "Bonjour")
    assert [request.url for request in exchanges] == ["https://api.x.com/2/tweets"]


_GONE = {"type": "https://api.twitter.com/2/problems/resource-not-found"}


@pytest.mark.parametrize(
    ("status", "body", "is_missing"),
    [
        (404, _GONE, True),
        (200, {"errors": [_GONE]}, True),
        (200, {"data": {"id": "1"}, "errors": [_GONE]}, False),
        (200, {"errors": [{"type": "about:blank"}]}, False),
        (200, {"errors": _GONE}, False),
        (404, "<html>", False),
        (503, {"errors": [_GONE]}, False),
    ],
)
def test_x_says_in_its_own_json_that_it_does_not_find_a_post(
    status: int, body: object, is_missing: bool
) -> None:
    assert answers.missing(answered(status, body)) is is_missing
