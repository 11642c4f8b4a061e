"""Replies to readers: what channels share that answer a reader's comment.

A reply is a post below a comment that somebody else wrote: it is sent, and looked for after a lost
answer, as any part of a thread is, below the id of that comment.
"""

from collections.abc import Sequence

from publisher.base.i18n import _
from publisher.channels.answers import Answers, doubt
from publisher.model.deliveries import Parcel
from publisher.model.outcomes import (
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Limit,
    Refused,
    Step,
)
from publisher.model.reader_comments import PRIVATE

_OF_THE_READER = frozenset({Kind.PERMISSION, Kind.POLICY})


def answers_a_reader(parcel: Parcel, sent: Sequence[str]) -> bool:
    """Whether the next part goes directly below a reader's comment."""
    return parcel.content.answers is not None and not sent


def comment_of(parcel: Parcel) -> str:
    """The platform's id of the comment. Raises ValueError without one: nothing can be sent."""
    if parcel.content.answers is None or parcel.target is None:
        raise ValueError("What an answer answers is not known.")
    return parcel.target.remote_ids[0]


def comment_gone(limits: Sequence[Limit] = ()) -> Refused:
    """The outcome of a reply to a comment that the platform does not find."""
    message = _(
        "The reader's comment is no longer on the platform, or is hidden from us: it may be "
        "deleted, or its author blocks the account. Nothing is out. Cancel this."
    )
    return Refused(Kind.CONTENT, message, of_post=True, limits=tuple(limits))


def private_comment(limits: Sequence[Limit] = ()) -> Refused:
    """The outcome of a reply to what was written to us alone."""
    return Refused(Kind.CONTENT, _(PRIVATE), of_post=True, limits=tuple(limits))


def replies_limited(limits: Sequence[Limit] = ()) -> Refused:
    """The outcome of a reply that the platform would show to nobody."""
    message = _(
        "The author of this conversation limits who can reply, and the answer would be hidden. "
        "Nothing is out. Contact the reader yourself, and cancel this."
    )
    return Refused(Kind.PERMISSION, message, of_post=True, limits=tuple(limits))


def comment_unread(answers: Answers, answer: Answer) -> Refused | Deferred | AccountSuspended:
    """The outcome of a reply to a comment that could not be read; nothing was sent yet.

    That the account may not see what one reader wrote says nothing of its posts.
    """
    read = answers.judge(answer, Step.READ)
    if isinstance(read, AccountSuspended) and read.kind in _OF_THE_READER:
        message = _(
            "{platform} does not let the account see the reader's comment. Nothing is out. Look "
            "at it there, answer by hand, and cancel this. If this also happens with other "
            "readers, check the account's permissions.",
            platform=answers.name,
        )
        return Refused(
            read.kind,
            message,
            of_post=True,
            limits=read.limits,
            app_suspended_until=read.app_suspended_until,
        )
    return above_unread(answers, answer)


def above_unread(answers: Answers, answer: Answer) -> Refused | Deferred | AccountSuspended:
    """The outcome of what goes below one of our posts that could not be read; nothing was sent."""
    read = answers.judge(answer, Step.READ)
    if isinstance(read, AccountSuspended):
        return read
    prepared = answers.judge(answer, Step.PREPARE)
    if isinstance(prepared, Deferred):
        return prepared
    what = _("{platform} gave an answer that Publisher cannot use", platform=answers.name)
    return Deferred(Kind.UNAVAILABLE, doubt(what, Step.PREPARE).message, limits=read.limits)
