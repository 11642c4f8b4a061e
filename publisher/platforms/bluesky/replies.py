"""Replies to readers on Bluesky: where in a thread one goes, by the post that it answers.

A reply names its parent and the post that the thread begins with, each with the id of its content.
The parent's own record tells the second. Sources: lexicons app.bsky.feed.post (`reply`) and
app.bsky.feed.getPosts, which leaves out what is deleted, or whose author blocks the account; and
app.bsky.feed.defs#viewerState (`replyDisabled`): where a thread's owner limits who replies, a
server takes a reply all the same, and the app shows it to nobody.
"""

from http import HTTPStatus
from typing import NamedTuple

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed
from publisher.channels.replies import comment_gone, replies_limited
from publisher.model.outcomes import AccountSuspended, Deferred, Kind, Refused, Step
from publisher.platforms.bluesky.answers import ANSWERS
from publisher.platforms.bluesky.records import Place, Record
from publisher.platforms.bluesky.repo import Repo


class ThreadPlace(NamedTuple):
    """Where a post goes in a thread."""

    root: Place
    parent: Place


def below(repo: Repo, comment: str) -> ThreadPlace | Refused | Deferred | AccountSuspended:
    """The place below a reader's post, by its `at://` address."""
    answer = repo.posts([comment])
    outcome = ANSWERS.judge(answer, Step.READ)  # a list is no object of the account's
    listed = mapping(parsed(answer.body)).get("posts")
    if answer.status != HTTPStatus.OK or not isinstance(listed, list):
        if isinstance(outcome, AccountSuspended):
            return outcome
        told = _(
            "Bluesky does not show the comment that it answers at the moment. Publisher tries "
            "again."
        )
        return Deferred(Kind.UNAVAILABLE, told, limits=outcome.limits)
    post = next((one for one in map(mapping, listed) if one.get("uri") == comment), None)
    if post is None or not isinstance(post.get("cid"), str):
        return comment_gone(outcome.limits)
    if mapping(post.get("viewer")).get("replyDisabled") is True:
        return replies_limited(outcome.limits)
    parent = Place(comment, str(post["cid"]))
    return ThreadPlace(root_of(mapping(post.get("record"))) or parent, parent)


def root_of(record: Record) -> Place | None:
    """The post that a record's thread begins with; None for one that answers nothing."""
    root = mapping(mapping(record.get("reply")).get("root"))
    uri, cid = root.get("uri"), root.get("cid")
    return Place(uri, cid) if isinstance(uri, str) and isinstance(cid, str) else None
