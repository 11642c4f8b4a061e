"""Replies to readers: what channels share that answer a reader's comment.

A reply is a post below a comment that somebody else wrote: it is sent, and looked for after a lost
answer, as any part of a thread is, below the id of that comment.
"""

from collections.abc import Sequence

from publisher.base.i18n import _, later
from publisher.model.deliveries import Parcel
from publisher.model.outcomes import Kind, Limit, Refused

PRIVATE = later(
    "It is a private message: Publisher answers in public alone. Answer it on its platform, and "
    "cancel this."
)
"""Why a message to us alone gets no answer: a sentence for `_`."""


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
        "What the reader wrote is not on the platform any more, or not ours to see: it may be "
        "deleted, or its author blocks the account. Nothing is out. Cancel this."
    )
    return Refused(Kind.CONTENT, message, limits=tuple(limits))


def private_comment(limits: Sequence[Limit] = ()) -> Refused:
    """The outcome of a reply to what was written to us alone."""
    return Refused(Kind.CONTENT, _(PRIVATE), limits=tuple(limits))
