"""Edits: what the channels share that replace the words of a post that is out.

An edit is looked for by the id of its post. It shows the new words: the edit is carried out. It
shows those from before: it is not, or not yet. It shows others: somebody changed it there.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from publisher.base.i18n import _
from publisher.channels.base import NotPrepared
from publisher.model.content import Content, Original, edit_id
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Limit,
    Outcome,
    Refused,
    Unknown,
)


def target_of(parcel: Parcel) -> Original:
    """The post that an edit changes. Raises ValueError without one: nothing can be sent."""
    if isinstance(parcel.target, Original):
        return parcel.target
    raise ValueError("What a correction corrects is not known.")


def post_id(parcel: Parcel) -> str:
    """The id of the post that an edit changes: a comment below it stays as it is."""
    return target_of(parcel).remote_ids[0]


def carried_out(parcel: Parcel, limits: Sequence[Limit] = ()) -> Accepted:
    """The outcome of an edit that is carried out, with its own id."""
    target = target_of(parcel)
    changed = edit_id(target.remote_ids[0], parcel.post, parcel.content)
    return Accepted(changed, url=target.url, limits=tuple(limits))


def accepted(parcel: Parcel, outcome: Outcome, *, is_shown: bool = True) -> Outcome:
    """The outcome of an edit's request; what was accepted gets the edit's own id.

    `is_shown`: whether the answer shows the new words. A success without them proves nothing.
    """
    if not isinstance(outcome, Accepted):
        return outcome
    if not is_shown:
        return not_shown(outcome.limits)
    done = carried_out(parcel)
    return replace(outcome, remote_id=done.remote_id, url=done.url)


def not_read(seen: Absent | Deferred | AccountSuspended | Unknown) -> NotPrepared:
    """The problem of an edit whose post was to be read before, and was not shown."""
    if isinstance(seen, Absent):
        return NotPrepared(post_gone(seen.limits))
    if isinstance(seen, Unknown):
        return NotPrepared(Deferred(Kind.UNAVAILABLE, seen.message, limits=seen.limits))
    return NotPrepared(seen)


def keep_words_of_others(
    parcel: Parcel, is_shown: Callable[[Content], bool], limits: Sequence[Limit] = ()
) -> None:
    """Raise `NotPrepared` if the post says neither what is known of it nor the correction.

    `is_shown`: as in `sighting`. Somebody changed it there, perhaps to take a name out.
    """
    if not is_shown(target_of(parcel).content) and not is_shown(parcel.content):
        raise NotPrepared(Refused(Kind.CONTENT, other_words(), limits=tuple(limits), of_post=True))


def with_words(parcel: Parcel, prepared: Prepared) -> Prepared:
    """`prepared` with the words of an edit whose answer shows none: `words_of` has them then."""
    said = {"text": parcel.content.joined, "was": target_of(parcel).content.joined}
    return prepared.model_copy(update={"digest": parcel.content.digest, "records": (said,)})


def words_of(prepared: Prepared) -> str:
    """The words that an edit is to give its post."""
    return str(prepared.records[0]["text"])


def words_before(prepared: Prepared) -> str:
    """The words that its post had before."""
    return str(prepared.records[0]["was"])


def not_shown(limits: Sequence[Limit] = ()) -> Unknown:
    """The outcome of an edit that is said to be made, while the post does not show it."""
    message = _(
        "The platform reported that the words are changed, but does not show the new ones. "
        "Publisher looks at the post again, and changes it again if necessary."
    )
    return Unknown(message, limits=tuple(limits))


def sighting(
    parcel: Parcel, is_shown: Callable[[Content], bool], limits: Sequence[Limit] = ()
) -> Accepted | Absent | Unknown:
    """What a reading of the post tells of an edit.

    `is_shown`: whether it shows a content's words, as far as the platform tells: it may shorten
    links. What may be both, the correction and what was there before, a person decides.
    """
    target = target_of(parcel)
    is_new, is_old = is_shown(parcel.content), is_shown(target.content)
    if is_new and not is_old:
        return carried_out(parcel, limits)
    if is_old and not is_new:
        return Absent(limits=tuple(limits))
    message = _(
        "Publisher cannot tell whether the post {id} shows the correction: its words are neither "
        "surely those of the correction nor surely those from before. Someone may have changed "
        "it on the platform. Look at it, then record what you saw with `publisher resolve` or "
        "`publisher retry`.",
        id=target.remote_ids[0],
    )
    return Unknown(message, limits=tuple(limits))


def post_gone(limits: Sequence[Limit] = ()) -> Refused:
    """The outcome of an edit whose post the platform does not find."""
    message = _(
        "The post that it corrects is no longer on the platform: someone deleted it there, and "
        "nothing can be corrected. Publish the right words as a separate post."
    )
    return Refused(Kind.CONTENT, message, limits=tuple(limits))


def other_words() -> str:
    """The message about a post that does not say what it went out with."""
    return _(
        "The post that it corrects does not say what Publisher sent, or says it in another form: "
        "someone changed it on the platform. Nothing is replaced. Correct its words there."
    )


def other_pictures() -> str:
    """The message about a post that does not show the pictures that it went out with."""
    return _(
        "The post that it corrects shows other pictures than it went out with: someone changed "
        "it on the platform. Correct its words there, or withdraw it and publish it again."
    )
