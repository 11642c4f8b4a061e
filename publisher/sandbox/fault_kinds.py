"""Kinds of faults: those that several platforms play, and what every kind says of itself.

A platform's own kinds are in its folder; its `PlatformSpec` has them.
"""

from enum import Enum, StrEnum, auto
from typing import Self


class FaultEffect(Enum):
    """What becomes of a request."""

    REFUSES = auto()
    """Its answer is replaced, and it is not carried out."""
    COMMITS = auto()
    """Its answer is replaced, and it is carried out."""
    CHANGES = auto()
    """It is carried out in another way."""


class FaultKind(StrEnum):
    """The kinds of faults of somebody, by name."""

    about: str
    """What happens."""
    effect: FaultEffect
    seconds: float
    """`Fault.seconds`, if the rule does not say it."""
    needs: str
    """The key that a rule must have besides; empty: none."""

    def __new__(
        cls,
        name: str,
        about: str,
        effect: FaultEffect = FaultEffect.REFUSES,
        seconds: float = 0.2,
        needs: str = "",
    ) -> Self:
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.about, kind.effect, kind.seconds, kind.needs = about, effect, seconds, needs
        return kind


class What(FaultKind):
    """The kinds that all platforms play, or several."""

    DUPLICATE = "duplicate", "the text is there already"
    NOT_FOUND = (
        "not-found",
        "404 in the platform's own words: it does not find the post, though it is there",
    )
    FORBIDDEN = "forbidden", "the app may not do this"
    SUSPENDED = "suspended", "the account is suspended, or blocked for breaking rules"
    ANSWER = "answer", "any answer: `status`, `body`, `headers`", FaultEffect.REFUSES, 0.2, "status"
    RATE_LIMIT = "rate-limit", "the limit is used up for `seconds` (900)", FaultEffect.REFUSES, 900
    BAD_RESET = "bad-reset", "the limit is used up, and nobody can read until when"
    BAD_REQUEST = "bad-request", "the request is refused as wrong"
    UNAUTHORISED = "unauthorised", "the keys or the token are not accepted"
    TOKEN_DEAD = (
        "token-dead",
        "the token is not valid any more; its error may have a `subcode`",
    )
    SERVER_ERROR = "server-error", "`status` 500, 502, 503 or 504 in the platform's own manner"
    HTML = "html", "an HTML page with `status` 502, as from a machine in between"
    NO_ERROR = "no-error", "a 500 whose JSON names no error", FaultEffect.COMMITS
    REDIRECT = (
        "redirect",
        "a 302 to a place that says yes to everything, with the answer of a success",
        FaultEffect.COMMITS,
    )
    NOT_JSON = "not-json", "success, with a body that is no JSON", FaultEffect.COMMITS
    EMPTY = "empty", "success, without a body", FaultEffect.COMMITS
    BOMB = "bomb", "success, as gzip that unpacks to 50 MB", FaultEffect.COMMITS
    ENDLESS = "endless", "success, with a body that never ends", FaultEffect.COMMITS
    DRIP = "drip", "success, a byte of it every `seconds` (0.05)", FaultEffect.COMMITS, 0.05
    STRANGE = (
        "strange",
        "success, with numbers of 400 digits for its values, and for its numbers none (NaN)",
        FaultEffect.COMMITS,
    )
    ODD_IDS = "odd-ids", "success, with words for its ids", FaultEffect.COMMITS
    OTHER_CHARSET = "other-charset", "success, in UTF-16", FaultEffect.COMMITS
    HEADERS_TWICE = (
        "headers-twice",
        "success, with each header a second time, with another value",
        FaultEffect.COMMITS,
    )
    STALE = (
        "stale",
        "the answer to the request of the same kind before it, as from a wrong cache",
        FaultEffect.COMMITS,
    )
    HANG_UP = "hang-up", "the connection is reset"
    CUT = "cut", "the connection ends in the middle of the answer", FaultEffect.COMMITS
    HANG = "hang", "no answer, ever"
    LATE = (
        "late",
        "no answer, and carried out `seconds` (0.9) after the client gave up",
        FaultEffect.COMMITS,
        0.9,
    )
    SLOW = "slow", "the answer comes `seconds` (0.2) later", FaultEffect.CHANGES
    LAG = (
        "lag",
        "a timeline that is read is `seconds` (5) of real time behind",
        FaultEffect.CHANGES,
        5,
    )
    EDIT_LATE = (
        "edit-late",
        "a post that is read has the words from before an edit for `seconds` (5) of real time",
        FaultEffect.CHANGES,
        5,
    )
    PROCESSING_FAILED = (
        "processing-failed",
        "the GIF, video or document of this upload fails",
        FaultEffect.CHANGES,
    )
    WRONG_DATE = (
        "wrong-date",
        "the answer's `Date` is `seconds` (3600) ahead of the time; negative: behind",
        FaultEffect.CHANGES,
        3600,
    )
    OVERLOAD = (
        "overload",
        (
            "requests wait in line, each `seconds` (1) behind the one before, and are carried out "
            "whether somebody still waits or not"
        ),
        FaultEffect.CHANGES,
        1,
    )
    IGNORED = (
        "ignored",
        (
            "success, and nothing is changed, made public or deleted; on some platforms of "
            "deletions alone"
        ),
        FaultEffect.CHANGES,
    )
    RENAMED = "renamed", "a profile has another handle and name", FaultEffect.CHANGES
    AVATAR_CHANGED = "avatar-changed", "a profile has another picture", FaultEffect.CHANGES
    AVATAR_NONE = "avatar-none", "a profile has no picture", FaultEffect.CHANGES
    AVATAR_MISSING = "avatar-missing", "a profile's picture answers with a 404", FaultEffect.CHANGES
    AVATAR_HUGE = "avatar-huge", "a profile's picture has 2 MB", FaultEffect.CHANGES
    AVATAR_BROKEN = (
        "avatar-broken",
        "a profile's picture is none: its bytes end in the middle",
        FaultEffect.CHANGES,
    )
    AVATAR_REDIRECT = (
        "avatar-redirect",
        "a profile's picture answers with a 302 to another host",
        FaultEffect.CHANGES,
    )
    COUNTS_REFUSED = (
        "counts-refused",
        "the keys may not read the counts that need a permission of their own",
        FaultEffect.CHANGES,
    )
    COUNTS_GONE = (
        "counts-gone",
        "views are not counted any more: they are left out, or refused as unknown",
        FaultEffect.CHANGES,
    )
    AVATAR_ELSEWHERE = (
        "avatar-elsewhere",
        "the address of a profile's picture is another host's",
        FaultEffect.CHANGES,
    )


AVATARS = frozenset(what for what in What if what.startswith("avatar-"))
"""Faults of a profile's picture."""
