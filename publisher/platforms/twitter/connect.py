"""Connecting an account on X: one app for all accounts, which each of them allows with a PIN.

OAuth 1.0a, "PIN-based" (docs.x.com, 2026): request token, the person's consent, access token.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode

from requests_oauthlib import OAuth1

from publisher.base.errors import NotConnected
from publisher.base.i18n import _, later
from publisher.channels.connect import Authorization, KeyField, Keys, check, pasted
from publisher.channels.http.recorder import Recorder
from publisher.channels.spec import ChannelOptions
from publisher.model.outcomes import Answer
from publisher.platforms.twitter import oauth2
from publisher.platforms.twitter.spec import ADDRESS, SPEC

_APP = later(
    "Look in console.x.com: it shows the app's keys once, and you can make new ones there."
)
_FIELDS = (
    KeyField("api_key", later("API Key"), later("In console.x.com, under the app."), of_app=True),
    KeyField(
        "api_secret",
        later("API Key Secret"),
        later("Next to the API Key; X shows it once."),
        of_app=True,
    ),
)
_TOKENS = ("oauth_token", "oauth_token_secret")


class TwitterConnector:
    """Gets an access token of an account on X."""

    fields = _FIELDS

    def __init__(self, options: ChannelOptions) -> None:
        self._options = options
        self._server = options.servers.get(SPEC.name)

    def begin(self, typed: Mapping[str, str]) -> Authorization:
        """Ask for a request token; `force_login` lets the person choose the account."""
        app = {name: typed[name] for name in ("api_key", "api_secret")}
        answer = self._post("/oauth/request_token", app, callback_uri="oob")
        check(
            answer,
            "X",
            _("X does not accept the keys of the app"),
            f"{_(_APP)} {_('X refuses the PIN for apps of any type other than Native App.')}",
        )
        token, secret = self._tokens(answer)
        query = urlencode({"oauth_token": token, "force_login": "true"})
        return Authorization(
            f"{self._server or ADDRESS}/oauth/authorize?{query}",
            later("The PIN that X shows"),
            kept={**app, "token": token, "secret": secret},
        )

    def finish(self, authorization: Authorization, answer: str) -> tuple[Keys, ...]:
        """Exchange the PIN for the account's access token."""
        kept, pin = authorization.kept, pasted(answer)
        if not re.fullmatch(r"[0-9]{4,10}", pin):
            raise NotConnected(
                _("This is not a PIN: X shows a number of seven digits."),
                hint=_("Connect the account again, and allow the app on X's page."),
            )
        app = {name: kept[name] for name in ("api_key", "api_secret")}
        told = self._post("/oauth/access_token", app, kept["token"], kept["secret"], verifier=pin)
        check(
            told,
            "X",
            _("X does not accept this PIN"),
            _("A PIN works once, for a few minutes. Connect the account again for a new one."),
        )
        token, secret = self._tokens(told)
        return (Keys({**app, "access_token": token, "access_token_secret": secret}),)

    def revoke(self, credentials: Mapping[str, str]) -> str | None:
        """Make the access token invalid, whichever way it was got."""
        if SPEC.renewal and SPEC.renewal.concerns(credentials):
            oauth2.revoke(self._options, credentials)
            return None
        answer = self._post(
            "/1.1/oauth/invalidate_token",
            credentials,
            credentials["access_token"],
            credentials["access_token_secret"],
        )
        if answer.status == 401:
            return None  # it is invalid already
        check(
            answer,
            "X",
            _("X did not end the access"),
            _("Remove the app in the account's settings on X, under Apps and sessions."),
        )
        return None

    def _post(
        self,
        path: str,
        app: Mapping[str, str],
        token: str | None = None,
        token_secret: str | None = None,
        **more: str,
    ) -> Answer:
        """A signed request; `more` are parameters of the signature."""
        recorder = Recorder(
            ADDRESS,
            base_url=self._server,
            timeout=self._options.request_timeout,
            clock=self._options.clock,
            secrets=(app["api_secret"],),
        )
        signed = OAuth1(app["api_key"], app["api_secret"], token, token_secret, **more)
        return recorder.call(lambda: recorder.session.post(f"{ADDRESS}{path}", auth=signed))

    def _tokens(self, answer: Answer) -> tuple[str, str]:
        found = parse_qs(answer.body)
        token, secret = ((found.get(name) or [""])[0] for name in _TOKENS)
        if not (token and secret):
            raise NotConnected(
                _("X gave no token."), hint=_("Nothing was stored. Try again in a while.")
            )
        return token, secret
