"""Addresses of people: which are allowed, how they are shown, and opening them for sending.

Anyone who may log in names such an address, so it is worth less trust than those of the settings:
only known services, only options that are known to do no harm (others read files, turn off the
check of certificates or name another server), and only servers in the public internet.
"""

import re
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from publisher.base.errors import ConfigurationError, UsageError
from publisher.base.i18n import _
from publisher.base.public_addresses import is_private
from publisher.notices.services import Service, open_guarded, parsed
from publisher.settings.schema import NoticeSettings

LONGEST = 500
"""The most characters of an address."""
_OF_SERVERS = (
    "gotifys", "mailto", "mailtos", "matrixs", "mmosts", "nctalks", "rockets", "signals",
)  # fmt: skip
"""Services at a server that the address names."""
_SERVICES = frozenset({
    *_OF_SERVERS, "discord", "gchat", "ntfy", "ntfys", "pbul", "pover", "slack", "tgram", "threema",
    "webex", "workflow", "workflows", "wxteams", "zulip",
})  # fmt: skip
_OPTIONS = frozenset({
    "from", "mode", "name", "pass", "priority", "smtp", "thread", "to", "user",
})  # fmt: skip
_MAIL = re.compile(r"[^\s@/:;,?&<>\"'()\[\]\\]+@(?P<domain>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
"""An e-mail address alone: the workspace's own mail account sends to it."""


def checked(address: str, settings: NoticeSettings) -> str:
    """The address as it is stored. Raises UsageError, which does not repeat it."""
    address = address.strip()
    _opened(address, settings)
    # What is shown as its server must be that, and not a piece of a password.
    read, host = parsed(address) or {}, _server(address).partition(":")[0]
    if host and host != read.get("host"):
        raise _unusable()
    return address


def opened(address: SecretStr, settings: NoticeSettings) -> Service:
    """Open an address that was `checked`, by the settings of now; raises ConfigurationError."""
    try:
        return _opened(address.get_secret_value(), settings)
    except UsageError as error:
        raise ConfigurationError(str(error), hint=error.hint) from None


def masked(address: SecretStr) -> str:
    """What of an address may be shown to its person: the service, and its server if it has one."""
    plain = address.get_secret_value()
    if found := _MAIL.fullmatch(plain):
        return f"{plain[0]}…@{found['domain']}"
    scheme, host = plain.partition("://")[0], _server(plain)
    return f"{scheme}://…@{host}" if host else f"{scheme}://…"


def _server(address: str) -> str:
    """The server that an address names; empty where its place holds a token."""
    scheme, _mark, rest = address.partition("://")
    if scheme.casefold() not in _OF_SERVERS:
        return ""
    return rest.partition("/")[0].partition("?")[0].rpartition("@")[2]


def _opened(address: str, settings: NoticeSettings) -> Service:
    if len(address) > LONGEST or not address.isprintable() or not re.fullmatch(r"\S+", address):
        raise _unusable()
    is_mail = _MAIL.fullmatch(address) is not None
    if is_mail:
        address = _through_workspace(address, settings)
    read = parsed(address)
    if read is None:
        raise _unusable()
    is_trusted = is_mail or _is_allowed(read, settings)
    if not is_mail:
        _refuse_strange(read, is_trusted=is_trusted)
    service = open_guarded(read, is_guarded=not is_trusted)
    if service is None:
        raise _unusable()
    return service


def _through_workspace(mail: str, settings: NoticeSettings) -> str:
    """The address by which the workspace's mail account sends to this person."""
    if settings.mail is None:
        raise UsageError(
            _("This workspace has no mail account to send e-mail from."),
            hint=_("Ask your admin to set one up, or enter the address of another service."),
        )
    base = settings.mail.get_secret_value()
    return f"{base}{'&' if '?' in base else '?'}to={quote(mail, safe='@')}"


def _refuse_strange(read: dict[str, Any], *, is_trusted: bool) -> None:
    if read["schema"] not in _SERVICES:
        raise UsageError(
            _("Personal notices cannot go to this service."),
            hint=_("They can go to: {names}.", names=", ".join(sorted(_SERVICES))),
        )
    if read["schema"] in _OF_SERVERS and not read.get("host"):
        raise _unusable()  # the service would take its server from elsewhere, such as `user`
    if not {*read.get("qsd", ())} <= _OPTIONS:
        raise UsageError(
            _("The address has an option that is not allowed."),
            hint=_("These are allowed: {names}.", names=", ".join(sorted(_OPTIONS))),
        )
    # What a name leads to is seen when it is asked.
    if not is_trusted and any(map(is_private, _hosts(read))):
        raise UsageError(_("The address points to a network that is not public."))


def _is_allowed(read: dict[str, Any], settings: NoticeSettings) -> bool:
    """Whether the settings allow its servers, wherever they are."""
    hosts, allowed = _hosts(read), {host.casefold() for host in settings.hosts}
    return bool(hosts) and allowed.issuperset(hosts)


def _hosts(read: dict[str, Any]) -> list[str]:
    named = (read.get("host"), read.get("qsd", {}).get("smtp"))
    return [str(host).casefold() for host in named if host]


def _unusable() -> UsageError:
    return UsageError(
        _("This address cannot be used."),
        hint=_(
            "It should look like name@example.org, slack://…, ntfys://SERVER/TOPIC or mailtos://…"
        ),
    )
