"""Faults that X alone plays."""

from publisher.sandbox.fault_kinds import Effect, FaultKind


class XFault(FaultKind):
    """The kinds by name."""

    REPLY_NOT_ALLOWED = "reply-not-allowed", "replying is not allowed: a thread stops"
    CREDITS_DEPLETED = "credits-depleted", "402: no credits are left"
    LOCKED = "locked", "403: the account is locked until somebody signs in"
    USAGE_CAPPED = "usage-capped", "429: the app's cap or spending limit is reached"
    DAILY_LIMIT = "daily-limit", "the app's limit of 24 hours is used up", Effect.REFUSES, 86_400
    YOUNG_PARENT = (
        "young-parent",
        "nobody may reply to a post that is younger than `seconds` (8)",
        Effect.CHANGES,
        8,
    )
    SELF_MENTION = (
        "self-mention",
        "a timeline shows a reply with the account's own name before it",
        Effect.CHANGES,
    )
