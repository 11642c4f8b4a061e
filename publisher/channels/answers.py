"""Answers of platforms: their meaning for a delivery, and safe parsing of untrusted values."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Literal, TypeVar, overload
from urllib.parse import urlsplit

from publisher.base.clock import Clock
from publisher.base.i18n import _, later
from publisher.model.outcomes import (
    THROTTLED,
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Limit,
    Outcome,
    Reading,
    Step,
    StillOut,
    SuspensionScope,
    Unknown,
    Wire,
)

DEFAULT_SUSPENSION = timedelta(minutes=15)
"""The longest suspension of an app's accounts, when the platform names no credible end."""
LONGEST_SUSPENSION = timedelta(hours=25)
"""The longest suspension of an account before it is tested: no platform's window is longer than a
day, and our clock may be wrong.
"""
_JUST_NOW = timedelta(seconds=2)
"""An end that is no later names none: whoever believed it would ask once a second."""
READING_KEPT = 30.0
"""How long a reading is cached, in real seconds."""
_LONGEST_ADDRESS = 500
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_FIRST_YEAR, _LAST_YEAR = 2000, 2999
_MOST_UPLOADS = 4
"""Attempts of a post whose uploads the platform does not find."""
AGAIN = later("Publisher tries again by itself.")

Read = TypeVar("Read")


def doubt(what: str, step: Step) -> Unknown | Deferred:
    """The outcome when it is not known whether the request had its effect."""
    if step is Step.PREPARE:
        message = _(
            "{what} while the post was being prepared. Nothing is public; Publisher tries again.",
            what=what,
        )
        return Deferred(Kind.UNAVAILABLE, message)
    if step is Step.READ:
        return unread(what)
    if step is Step.WITHDRAW:
        return Unknown(_("{what}, so the post may be deleted or not.", what=what))
    return Unknown(
        _(
            "{what}, so the post may be out or not. Publisher reads the account before it sends "
            "anything again.",
            what=what,
        )
    )


def unread(what: str) -> Deferred:
    """The outcome when the account could not be read."""
    return Deferred(
        Kind.UNAVAILABLE,
        _(
            "{what} when Publisher read the account. Whether the post is out is not known yet; "
            "Publisher will read the account again.",
            what=what,
        ),
        reason=what,
    )


def still_out(platform: str, limits: tuple[Limit, ...] = ()) -> StillOut:
    """The outcome of a deletion after which the post was read, and is public."""
    message = _("{platform} was asked to delete it, but still shows it.", platform=platform)
    return StillOut(Kind.UNAVAILABLE, message, limits=limits)


def upload_lost(message: str, at_last: str) -> Deferred:
    """The outcome of a post whose upload the platform took, and does not find any more."""
    return Deferred(
        Kind.UNAVAILABLE, message, most=_MOST_UPLOADS, at_last=at_last, uploads_gone=True
    )


def parsed(text: str) -> Any:
    """The value of a JSON text; None when it is not JSON.

    Everything that a platform says reaches the ledger through here. What no database can store is
    replaced: half of a surrogate pair, and the character NUL.
    """
    try:
        return _storable(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return value


def credible(instant: datetime) -> datetime | None:
    """An instant with an offset from a platform, in UTC; None when it is not plausible."""
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        return None
    return instant.astimezone(UTC)


def dated(header: str) -> datetime | None:
    """The instant of a `Date` header (RFC 9110, section 5.6.7), in UTC; None if not plausible.

    Without a zone, or with `-0000`, it is UTC.
    """
    try:
        instant = parsedate_to_datetime(header)
    except (OverflowError, TypeError, ValueError):
        return None
    return credible(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def identifier(value: Any) -> str:
    """An id as text; empty when it is not one."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if re.fullmatch(r"[A-Za-z0-9_-]{1,100}", text) else ""


def address(value: Any) -> str | None:
    """The public address of a post; None when it is none that can be opened."""
    if not isinstance(value, str) or len(value) > _LONGEST_ADDRESS or re.search(r"[\s<>\"]", value):
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return value if parts.scheme in ("https", "http") and parts.hostname else None


def numeral(value: Any) -> str:
    """An id of digits alone, as text; empty when it is not one."""
    text = identifier(value)
    return text if re.fullmatch(r"[0-9]{1,20}", text) else ""


def whole(value: Any) -> int | None:
    """A whole number of at most twelve digits, from a number or a text; None for anything else."""
    if not isinstance(value, str | int):
        return None
    text = str(value).strip()  # removes more than `int` accepts as space, such as U+001F
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


def number(value: Any) -> float:
    """A finite number below 10^9; 0 for anything else."""
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return value if usable and 0 < value < 1e9 else 0


def named_status(status: int) -> str:
    return _("status {status}", status=status) if 100 <= status <= 999 else _("no status")


def quote(text: Any) -> str:
    """The platform's own text for a message, without addresses, control characters and tokens."""
    if not isinstance(text, str):
        return ""
    raw = text.encode("utf-8", "replace").decode().split()
    words = ["".join(filter(str.isprintable, word)) for word in raw]
    plain = [w for w in words if 0 < len(w) <= 40 and "://" not in w and "=" not in w]
    short = " ".join(plain)[:200].rstrip(" .:;,")
    return f" (“{short}”)" if short else ""


@dataclass(frozen=True, slots=True)
class Answers:
    """Interprets the answers of one platform, with pure functions.

    The rule for every case: only what is proved not to be public is refused; a time-out after
    sending, a reset, a 5xx or a 2xx that cannot be read leaves the outcome unknown, and nothing is
    sent again before the platform has been read. The cases come from the platforms' documentation,
    and from observed answers; answers.py in the tests of each platform lists them.

    Messages are for the manager: what happened and what to do next, without addresses or secrets.
    """

    name: str
    """The platform's name, for messages."""
    meaning: Callable[[Answer, Step], Outcome]
    """Interprets a complete answer to anything but a reading."""
    reading: Callable[[Answer], Reading]
    """Interprets a complete answer to a reading."""
    limits: Callable[[Answer, Step], tuple[Limit, ...]]
    """The account's limits from the answer's headers."""
    app_suspension: Callable[[Answer, Step], datetime | None]
    """until when all accounts of the app are suspended; None if they do not."""
    apart: frozenset[Step] = frozenset()
    """The steps whose limits are counted by themselves: what is used up there stops no other."""

    @overload
    def judge(self, answer: Answer, step: Literal[Step.READ]) -> Reading: ...
    @overload
    def judge(self, answer: Answer, step: Step = Step.PUBLISH) -> Outcome: ...
    def judge(self, answer: Answer, step: Step = Step.PUBLISH) -> Outcome:
        """The outcome of `answer`, with the limits of the account and its app."""
        if answer.wire is Wire.NOT_SENT:
            what = _(
                "{name} could not be reached ({reason})",
                name=self.name,
                reason=answer.reason or _("no connection"),
            )
            if step is Step.READ:
                return unread(what)
            return Deferred(
                Kind.UNAVAILABLE,
                _("{what}. Nothing was sent; Publisher will try again.", what=what),
            )
        if answer.wire is Wire.NO_ANSWER:
            what = _(
                "{name} did not answer ({reason})",
                name=self.name,
                reason=answer.reason or _("the connection broke"),
            )
            return doubt(what, step)
        means = self.reading(answer) if step is Step.READ else self.meaning(answer, step)
        if isinstance(means, AccountSuspended) and means.kind is Kind.RATE_LIMIT:
            means = self._used_up(answer, step, means)
        return replace(
            means,
            limits=self.limits(answer, step),
            app_suspended_until=self.app_suspension(answer, step),
        )

    def _used_up(self, answer: Answer, step: Step, means: AccountSuspended) -> AccountSuspended:
        """The suspension by a used-up limit: what it is of, and until when."""
        if means.until and means.until <= answer.received_at + _JUST_NOW:
            means = replace(means, until=None, backoff=THROTTLED)
        if step not in self.apart:
            return means
        message = means.message
        if step is Step.PREPARE:
            message = _(
                "{platform} accepts no more pictures and videos from this account for now. Posts "
                "without any go out, and this one follows by itself.",
                platform=self.name,
            )
        return replace(means, message=message, scope=SuspensionScope.APART)

    def unreadable(self) -> Deferred:
        """The outcome of an answer that should show what is on the platform, and does not."""
        return unread(_("{platform} gave an answer that Publisher cannot use", platform=self.name))


class Lately(Generic[Read]):
    """Cache of a channel's last reading, for deliveries that the same reading can resolve."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0.0
        self._read: Read | None = None

    def keep(self, read: Read) -> Read:
        """Cache a new reading, or its failure."""
        self._read, self._until = read, self._clock.monotonic() + READING_KEPT
        return read

    @property
    def read(self) -> Read | None:
        """The cached reading; None when it is too old."""
        if self._clock.monotonic() >= self._until:
            self._read = None
        return self._read
