"""What the meanings of both platforms' answers need: doubt, and reading what nobody vouches for."""

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from publisher.base.i18n import _, later
from publisher.model.outcomes import Deferred, Kind, Step, Unknown

DEFAULT_REST = timedelta(minutes=15)
"""How long the accounts of an app rest at most, when the platform does not say credibly how long."""
LONGEST_REST = timedelta(hours=25)
"""How long an account rests at most without being asked whether it goes on: no window of a platform is
longer than a day, and our clock may be off."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_FIRST_YEAR, _LAST_YEAR = 2000, 2999
AGAIN = later("It is tried again by itself.")


def doubt(what: str, step: Step) -> Unknown | Deferred:
    """Whether the request had its effect cannot be told from its end."""
    if step is Step.LAY_READY:
        message = _(
            "{what} while the post was laid ready. Nothing is public; it will be repeated.",
            what=what,
        )
        return Deferred(Kind.UNAVAILABLE, message)
    if step is Step.READ:
        return unread(what)
    if step is Step.WITHDRAW:
        return Unknown(_("{what}, so the post may be deleted or not.", what=what))
    return Unknown(
        _(
            "{what}, so the post may be out or not. The account is read before "
            "anything is sent again.",
            what=what,
        )
    )


def unread(what: str) -> Deferred:
    """The account could not be read."""
    return Deferred(
        Kind.UNAVAILABLE,
        _(
            "{what} when the account was read. Whether the post is out is not "
            "known yet; the account will be read again.",
            what=what,
        ),
    )


def parsed(text: str) -> Any:
    """The value of a JSON text; None when it is none.

    Whatever a platform says reaches the ledger through here. What no database takes is replaced: half
    of a surrogate pair, and the character NUL.
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
    """An instant with an offset that a platform told, in UTC; None where it cannot be meant."""
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        return None
    return instant.astimezone(UTC)


def dated(header: str) -> datetime | None:
    """The instant of a `Date` header (RFC 9110, section 5.6.7), in UTC; None where it cannot be meant.

    It is UTC where it names no zone, or `-0000`.
    """
    try:
        instant = parsedate_to_datetime(header)
    except (OverflowError, TypeError, ValueError):
        return None
    return credible(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def identifier(value: Any) -> str:
    """An id as text; empty when it is none."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if re.fullmatch(r"[A-Za-z0-9_-]{1,100}", text) else ""


def whole(value: Any) -> int | None:
    """A whole number of at most twelve digits, written as one or as text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()  # of more than `int` takes for space, such as U+001F
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


def number(value: Any) -> float:
    """A finite number that is not absurd; 0 when it is none."""
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return value if usable and 0 < value < 1e9 else 0


def named_status(status: int) -> str:
    return _("status {status}", status=status) if 100 <= status <= 999 else _("no status")


def quote(text: Any) -> str:
    """The platform's own words for a message, without addresses, control characters and whatever
    looks like a token.
    """
    if not isinstance(text, str):
        return ""
    raw = text.encode("utf-8", "replace").decode().split()
    words = ["".join(filter(str.isprintable, word)) for word in raw]
    plain = [w for w in words if 0 < len(w) <= 40 and "://" not in w and "=" not in w]
    short = " ".join(plain)[:200].rstrip(" .:;,")
    return f" (“{short}”)" if short else ""
