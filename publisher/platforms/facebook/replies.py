"""Replies to readers on Facebook: a comment of the Page below a comment.

Meta documents replies to a comment (its reference of an object's comments, and Comment, `parent`),
and not what becomes of a reply to a reply: that is left to a person. Nor does it say that the list
of replies is whole: after a lost answer, a reply that is not in it may be there all the same.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed
from publisher.channels.base import NotPrepared
from publisher.channels.replies import comment_gone, comment_of, comment_unread
from publisher.model.deliveries import Parcel
from publisher.model.outcomes import (
    Absent,
    Answer,
    Kind,
    Outcome,
    Refused,
    Sighting,
    Step,
)
from publisher.platforms.facebook import comments
from publisher.platforms.facebook.answers import ANSWERS, is_missing, object_id
from publisher.platforms.facebook.graph import PageGraph

_FIELDS = "id,parent{id}"


def require_answerable(page: PageGraph, parcel: Parcel) -> None:
    """Raise `NotPrepared` unless the comment is there, and below a post itself."""
    answer = page.get(comment_of(parcel), _FIELDS)
    outcome, body = ANSWERS.judge(answer, Step.READ), mapping(parsed(answer.body))
    if is_missing(answer):
        raise NotPrepared(comment_gone(outcome.limits))
    if answer.status != HTTPStatus.OK or not object_id(body.get("id")):
        raise NotPrepared(comment_unread(ANSWERS, answer))
    if mapping(body.get("parent")).get("id"):
        message = _(
            "The reader answered another comment, and Publisher cannot write below such a reply "
            "on Facebook. Answer there by hand, and cancel this."
        )
        raise NotPrepared(Refused(Kind.CONTENT, message, limits=outcome.limits, of_post=True))


def judge(answer: Answer) -> Outcome:
    """The meaning of the answer to the request that replies."""
    outcome = comments.judge(answer)
    if isinstance(outcome, Refused) and is_missing(answer):
        return comment_gone(outcome.limits)
    if isinstance(outcome, Refused) and outcome.kind is Kind.POLICY:
        message = _("Facebook treats this answer as spam. Write it there by hand, and cancel this.")
        return replace(outcome, message=message, of_post=True)
    # What one reader's comment does not take says nothing of the account.
    return replace(outcome, of_post=True) if isinstance(outcome, Refused) else outcome


def find(page: PageGraph, parcel: Parcel, since: datetime, taken: Collection[str]) -> Sighting:
    """Look for the Page's reply below the comment."""
    text = parcel.content.joined
    seen = comments.find(page, comment_of(parcel), text, since, taken, are_replies=True)
    return replace(seen, lists_all=False) if isinstance(seen, Absent) else seen
