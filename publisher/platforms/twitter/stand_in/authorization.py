"""Authorization at X by OAuth 1.0a with a PIN: request token, the person's consent, access token.

Source: docs.x.com, PIN-based OAuth (2026). Its answers are forms, and its errors plain words.
"""

import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import PlainTextResponse, Response

from publisher.platforms.twitter.stand_in.signatures import NotAuthenticated, Verifier
from publisher.sandbox import authorization
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.store import Store

STEPS = frozenset({"requestToken", "showConsent", "giveConsent", "accessToken", "invalidateToken"})
"""The operations of this module."""


@dataclass(slots=True)
class _Request:
    """A request token, and what has become of it."""

    key: str
    secret: str
    pin: str | None = None
    account: SandboxAccount | None = None


class PinAuthorization:
    """The authorizations that are under way. Only the server's event loop uses it."""

    def __init__(self, store: Store, verifier: Verifier) -> None:
        self._store = store
        self._verifier = verifier
        self._requests: dict[str, _Request] = {}

    async def handle(self, call: Call) -> Response:
        """Answer a call of `STEPS`."""
        try:
            match call.operation.name:
                case "requestToken":
                    return self._request_token(call)
                case "showConsent":
                    return self._show(call)
                case "giveConsent":
                    return await self._decide(call)
                case "accessToken":
                    return self._access_token(call)
                case _:
                    return self._invalidate(call)
        except NotAuthenticated as reason:
            return _refused(f"Could not authenticate you. {reason}")

    def _request_token(self, call: Call) -> Response:
        oauth = self._verifier.app(call)
        if oauth.get("oauth_callback") != "oob":
            return _refused("Callback URL not approved for this client application", 403)
        token, made = secrets.token_urlsafe(20), _Request(oauth["oauth_consumer_key"], _secret())
        self._requests[token] = made
        return _form(
            oauth_token=token, oauth_token_secret=made.secret, oauth_callback_confirmed="true"
        )

    def _accounts(self, made: _Request) -> list[SandboxAccount]:
        return [one for one in self._store.accounts if one.credentials.get("api_key") == made.key]

    def _show(self, call: Call) -> Response:
        made = self._requests.get(call.query.get("oauth_token", ""))
        if made is None or made.pin:
            return authorization.told("X", "This page is no longer valid.", 403)
        return authorization.question("X", self._accounts(made))

    async def _decide(self, call: Call) -> Response:
        token = call.query.get("oauth_token", "")
        made = self._requests.get(token)
        if made is None or made.pin:
            return authorization.told("X", "This page is no longer valid.", 403)
        wanted = str(call.form.get("account", ""))
        chosen = next((one for one in self._accounts(made) if one.name == wanted), None)
        if call.form.get("answer") != "allow" or chosen is None:
            del self._requests[token]
            return authorization.told("X", "You have not allowed the app to use your account.")
        made.account, made.pin = chosen, f"{secrets.randbelow(10**7):07}"
        return authorization.code("X", "Type this PIN into the app:", made.pin)

    def _access_token(self, call: Call) -> Response:
        oauth = self._verifier.app(
            call, lambda token: made.secret if (made := self._requests.get(token)) else None
        )
        made = self._requests.pop(oauth["oauth_token"])
        if made.account is None or oauth.get("oauth_verifier") != made.pin:
            return _refused("Error processing your OAuth request: Invalid oauth_verifier parameter")
        account = made.account
        self._verifier.revoked.discard(account.name)
        return _form(
            oauth_token=account.credentials["access_token"],
            oauth_token_secret=account.credentials["access_token_secret"],
            user_id=account.user_id or "",
            screen_name=account.handle,
        )

    def _invalidate(self, call: Call) -> Response:
        self._verifier.revoked.add(self._verifier.verify(call).name)
        return Response('{"access_token": ""}', media_type="application/json")


def _secret() -> str:
    return secrets.token_urlsafe(30)


def _form(**fields: str) -> Response:
    return Response(urlencode(fields), media_type="text/html")  # as X names it


def _refused(words: str, status: int = 401) -> Response:
    return PlainTextResponse(words, status)
