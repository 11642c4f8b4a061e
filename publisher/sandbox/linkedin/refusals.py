"""Refusals of LinkedIn: its own answers for faults."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from publisher.sandbox.fault_kinds import FaultKind, What
from publisher.sandbox.linkedin import errors
from publisher.sandbox.linkedin.errors import LinkedInError

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault

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
