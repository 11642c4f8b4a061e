"""Refusals of Mastodon: its own answers for faults."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from publisher.sandbox.fault_kinds import FaultKind, What
from publisher.sandbox.mastodon import errors
from publisher.sandbox.mastodon.errors import ApiError
from publisher.sandbox.store import iso

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault

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
