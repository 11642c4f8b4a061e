"""Broker errors: translate the Redis client's exceptions into messages and hints."""

import re

import redis
import redis.sentinel

from publisher.base.errors import BrokerUnavailable
from publisher.base.i18n import _, later
from publisher.settings import redis_sentinel

_INNER_PARTS = re.compile(r"<redis\.client\.Redis\(.*?\)>\)>\)> - ")


def unavailable(url: str, error: BaseException) -> BrokerUnavailable:
    """Translate an error of the broker's client at `url` into a message and a hint."""
    where = _("The broker at {address}", address=address_of(url))
    reason = plain(_harmless(error, url))
    for types, message, hint in _REFUSALS:
        if isinstance(error, types):
            return BrokerUnavailable(
                f"{where} {_(message)}: {reason}.", hint=_(hint), plainly=_plainly(_(message))
            )
    message = _("cannot be reached")
    return BrokerUnavailable(f"{where} {message}: {reason}.", plainly=_plainly(message))


def _plainly(message: str) -> str:
    return f"{_('The broker')} {message}."


_REFUSALS: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    (
        (redis.sentinel.MasterNotFoundError,),
        later("has no primary that can be reached"),
        later(
            "In [broker] url, list the Sentinels, as master_name what they call the primary, and "
            "their own password, if they have one, as sentinel_password."
        ),
    ),
    (
        (redis.AuthenticationError,),
        later("refuses the user or the password"),
        later(
            "Put both into [broker] url or PUBLISHER_BROKER__URL: "
            "redis://USER:PASSWORD@HOST:6379/0."
        ),
    ),
    (
        (redis.exceptions.NoPermissionError,),
        later("does not let its user work"),
        later(
            "Give the user of [broker] url all commands and keys (ACL SETUSER NAME ~* &* +@all), "
            "or choose another user."
        ),
    ),
    (
        (redis.exceptions.OutOfMemoryError,),
        later("is full"),
        later("Raise its maxmemory, or give Publisher its own broker."),
    ),
    (
        (redis.exceptions.ReadOnlyError,),
        later("is a read-only copy"),
        later("Put the primary server into [broker] url."),
    ),
    (
        (redis.ResponseError,),  # MISCONF, which is a disk that it cannot save to, and others
        later("refuses to work"),
        later("The broker's own log says more. If its disk is full, make room on it."),
    ),
    (
        (TypeError, AttributeError),  # how the client takes an option that it does not know
        later("cannot be reached"),
        later("Take what follows the question mark out of [broker] url."),
    ),
)
"""The client's exceptions, specific before general ones, with message and hint."""


def address_of(url: str) -> str:
    """Scheme, host and port of a URL, without the credentials before the @."""
    scheme, _separator, rest = url.partition("://")
    if redis_sentinel.is_meant(url):
        return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2].partition('/')[0]}"
    return f"{scheme}://{rest.rpartition('@')[2].partition('/')[0] or _('(no host)')}"


def _harmless(error: BaseException, url: str) -> str:
    """The error's text, without the credentials before the @ in `url`."""
    text, login = str(error).rstrip("."), url.partition("://")[2].rpartition("@")[0]
    for secret in (login, login.partition(":")[2]):
        text = text.replace(secret, "…") if secret else text
    return text


def plain(text: str) -> str:
    """The error's text, without the failed command and the client's internal details."""
    return _INNER_PARTS.sub("", text.rpartition(" caused error: ")[2])
