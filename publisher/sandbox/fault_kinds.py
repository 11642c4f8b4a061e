"""Kinds of faults."""

from enum import StrEnum


class What(StrEnum):
    """The faults by name; `Fault` describes each."""

    DUPLICATE = "duplicate"
    REPLY_NOT_ALLOWED = "reply-not-allowed"
    NOT_FOUND = "not-found"
    FORBIDDEN = "forbidden"
    SUSPENDED = "suspended"
    CREDITS_DEPLETED = "credits-depleted"
    LOCKED = "locked"
    USAGE_CAPPED = "usage-capped"
    TOO_OFTEN = "too-often"
    ALREADY_POSTED = "already-posted"
    LINK_UNREAD = "link-unread"
    ANSWER = "answer"
    RATE_LIMIT = "rate-limit"
    DAILY_LIMIT = "daily-limit"
    BAD_RESET = "bad-reset"
    BAD_REQUEST = "bad-request"
    UNAUTHORISED = "unauthorised"
    TOKEN_DEAD = "token-dead"  # noqa: S105 - a name, no secret
    GRAPH_ERROR = "graph-error"
    SERVER_ERROR = "server-error"
    HTML = "html"
    NO_ERROR = "no-error"
    REDIRECT = "redirect"
    NOT_JSON = "not-json"
    EMPTY = "empty"
    HANG_UP = "hang-up"
    CUT = "cut"
    HANG = "hang"
    LATE = "late"
    SLOW = "slow"
    LAG = "lag"
    USAGE = "usage"
    PROCESSING_FAILED = "processing-failed"
    WRONG_DATE = "wrong-date"
    OVERLOAD = "overload"
    YOUNG_PARENT = "young-parent"
    SELF_MENTION = "self-mention"
    AUTO_PUBLISH = "auto-publish"
    IGNORED = "ignored"
    ALREADY_PUBLISHED = "already-published"
    NO_FIELDS = "no-fields"
    FIELDS_DENIED = "fields-denied"
    RENAMED = "renamed"
    AVATAR_CHANGED = "avatar-changed"
    AVATAR_NONE = "avatar-none"
    AVATAR_MISSING = "avatar-missing"
    AVATAR_HUGE = "avatar-huge"
    AVATAR_BROKEN = "avatar-broken"
    AVATAR_REDIRECT = "avatar-redirect"
    AVATAR_ELSEWHERE = "avatar-elsewhere"
    KEYS_IGNORED = "keys-ignored"
    KEY_RACE = "key-race"
    REPEAT_FAILS = "repeat-fails"
    OTHER_LIMITS = "other-limits"
    PROCESSING_SLOW = "processing-slow"
    VIDEO_LIMIT = "video-limit"


AVATARS = frozenset(
    {
        What.AVATAR_CHANGED,
        What.AVATAR_NONE,
        What.AVATAR_MISSING,
        What.AVATAR_HUGE,
        What.AVATAR_BROKEN,
        What.AVATAR_REDIRECT,
        What.AVATAR_ELSEWHERE,
    }
)
"""Faults of a profile's picture."""
CHANGES = AVATARS | {
    What.AUTO_PUBLISH, What.ALREADY_PUBLISHED, What.NO_FIELDS, What.FIELDS_DENIED,
    What.IGNORED, What.SLOW, What.LAG, What.USAGE, What.PROCESSING_FAILED, What.WRONG_DATE, What.OVERLOAD,
    What.YOUNG_PARENT, What.SELF_MENTION, What.RENAMED, What.KEYS_IGNORED, What.KEY_RACE,
    What.REPEAT_FAILS, What.OTHER_LIMITS, What.PROCESSING_SLOW, What.VIDEO_LIMIT,
}  # fmt: skip
"""Faults that change how a request is carried out; all others replace its answer."""
