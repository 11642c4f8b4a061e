"""Refusals of X: its own answers for faults."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from publisher.platforms.twitter.stand_in import problems
from publisher.platforms.twitter.stand_in.problems import ProblemResponse
from publisher.sandbox.fault_kinds import FaultEffect, FaultKind, What

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault


class XFault(FaultKind):
    """Faults that this platform alone plays."""

    REPLY_NOT_ALLOWED = "reply-not-allowed", "replying is not allowed: a thread stops"
    CREDITS_DEPLETED = "credits-depleted", "402: no credits are left"
    LOCKED = "locked", "403: the account is locked until somebody signs in"
    USAGE_CAPPED = "usage-capped", "429: the app's cap or spending limit is reached"
    AUTOMATED = "automated", "403: the account's posts look automated; to be tried again later"
    UPDATE_LIMIT = "update-limit", "403: the account has made the posts of a day"
    DAILY_LIMIT = (
        "daily-limit",
        "the app's limit of 24 hours is used up",
        FaultEffect.REFUSES,
        86_400,
    )
    YOUNG_PARENT = (
        "young-parent",
        "nobody may reply to a post that is younger than `seconds` (8)",
        FaultEffect.CHANGES,
        8,
    )
    UPLOADS_LOST = (
        "uploads-lost",
        "a post's uploads are gone before it is made: its media ids are invalid",
        FaultEffect.CHANGES,
    )
    SELF_MENTION = (
        "self-mention",
        "a timeline shows a reply with the account's own name before it",
        FaultEffect.CHANGES,
    )
    PREMIUM = (
        "premium",
        "the account has Premium, whatever `publisher.toml` says",
        FaultEffect.CHANGES,
    )
    NO_PREMIUM = (
        "no-premium",
        "the account has no Premium: more than 280 characters are refused",
        FaultEffect.CHANGES,
    )
    SHORTENED = (
        "shortened",
        "a timeline shows the beginning of a long text, and the rest nowhere",
        FaultEffect.CHANGES,
    )
    TOKEN_SPENT = (
        "token-spent",
        "a refresh token is refused as one that was exchanged before",
        FaultEffect.CHANGES,
    )
    SHORT_LIVED = (
        "short-lived",
        "access tokens that are given live for `seconds` (60)",
        FaultEffect.CHANGES,
        60,
    )
    SCOPE_MISSING = "scope-missing", "a consent leaves out `tweet.write`", FaultEffect.CHANGES


_PROBLEMS: dict[FaultKind, Callable[[], ProblemResponse]] = {
    What.DUPLICATE: lambda: problems.forbidden(problems.DUPLICATE),
    XFault.REPLY_NOT_ALLOWED: lambda: problems.not_permitted(problems.NOT_AUTHOR),
    What.NOT_FOUND: lambda: problems.not_found("post", "1"),
    What.FORBIDDEN: problems.not_permitted,
    What.SUSPENDED: problems.suspended,
    XFault.LOCKED: problems.locked,
    XFault.AUTOMATED: lambda: problems.forbidden(problems.AUTOMATED),
    XFault.UPDATE_LIMIT: lambda: problems.forbidden(problems.UPDATE_LIMIT),
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
