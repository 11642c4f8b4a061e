"""Replies on Mastodon, to readers and in correction: seen by no more people than what is above.

A server shows a reply to whoever its own visibility says, whatever that of its parent is: so that
status is read before. Sources: docs.joinmastodon.org, entities, Status (`visibility`) and
methods, statuses (`in_reply_to_id`); who is answered is told only if the text mentions them.
"""

from collections.abc import Sequence
from dataclasses import replace

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed
from publisher.channels.base import NotPrepared
from publisher.channels.replies import (
    above_unread,
    answers_a_reader,
    comment_gone,
    comment_unread,
    private_comment,
)
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Accepted, Kind, Limit, Refused, Step, Unknown
from publisher.platforms.mastodon.answers import ANSWERS, is_missing, parent_missing
from publisher.platforms.mastodon.server import AccountServer

_FROM_WIDE_TO_NARROW = ("public", "unlisted")
"""What is answered, and how. What an author's followers alone see is not: a reply of that kind is
shown to our followers, who are others.
"""


def is_below_another(parcel: Parcel) -> bool:
    """Whether it goes below a status that is out before: a reader's, or ours that it corrects."""
    return parcel.target is not None or parcel.content.answers is not None


def with_visibility(server: AccountServer, parcel: Parcel, prepared: Prepared) -> Prepared:
    """`prepared` with the visibility of the status that it goes below. Raises `NotPrepared`.

    That is a part of its own if it has begun: then what is above that may be gone.
    """
    if prepared.digest == parcel.content.digest and prepared.records:
        return prepared
    is_answer = answers_a_reader(parcel, parcel.out)
    answer = server.status(parcel.above(parcel.out)[-1])
    outcome = ANSWERS.judge(answer, Step.READ)
    if is_missing(answer):
        gone = comment_gone() if is_answer else parent_missing()
        raise NotPrepared(replace(gone, limits=outcome.limits))
    if not isinstance(outcome, Accepted):
        raise NotPrepared((comment_unread if is_answer else above_unread)(ANSWERS, answer))
    visibility = mapping(parsed(answer.body)).get("visibility")
    if visibility not in _FROM_WIDE_TO_NARROW:  # to us or to followers, or nobody says to whom
        private = private_comment if is_answer else _not_public
        raise NotPrepared(private(outcome.limits))
    known = prepared if prepared.digest == parcel.content.digest else Prepared()
    update = {"digest": parcel.content.digest, "records": ({"visibility": visibility},)}
    return known.model_copy(update=update)


def visibility_of(prepared: Prepared, own: str) -> str:
    """The visibility of a reply: the account's own, or that of what is above it if fewer see that.

    Raises ValueError if that was not read.
    """
    if not prepared.records:
        raise ValueError("Who sees what a reply goes below is not known.")
    return max(own, str(prepared.records[0]["visibility"]), key=_FROM_WIDE_TO_NARROW.index)


def _not_public(limits: Sequence[Limit]) -> Refused:
    """The outcome of what would be below one of our own statuses that few people see."""
    message = _(
        "The post above this one is not public on Mastodon, or the server does not say whether "
        "it is: others would see this one. Publisher does not send it. Look at the account, then "
        "publish this as a separate post, and cancel this."
    )
    return Refused(Kind.CONTENT, message, of_post=True, limits=tuple(limits))


def orphan(status_id: str) -> Unknown:
    """The sighting of its words in a status that is below nothing, once what was above is gone.

    A reply stays when what it answers is deleted, and no longer says what that was (Mastodon's
    db/schema.rb, foreign key `in_reply_to_id`, `on_delete: :nullify`): nothing proves that it is
    what is looked for, nor that this is not out.
    """
    return Unknown(
        _(
            "The post that this goes below is no longer on Mastodon, and the post {id} there has "
            "the same words: it may be this one, which is then out. Look at the account, then "
            "record what you saw with `publisher resolve` or `publisher retry`.",
            id=status_id,
        )
    )
