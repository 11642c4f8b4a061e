"""Connecting a WordPress site: an application password, which the site makes on a page of its own.

Source: WordPress' guide to application passwords, authorization flow (2026).
"""

import uuid
from collections.abc import Mapping
from urllib.parse import urlencode

from publisher.base.errors import ConfigurationError, NotConnected
from publisher.base.i18n import _, later
from publisher.channels.connect import Authorization, KeyField, Keys, check, text, told
from publisher.channels.spec import ChannelOptions
from publisher.model.clock_check import unheard
from publisher.platforms.wordpress.site import SiteApi, address_of
from publisher.platforms.wordpress.spec import SPEC

_APP_ID = uuid.uuid5(uuid.NAMESPACE_DNS, "publisher.invalid")
"""The same for all sites, so that WordPress knows the app again."""


class WordPressConnector:
    """Gets an application password of a user on any site."""

    fields = (
        KeyField(
            "server",
            later("Address of the site"),
            later("Where readers find it, such as https://www.example.org."),
            is_secret=False,
        ),
        KeyField(
            "user",
            later("Username"),
            later("The user that writes the posts; it needs the role Author or Editor."),
            is_secret=False,
        ),
    )

    def __init__(self, options: ChannelOptions) -> None:
        self._options = options
        self._instead = options.servers.get(SPEC.name)

    def begin(self, typed: Mapping[str, str]) -> Authorization:
        """The address of the site's page for application passwords."""
        try:
            server, _is_plain = address_of(typed["server"])
        except ConfigurationError as error:
            raise NotConnected(str(error), hint=error.hint) from None
        query = urlencode({"app_name": "Publisher", "app_id": str(_APP_ID)})
        return Authorization(
            f"{self._instead or server}/wp-admin/authorize-application.php?{query}",
            later("The password that WordPress shows"),
            asks_secret=True,
            kept={"server": typed["server"].strip(), "user": typed["user"]},
        )

    def finish(self, authorization: Authorization, answer: str) -> tuple[Keys, ...]:
        """The password is the key: whether it works is asked of the site with the next step."""
        password = " ".join(answer.split())
        if not password:
            raise NotConnected(
                _("The password is empty."),
                hint=_("Connect the account again, and copy the password that WordPress shows."),
            )
        kept = authorization.kept
        return (
            Keys(
                {"server": kept["server"], "user": kept["user"], "application_password": password}
            ),
        )

    def revoke(self, credentials: Mapping[str, str]) -> str | None:
        """Delete the application password, which may delete itself."""
        site = SiteApi(
            credentials,
            instead=self._instead,
            timeout=self._options.request_timeout,
            clock=self._options.clock,
            heard=unheard,
            public_only=self._options.public_only(SPEC.name, address_of(credentials["server"])[0]),
        )
        refused = _("The site did not delete the application password")
        hint = _("Delete it in WordPress, in the user's profile, under Application Passwords.")
        answer = site.own_password()
        if answer.status == 401:
            return None  # it is gone already
        found = told(answer, site.address, refused, hint)
        check(site.delete_password(text(found, "uuid")), site.address, refused, hint)
        return None
