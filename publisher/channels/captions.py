"""Captions of a video, on platforms that take them in requests of their own before the post.

A post never waits for them past its time, and never fails for them: it goes out without them then,
and its history says so.
"""

from datetime import datetime

from publisher.base.i18n import _
from publisher.model.deliveries import Parcel
from publisher.model.outcomes import AccountSuspended, Kind, Outcome, Refused

_OF_ALL_REQUESTS = frozenset({Kind.AUTH, Kind.RATE_LIMIT, Kind.APP_LIMIT})


def goes_without(parcel: Parcel, outcome: Outcome, now: datetime) -> bool:
    """Whether a post goes out without its captions, after this outcome of bringing them.

    A fault that may pass is worth another try while there is time. An account that may bring no
    captions may publish all the same; one that may do nothing at all cannot.
    """
    if isinstance(outcome, AccountSuspended):
        return outcome.kind not in _OF_ALL_REQUESTS
    return isinstance(outcome, Refused) or now >= (parcel.send_at or parcel.due_at)


def not_taken(platform: str, says: str) -> str:
    """The note for the history; `says`: the platform's words, as `answers.quote` gives them."""
    return _(
        "{platform} has not taken the captions of the video{says}, so the post goes out without "
        "them. Add them there by hand.",
        platform=platform,
        says=says,
    )


def of_no_language(platform: str) -> str:
    """The note for captions in a language that the platform has no code for, or in none."""
    return _(
        "{platform} takes captions in a known language alone, so the post goes out without those of "
        "the video. Give the draft a `lang`, or add them there by hand.",
        platform=platform,
    )
