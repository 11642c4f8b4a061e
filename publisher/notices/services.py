"""Notification services through Apprise: e-mail, Slack, Teams, ntfy and many more.

An Apprise address contains tokens and passwords. It appears in no message and no log; a service is
named after its address's scheme (`slack`), and a second one `slack 2`. Apprise's own log records
reach no handler.
"""

import logging
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from publisher.base import logs
from publisher.base.errors import ConfigurationError, NoticeNotSent
from publisher.base.i18n import _
from publisher.notices.message import Message
from publisher.notices.network_guard import public_only

if TYPE_CHECKING:
    from apprise import Apprise, AppriseAsset, NotifyBase

_LOQUACIOUS = ("apprise", "urllib3", "requests", "oauthlib", "requests_oauthlib")
_STATUS = re.compile(r"\berror=(\d{3})\b")
"""How Apprise's plugins log the status of a response, the only thing taken from their logs."""


class Service:
    """One notification service."""

    def __init__(self, name: str, line: "Apprise", *, is_guarded: bool = False) -> None:
        """`is_guarded`: only servers in the public internet are asked."""
        self.name = name
        self._line = line
        self._is_guarded = is_guarded

    def send(self, message: Message) -> None:
        """Send a message, in this thread. Raises NoticeNotSent if the service refused it."""
        from apprise import NotifyFormat, NotifyType  # noqa: PLC0415

        refused: list[str] = []
        try:
            with public_only() if self._is_guarded else nullcontext(refused) as refused:
                result = self._line.notify(
                    message.body,
                    title=message.title,
                    notify_type=NotifyType.WARNING,
                    body_format=NotifyFormat.TEXT,
                )
            statuses = _STATUS.findall(" ".join(entry.message for entry in result.logs()))
        except Exception as error:  # noqa: BLE001 - a plugin's; its text may hold the address
            raise NoticeNotSent(f"{self.name}: {type(error).__name__}.") from None
        if not result and refused:
            why = _("it points to a network that is not public")
            raise NoticeNotSent(f"{self.name}: {why}.")
        if not result:
            why = (
                _("it answered with status {status}", status=statuses[-1])
                if statuses
                else _("it did not accept the message")
            )
            raise NoticeNotSent(f"{self.name}: {why}.")


def open_services(urls: Sequence[SecretStr]) -> tuple[list[Service], list[ConfigurationError]]:
    """Open the services of these addresses; returns them, and errors for the others."""
    from apprise import Apprise  # noqa: PLC0415

    asset = _asset()
    services: list[Service] = []
    problems: list[ConfigurationError] = []
    kinds: Counter[str] = Counter()
    for number, url in enumerate(urls, 1):
        plugin = _plugin(url.get_secret_value(), asset)
        if plugin is None:
            problems.append(
                ConfigurationError(
                    _(
                        "notices.urls: number {number} is not an address that Apprise can use.",
                        number=number,
                    ),
                    hint=_(
                        "It is set in secrets.toml or in PUBLISHER_NOTICES__URLS; `publisher help "
                        "notices` shows examples."
                    ),
                )
            )
            continue
        kinds[plugin.schema] += 1
        ordinal = f" {kinds[plugin.schema]}" if kinds[plugin.schema] > 1 else ""
        line = Apprise(asset=asset)
        line.add(plugin)
        services.append(Service(f"{plugin.schema}{ordinal}", line))
    return services, problems


def parsed(address: str) -> dict[str, Any] | None:
    """An address as Apprise reads it; None if it cannot. Nothing is asked for."""
    from apprise.plugins import url_to_dict  # noqa: PLC0415

    _be_silent()
    try:
        read: dict[str, Any] | None = url_to_dict(address)  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - a parser's; its text may hold the address
        return None
    return read


def open_guarded(read: dict[str, Any], *, is_guarded: bool) -> Service | None:
    """Open the service of an address that was `parsed`; None if Apprise cannot.

    No redirection is followed: it could lead anywhere.
    """
    from apprise import Apprise  # noqa: PLC0415

    asset = _asset()
    asset.http_redirects = False
    plugin = _plugin(read, asset)
    if plugin is None:
        return None
    line = Apprise(asset=asset)
    line.add(plugin)
    return Service(plugin.schema, line, is_guarded=is_guarded)


def _asset() -> "AppriseAsset":
    from apprise import AppriseAsset, PersistentStoreMode  # noqa: PLC0415

    _be_silent()
    return AppriseAsset(
        app_id="Publisher",
        app_desc="Publisher",
        app_url="",
        image_url_mask="",  # pictures from a server that the organisation does not know
        image_url_logo="",
        storage_mode=PersistentStoreMode.MEMORY,
        pgp_autogen=False,
        pem_autogen=False,
        service_timeout=0,  # else it uses threads for which the process would wait at exit
    )


def _be_silent() -> None:
    logs.silence(*_LOQUACIOUS)
    logging.getLogger("apprise").setLevel(logging.WARNING)  # for results, not for handlers


def _plugin(url: str | dict[str, Any], asset: "AppriseAsset") -> "NotifyBase | None":
    from apprise import Apprise  # noqa: PLC0415

    try:
        return Apprise.instantiate(url, asset=asset)
    except Exception:  # noqa: BLE001 - a parser's; its text may hold the address
        return None
