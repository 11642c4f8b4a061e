"""Connecting an account on Bluesky: with an app password, which a person makes in the app.

Whether it is right is asked with the health check, which logs in with it.
"""

import re
from collections.abc import Mapping

from publisher.base.errors import ConfigurationError, NotConnected
from publisher.base.i18n import _, later
from publisher.channels.connect import Authorization, KeyField, Keys
from publisher.channels.spec import ChannelOptions
from publisher.platforms.bluesky.sessions import login_server
from publisher.platforms.bluesky.spec import ADDRESS

_APP_PASSWORD = re.compile(r"[a-z0-9]{4}(-[a-z0-9]{4}){3}", re.IGNORECASE)
"""As Bluesky makes them (atproto.com, XRPC, app passwords)."""


class BlueskyConnector:
    """Takes an app password of an account."""

    fields = (
        KeyField(
            "identifier",
            later("Handle"),
            later("The account that posts, such as bice.bsky.social."),
            is_secret=False,
        ),
        KeyField(
            "app_password",
            later("App password"),
            later(
                "In the app, under Settings, Privacy and security, App passwords. Never use the "
                "account's own password."
            ),
        ),
        KeyField(
            "server",
            later("Address of the server"),
            later("Only if the account is on its own server."),
            is_secret=False,
            required=False,
            default=ADDRESS,
        ),
    )

    def __init__(self, options: ChannelOptions) -> None:
        del options  # nothing is asked of Bluesky here

    def begin(self, typed: Mapping[str, str]) -> tuple[Keys, ...]:
        """The keys as they were typed; the account's own password is refused."""
        password = typed["app_password"].strip()
        if not _APP_PASSWORD.fullmatch(password):
            raise NotConnected(
                _("This is not an app password. App passwords look like abcd-efgh-ijkl-mnop."),
                hint=_("Make one in the app, under Settings, Privacy and security, App passwords."),
            )
        keys = {
            "identifier": typed["identifier"].strip().removeprefix("@"),
            "app_password": password,
        }
        try:
            server = login_server(typed.get("server", ADDRESS).strip())
        except ConfigurationError as error:
            raise NotConnected(str(error), hint=error.hint) from None
        return (Keys(keys if server == ADDRESS else {**keys, "server": server}),)

    def finish(self, authorization: Authorization, answer: str) -> tuple[Keys, ...]:
        """Never called: there is nothing to bring back."""
        raise NotImplementedError

    def revoke(self, credentials: Mapping[str, str]) -> str | None:
        """Only the account's own password could delete an app password."""
        del credentials
        return _(
            "Delete the app password in Bluesky's app, under Settings, Privacy and security, App "
            "passwords."
        )
