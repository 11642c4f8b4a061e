"""Refusals of LinkedIn: its own answers for faults."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from publisher.platforms.linkedin.stand_in import errors
from publisher.platforms.linkedin.stand_in.errors import LinkedInError
from publisher.sandbox.fault_kinds import FaultEffect, FaultKind, What

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault


class LinkedInFault(FaultKind):
    """Faults that this platform alone plays."""

    NO_FEED = (
        "no-feed",
        "the token lacks r_organization_social_feed and w_organization_social_feed, for comments",
        FaultEffect.CHANGES,
    )
    REFRESH_TOKEN = (
        "refresh-token",
        "a code is exchanged for a refresh token too, as for approved apps",
        FaultEffect.CHANGES,
    )
    CONSENT_ENDS = (
        "consent-ends",
        "a consent ends in `seconds` (432000): no token lives longer",
        FaultEffect.CHANGES,
        432_000,
    )
    NOT_THEIRS = (
        "not-theirs",
        "comments of members may not be deleted by the page",
        FaultEffect.CHANGES,
    )
    NO_SUMMARY = (
        "no-summary",
        "a comment does not say how many are below it",
        FaultEffect.CHANGES,
    )
    NO_TOTAL = (
        "no-total",
        "a page of comments says that there is a next one, and not how many there are in all",
        FaultEffect.CHANGES,
    )
    OLDEST_FIRST = "oldest-first", "comments are listed with the oldest first", FaultEffect.CHANGES
    NOT_BELOW = (
        "not-below",
        "what is below a comment is not listed",
        FaultEffect.CHANGES,
    )
    BATCH_SILENT = (
        "batch-silent",
        "of several comments that are asked for, those that are not there are left out",
        FaultEffect.CHANGES,
    )


_ERRORS: dict[FaultKind, Callable[[], LinkedInError]] = {
    What.DUPLICATE: lambda: errors.duplicate("urn:li:share:1"),
    What.FORBIDDEN: errors.denied,
    What.SUSPENDED: lambda: LinkedInError(403, "FORBIDDEN", "This page is restricted"),
    What.NOT_FOUND: lambda: errors.not_found("urn:li:share:1"),
    What.RATE_LIMIT: errors.too_many,
    What.BAD_RESET: errors.too_many,
    What.BAD_REQUEST: lambda: errors.invalid("The sandbox was told to refuse this"),
    What.UNAUTHORISED: lambda: errors.unauthorised("EXPIRED_ACCESS_TOKEN"),
}


def refusal(fault: "Fault") -> LinkedInError:
    """The error that a fault stands for."""
    if fault.what is What.SERVER_ERROR:
        return errors.internal(fault.status or 500)
    return _ERRORS[fault.what]()
