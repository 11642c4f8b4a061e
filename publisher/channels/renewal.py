"""Renewal of keys that expire: what a channel says of it. `publisher.delivery.keyring` does it.

For platforms whose access tokens live for hours, and whose refresh tokens work once each (OAuth
2.0, RFC 6749 section 6).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publisher.channels.spec import ChannelOptions

ENDS = "expires_at"
"""The credential that says when the others expire, in ISO 8601."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class NotRenewed(Exception):
    """The platform gave no new keys; the text says why.

    `is_final`: it refuses these, so the account has to be connected again. `may_be_spent`: the
    answer did not arrive, so these may have been exchanged for new ones that nobody has.
    """

    def __init__(self, message: str, *, is_final: bool = False, may_be_spent: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.is_final = is_final
        self.may_be_spent = may_be_spent


Renewer = Callable[[Mapping[str, str], "ChannelOptions"], Mapping[str, str]]
"""Exchanges credentials for new ones, and returns those that change. Raises `NotRenewed`."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """How the keys of a channel's accounts are renewed before they expire."""

    by: str
    """The credential that is exchanged for new ones; an account without it is not renewed."""
    replaces: tuple[str, ...]
    """The credentials that a renewal changes; `by` and `ENDS` are among them."""
    ahead: timedelta
    """How long before they expire they are renewed."""
    renew: Renewer

    def concerns(self, credentials: Mapping[str, str]) -> bool:
        """Whether these keys are renewed."""
        return bool(credentials.get(self.by))


def ends(credentials: Mapping[str, str]) -> datetime:
    """When these keys expire; long ago if they do not say it."""
    try:
        told = datetime.fromisoformat(credentials.get(ENDS, ""))
    except ValueError:
        return _LONG_AGO
    return told.astimezone(UTC) if told.tzinfo else _LONG_AGO
