"""Connecting an account on Mastodon: an app of its own on any server, and a code.

Source: Mastodon's documentation, methods apps and oauth (2026).
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from publisher.base.errors import ConfigurationError, NotConnected
from publisher.base.i18n import _, later
from publisher.channels.connect import Authorization, KeyField, Keys, pasted, text, told
from publisher.channels.http.recorder import Recorder
from publisher.channels.spec import ChannelOptions
from publisher.model.outcomes import Answer
from publisher.platforms.mastodon.server import address_of
from publisher.platforms.mastodon.spec import SPEC

_SCOPES = "read write"
_SHOWN = "urn:ietf:wg:oauth:2.0:oob"
"""Mastodon shows the code instead of sending the browser on."""


class MastodonConnector:
    """Gets an access token of an account on any server."""

    fields = (
        KeyField(
            "server",
            later("Address of the server"),
            later("The address of the account's server, such as https://mastodon.example."),
            is_secret=False,
        ),
    )

    def __init__(self, options: ChannelOptions) -> None:
        self._options = options
        self._instead = options.servers.get(SPEC.name)

    def begin(self, typed: Mapping[str, str]) -> Authorization:
        """Register an app on the server, and ask for the person's consent."""
        try:
            server = address_of(typed["server"])
        except ConfigurationError as error:
            raise NotConnected(str(error), hint=error.hint) from None
        wish = {"client_name": "Publisher", "redirect_uris": _SHOWN, "scopes": _SCOPES}
        app = told(
            self._post(server, "/api/v1/apps", wish),
            server,
            _("{server} is not a Mastodon server, or does not let apps register", server=server),
            _("Check the address: it is the one where the account logs in."),
        )
        client = {name: text(app, name) for name in ("client_id", "client_secret")}
        if not all(client.values()):
            raise NotConnected(
                _("{server} is not a Mastodon server.", server=server),
                hint=_("Check the address: it is the one where the account logs in."),
            )
        query = urlencode(
            {
                "client_id": client["client_id"],
                "redirect_uri": _SHOWN,
                "response_type": "code",
                "scope": _SCOPES,
                "force_login": "true",
            }
        )
        return Authorization(
            f"{self._instead or server}/oauth/authorize?{query}",
            later("The code that the server shows"),
            kept={"server": server, **client},
        )

    def finish(self, authorization: Authorization, answer: str) -> tuple[Keys, ...]:
        """Exchange the code for the account's access token."""
        kept = authorization.kept
        client = {name: kept[name] for name in ("client_id", "client_secret")}
        wish = {
            **client,
            "grant_type": "authorization_code",
            "code": pasted(answer),
            "redirect_uri": _SHOWN,
            "scope": _SCOPES,
        }
        found = told(
            self._post(kept["server"], "/oauth/token", wish),
            kept["server"],
            _("The server does not accept this code"),
            _("A code works once, for a few minutes. Connect the account again for a new one."),
        )
        token = text(found, "access_token")
        if not token:
            raise NotConnected(
                _("The server gave no token."),
                hint=_("Nothing was stored. Try again in a while."),
            )
        return (Keys({"access_token": token, "server": kept["server"], **client}),)

    def revoke(self, credentials: Mapping[str, str]) -> str | None:
        """End the token, which needs the keys of the app that asked for it."""
        if not credentials.get("client_secret"):
            return _("End the access in the account's preferences there, under Account.")
        wish = {
            "client_id": credentials["client_id"],
            "client_secret": credentials["client_secret"],
            "token": credentials["access_token"],
        }
        server = address_of(credentials["server"])
        told(
            self._post(server, "/oauth/revoke", wish),
            server,
            _("The server did not end the access"),
            _("End the access in the account's preferences there, under Account."),
        )
        return None

    def _post(self, server: str, path: str, wish: dict[str, str]) -> Answer:
        recorder = Recorder(
            server,
            base_url=self._instead,
            timeout=self._options.request_timeout,
            clock=self._options.clock,
            public_only=self._options.public_only(SPEC.name, server),
            secrets=[wish[name] for name in ("client_secret", "code", "token") if name in wish],
        )
        return recorder.call(lambda: recorder.session.post(f"{server}{path}", data=wish))
