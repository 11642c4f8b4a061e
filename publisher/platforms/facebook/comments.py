"""First comment below a post: the part of a delivery after the post itself.

It is written as the Page once the post is public. A lost answer is found by reading the comments
that the Page wrote since. The token needs pages_manage_engagement besides; without it, and where
Facebook takes a comment for spam, the comment is refused and not the account: posts still go out.

Sources: Meta's own specs of PagePost and AdVideo (edge `comments`), and its reference of the
comments of an object; the permission: observed answers (brightbeanxyz/brightbean-studio 84, 90).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed
from publisher.channels.timelines import words
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Answer,
    Kind,
    Outcome,
    Refused,
    Sighting,
    Step,
    Unknown,
)
from publisher.platforms.facebook.answers import ANSWERS, is_missing, object_id
from publisher.platforms.facebook.graph import PageGraph
from publisher.platforms.facebook.orphans import SKEW
from publisher.platforms.facebook.posts import made_at

_FIELDS = "id,message,created_time,from{id}"
_AT_ONCE = 100
_PAGES = 10
"""The most lists that are read; a comment of ours is among the newest."""


def judge(answer: Answer) -> Outcome:
    """The meaning of the answer to the request that comments."""
    outcome = ANSWERS.judge(answer, Step.PUBLISH)
    if not isinstance(outcome, AccountSuspended):
        return outcome
    if outcome.kind is Kind.PERMISSION:
        message = _(
            "The app may not comment as the Page. Give it the permission pages_manage_engagement, "
            "make the Page's token again, then retry the post: only its comment is sent."
        )
        return Refused(Kind.PERMISSION, message, limits=outcome.limits)
    if outcome.kind is Kind.POLICY:
        message = _(
            "Facebook treats the first comment as spam. Write it by hand, or retry the post "
            "later: only its comment is sent."
        )
        # To be written by hand, it must not be tried again by itself.
        return Refused(Kind.POLICY, message, of_post=True, limits=outcome.limits)
    return outcome


def find(
    page: PageGraph,
    post_id: str,
    text: str,
    since: datetime,
    taken: Collection[str],
    *,
    are_replies: bool = False,
) -> Sighting:
    """Look for the Page's comment with this text below a post, made at `since` or later.

    `are_replies`: below a comment.
    """
    listing = page.replies if are_replies else page.comments
    after, nameless = None, ""
    for _page in range(_PAGES):
        answer = listing(post_id, _FIELDS, _AT_ONCE, after)
        body = mapping(parsed(answer.body))
        listed, paging = body.get("data"), mapping(body.get("paging"))
        if not isinstance(listed, list):
            return _unread(answer, are_replies=are_replies)
        limits = ANSWERS.judge(answer, Step.READ).limits
        found = [mapping(comment) for comment in listed]
        for comment in found:
            written_at = made_at(comment)
            is_since = written_at is None or written_at >= since - SKEW
            comment_id = object_id(comment.get("id"))
            is_free = bool(comment_id) and comment_id not in taken
            if not (is_free and is_since and _says(comment, text)):
                continue
            author = mapping(comment.get("from")).get("id")
            if author == page.page_id:
                return Accepted(comment_id, made_at=written_at, limits=limits)
            if author is None:
                nameless = comment_id
        if _reach_before(found, since - SKEW):
            return _doubtful(nameless) if nameless else Absent(limits=limits)
        after = mapping(paging.get("cursors")).get("after")
        if not paging.get("next") or not isinstance(after, str):
            return _doubtful(nameless) if nameless else Absent(limits=limits)
    return Unknown(
        _(
            "Since then, the post has had too many comments to look for ours. Look at it, then "
            "record what you saw with `publisher resolve` or `publisher retry`."
        )
    )


def _reach_before(comments: Sequence[dict[str, Any]], since: datetime) -> bool:
    """Whether no comment after these is of `since` or later: they go from newer to older ones.

    Facebook sorts by what it finds relevant unless it obeys `order`.
    """
    times = [time for time in map(made_at, comments) if time]
    is_sorted = len(times) == len(comments) and times == sorted(times, reverse=True)
    return is_sorted and bool(times) and times[-1] < since


def is_comment(remote_id: str, page_id: str) -> bool:
    """Whether an id is a comment's: its post's number and its own, joined.

    A post's has the Page's number instead, and a video's is a number alone.
    """
    return "_" in remote_id and not remote_id.startswith(f"{page_id}_")


def _says(comment: dict[str, Any], text: str) -> bool:
    message = comment.get("message")
    return isinstance(message, str) and words(message) == words(text)


def _doubtful(comment_id: str) -> Unknown:
    return Unknown(
        _(
            "The comment {id} has the same words, and Facebook does not say who wrote it. Look "
            "at the post, then record what you saw with `publisher resolve` or `publisher retry`.",
            id=comment_id,
        )
    )


def _unread(answer: Answer, *, are_replies: bool) -> Sighting:
    """The outcome of a list that cannot be read; of what is gone, nothing is certain."""
    if are_replies and is_missing(answer):
        return Unknown(
            _(
                "The reader's comment is no longer on Facebook. The answer may have been out "
                "below it, and is then gone with it. Look at the Page's activity log, then "
                "record what you saw with `publisher resolve` or `publisher retry`."
            )
        )
    outcome = ANSWERS.judge(answer, Step.READ)
    return ANSWERS.unreadable() if isinstance(outcome, Accepted) else outcome
