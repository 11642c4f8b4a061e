"""Refusals of X: its own answers for faults."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from publisher.sandbox.fault_kinds import FaultKind, What
from publisher.sandbox.twitter import problems
from publisher.sandbox.twitter.faults import XFault
from publisher.sandbox.twitter.problems import ProblemResponse

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault

_PROBLEMS: dict[FaultKind, Callable[[], ProblemResponse]] = {
    What.DUPLICATE: lambda: problems.forbidden(problems.DUPLICATE),
    XFault.REPLY_NOT_ALLOWED: lambda: problems.not_permitted(problems.NOT_AUTHOR),
    What.NOT_FOUND: lambda: problems.not_found("post", "1"),
    What.FORBIDDEN: problems.not_permitted,
    What.SUSPENDED: problems.suspended,
    XFault.LOCKED: problems.locked,
    XFault.USAGE_CAPPED: problems.usage_capped,
    XFault.CREDITS_DEPLETED: problems.credits_depleted,
    What.BAD_REQUEST: lambda: problems.invalid("The sandbox was told to refuse this"),
    What.UNAUTHORISED: lambda: problems.unauthorised("the sandbox was told to refuse this"),
}


def refusal(fault: "Fault", now: datetime) -> ProblemResponse:
    """The problem that a fault stands for; `now` by the sandbox's clock."""
    if fault.what is What.SERVER_ERROR:
        return problems.internal(fault.status or 500)
    if fault.what in (What.RATE_LIMIT, XFault.DAILY_LIMIT, What.BAD_RESET):
        daily = fault.what is XFault.DAILY_LIMIT
        kind, limit = ("x-app-limit-24hour", 10_000) if daily else ("x-rate-limit", 100)
        over = now + timedelta(seconds=fault.delay)
        reset = "soon" if fault.what is What.BAD_RESET else str(int(over.timestamp()) + 1)
        numbers = {"limit": str(limit), "remaining": "0", "reset": reset}
        return problems.too_many({f"{kind}-{name}": text for name, text in numbers.items()})
    return _PROBLEMS[fault.what]()
