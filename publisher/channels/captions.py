"""Captions of a video, on platforms that take them in requests of their own before the post.

A post never waits for them past its time, and never fails for them: it goes out without them then,
and its history says so.
"""

from datetime import datetime, timedelta

from publisher.base.i18n import _
from publisher.model.deliveries import Parcel
from publisher.model.outcomes import PASSING, AccountSuspended, Kind, Outcome, Refused

_LONGEST_TRY = timedelta(minutes=3)
"""A pause before one more try, and what its requests may take."""


def goes_without(parcel: Parcel, outcome: Outcome, now: datetime) -> bool:
    """Whether a post goes out without its captions, after this outcome of bringing them.

    A fault or a limit that may pass is worth another try while there is time for a whole one after
    it. An account that may bring no captions may publish all the same; one whose keys are not
    accepted cannot.
    """
    again_at = now
    if isinstance(outcome, AccountSuspended):
        if outcome.kind not in PASSING:
            return outcome.kind is not Kind.AUTH
        again_at = outcome.until or now + max(outcome.backoff, default=timedelta(0))
    is_late = again_at >= (parcel.send_at or parcel.due_at) - _LONGEST_TRY
    return isinstance(outcome, Refused) or is_late


def not_taken(platform: str, says: str) -> str:
    """The note for the history; `says`: the platform's words, as `answers.quote` gives them."""
    return _(
        "{platform} did not accept the captions of the video{says}, so the post goes out without "
        "them. Add them there by hand.",
        platform=platform,
        says=says,
    )


def of_no_language(platform: str) -> str:
    """The note for captions in a language that the platform has no code for, or in none."""
    return _(
        "{platform} accepts only captions in a known language, so the post goes out without "
        "those of the video. Give the draft a `lang`, or add the captions there by hand.",
        platform=platform,
    )
