"""Refusals of Mastodon: its own answers for faults."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from publisher.platforms.mastodon.stand_in import errors
from publisher.platforms.mastodon.stand_in.errors import ApiError
from publisher.sandbox.fault_kinds import FaultEffect, FaultKind, What
from publisher.sandbox.store import iso

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault


class MastodonFault(FaultKind):
    """Faults that this platform alone plays."""

    KEYS_IGNORED = (
        "keys-ignored",
        "a status is posted whatever its idempotency key, as by servers of another make",
        FaultEffect.CHANGES,
    )
    KEY_RACE = (
        "key-race",
        (
            "the idempotency key is kept `seconds` (0.2) after the status is posted, as before "
            "Mastodon 4.6"
        ),
        FaultEffect.CHANGES,
    )
    REPEAT_FAILS = (
        "repeat-fails",
        (
            "a repeat with its idempotency key answers with status 500, as in Mastodon 4.6 before "
            "September 2026"
        ),
        FaultEffect.CHANGES,
    )
    NO_LIST = (
        "no-list",
        "several statuses cannot be read in one request, as before Mastodon 4.3",
        FaultEffect.CHANGES,
    )
    OTHER_LIMITS = (
        "other-limits",
        "the server takes 1,000 characters, and says so",
        FaultEffect.CHANGES,
    )


_REFUSALS: dict[FaultKind, tuple[int, str]] = {
    What.DUPLICATE: (422, "Validation failed: Text is a duplicate"),
    What.FORBIDDEN: (403, errors.SCOPES),
    What.SUSPENDED: (403, errors.DISABLED),
    What.BAD_REQUEST: (422, "Validation failed: the sandbox was told to refuse this"),
    What.UNAUTHORISED: (401, errors.UNAUTHORISED),
    What.NOT_FOUND: (404, errors.NOT_FOUND),
}


def refusal(fault: "Fault", now: datetime) -> ApiError:
    """The error that a fault stands for; `now` by the sandbox's clock."""
    if fault.what is What.SERVER_ERROR:
        return ApiError(fault.status or 500, errors.BUSY)
    if fault.what in (What.RATE_LIMIT, What.BAD_RESET):
        over = now + timedelta(seconds=fault.delay)
        reset = "soon" if fault.what is What.BAD_RESET else iso(over)
        headers = rate_headers(300, 0, reset)
        return ApiError(429, errors.THROTTLED, headers)
    status, error = _REFUSALS[fault.what]
    return ApiError(status, error)


def rate_headers(limit: int, remaining: int, reset: str) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": reset,
    }
