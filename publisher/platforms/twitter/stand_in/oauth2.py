"""Authorization at X by OAuth 2.0 with PKCE: consent, tokens that expire, and their renewal.

Source: docs.x.com, OAuth 2.0 Authorization Code Flow with PKCE (2026). A refresh token works once.
X does not say whether an access token outlives its renewal; here it does not, which is worse for
the client.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from starlette.responses import JSONResponse, RedirectResponse, Response

from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.sandbox import authorization
from publisher.sandbox.accounts import SandboxAccount, invented
from publisher.sandbox.endpoints import Call
from publisher.sandbox.store import Store

STEPS = frozenset({"showOAuth2Consent", "giveOAuth2Consent", "getOAuth2Token", "revokeOAuth2Token"})
"""The operations of this module."""
CALLBACK = "http://127.0.0.1:8765/x"
"""The only address that an app here may lead back to."""
_CODE_LIFE = timedelta(minutes=10)
_TOKEN_LIFE = timedelta(hours=2)
_KNOWN = frozenset(
    {
        "tweet.read",
        "tweet.write",
        "tweet.moderate.write",
        "users.read",
        "media.write",
        "offline.access",
    }
)
_NEEDED = {
    "createPosts": "tweet.write",
    "deletePosts": "tweet.write",
    "getPostsById": "tweet.read",
    "getUsersPosts": "tweet.read",
    "getPostsByIds": "tweet.read",
    "getUsersMentions": "tweet.read",
    "hidePostsReply": "tweet.moderate.write",
    "getUsersMe": "users.read",
}
"""By operation, the scope without which it is refused; the others are those of media."""


class WrongToken(Exception):
    """An access token is not valid here; the text gives the reason, for the sandbox's user."""


class _Refused(Exception):
    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.status = error, status

    def response(self) -> Response:
        told = {"error": self.error, "error_description": str(self)}
        return JSONResponse(told, self.status)


@dataclass(frozen=True, slots=True)
class _Grant:
    """What a person has allowed an app."""

    client: str
    account: SandboxAccount
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Code:
    grant: _Grant
    challenge: str
    ends: datetime


class CodeAuthorization:
    """The consents, codes and tokens of all apps. Only the server's event loop uses it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, tuple[_Grant, datetime]] = {}
        self._refresh: dict[str, _Grant] = {}
        self._spent: dict[str, _Grant] = {}

    async def handle(self, call: Call) -> Response:
        """Answer a call of `STEPS`."""
        try:
            match call.operation.name:
                case "showOAuth2Consent":
                    return self._show(call)
                case "giveOAuth2Consent":
                    return self._decide(call)
                case "getOAuth2Token":
                    return self._token(call)
                case _:
                    return self._revoke(call)
        except _Refused as refused:
            return refused.response()

    def account(self, call: Call) -> SandboxAccount:
        """The account of a call's access token. Raises WrongToken, and PermissionError."""
        known = self._access.get(_bearer(call))
        if known is None:
            raise WrongToken("the access token is not known here, or was renewed or revoked")
        grant, ends = known
        if self._store.clock.now() >= ends:
            raise WrongToken("the access token has expired")
        needed = _NEEDED.get(call.operation.name, "media.write")
        if needed not in grant.scopes:
            raise PermissionError(needed)
        return grant.account

    def claimed(self, call: Call) -> SandboxAccount | None:
        """The account of a call's token, without verification."""
        token = str(call.form.get("refresh_token", "")) or _bearer(call)
        grant = self._refresh.get(token) or self._spent.get(token)
        known = self._access.get(token)
        return grant.account if grant else known[0].account if known else None

    def _accounts(self, client: str) -> Mapping[str, SandboxAccount]:
        return {
            one.name: one
            for one in self._store.accounts
            if one.channel == "twitter"
            and client in (client_of(one), client_of(one, is_public=True))
        }

    def _show(self, call: Call) -> Response:
        wish, accounts = call.query, self._accounts(call.query.get("client_id", ""))
        scopes = wish.get("scope", "").split()
        is_whole = (
            wish.get("response_type") == "code"
            and wish.get("code_challenge_method") == "S256"
            and wish.get("code_challenge")
            and wish.get("state")
        )
        if not (accounts and is_whole and _KNOWN.issuperset(scopes)):
            return authorization.told(
                "X", "Something went wrong. You weren't able to give access.", 400
            )
        if wish.get("redirect_uri") != CALLBACK:
            return authorization.told(
                "X", "The callback address is not approved for this app.", 400
            )
        return authorization.question("X", accounts.values())

    def _decide(self, call: Call) -> Response:
        if (page := self._show(call)).status_code != 200:
            return page
        wish, state = call.query, {"state": call.query["state"]}
        chosen = self._accounts(wish["client_id"]).get(str(call.form.get("account", "")))
        if call.form.get("answer") != "allow" or chosen is None:
            return _back({"error": "access_denied", **state})
        scopes = tuple(wish["scope"].split())
        if call.changed(XFault.SCOPE_MISSING):
            scopes = tuple(one for one in scopes if one != "tweet.write")
        code, now = secrets.token_urlsafe(40), self._store.clock.now()
        grant = _Grant(wish["client_id"], chosen, scopes)
        self._codes[code] = _Code(grant, wish["code_challenge"], now + _CODE_LIFE)
        return _back({**state, "code": code})

    def _token(self, call: Call) -> Response:
        told = {name: str(call.form.get(name, "")) for name in call.form}
        client = self._client(call, told)
        if told.get("grant_type") == "refresh_token":
            return self._renew(call, client, told.get("refresh_token", ""))
        if told.get("grant_type") != "authorization_code":
            raise _Refused("unsupported_grant_type", "The grant type is not supported.")
        code = self._codes.pop(told.get("code", ""), None)
        if code is None or code.grant.client != client or self._store.clock.now() >= code.ends:
            raise _Refused(
                "invalid_request", "Value passed for the authorization code was invalid."
            )
        if told.get("redirect_uri") != CALLBACK:
            raise _Refused("invalid_request", "Value passed for the redirect uri did not match.")
        if _challenge(told.get("code_verifier", "")) != code.challenge:
            raise _Refused("invalid_request", "Value passed for the code verifier did not match.")
        return self._tokens(call, code.grant)

    def _renew(self, call: Call, client: str, token: str) -> Response:
        grant = self._refresh.get(token)
        if spent := self._spent.get(token):
            self._store.note("refresh-token-twice", spent.account.name, "it was exchanged before")
        if grant is None or grant.client != client or call.changed(XFault.TOKEN_SPENT):
            raise _Refused("invalid_request", "Value passed for the token was invalid.")
        self._spent[token] = self._refresh.pop(token)
        self._access = {key: one for key, one in self._access.items() if one[0] is not grant}
        return self._tokens(call, grant)

    def _tokens(self, call: Call, grant: _Grant) -> Response:
        life = _TOKEN_LIFE
        for fault in call.changed(XFault.SHORT_LIVED):
            life = timedelta(seconds=fault.delay)
        access = secrets.token_urlsafe(60)
        self._access[access] = grant, self._store.clock.now() + life
        told = {
            "token_type": "bearer",
            "expires_in": int(life.total_seconds()),
            "access_token": access,
            "scope": " ".join(grant.scopes),
        }
        if "offline.access" in grant.scopes:
            told["refresh_token"] = secrets.token_urlsafe(60)
            self._refresh[str(told["refresh_token"])] = grant
        return JSONResponse(told)

    def _revoke(self, call: Call) -> Response:
        told = {name: str(call.form.get(name, "")) for name in call.form}
        client, token = self._client(call, told), told.get("token", "")
        grant = self._refresh.get(token) or (self._access.get(token) or (None, None))[0]
        if grant is None or grant.client != client:
            raise _Refused("invalid_request", "Value passed for the token was invalid.")
        self._refresh.pop(token, None)
        self._access.pop(token, None)
        return JSONResponse({"revoked": True})

    def _client(self, call: Call, told: Mapping[str, str]) -> str:
        """The app: by its secret if it is confidential, by its id alone if it is public."""
        scheme, _, encoded = call.request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            client, _, secret = base64.b64decode(encoded).decode().partition(":")
            if self._accounts(client) and secret == secret_of(client):
                return client
        elif self._accounts(client := told.get("client_id", "")) and not secret_of(client):
            return client
        raise _Refused("unauthorized_client", "Missing valid authorization header", 401)


def client_of(account: SandboxAccount, *, is_public: bool = False) -> str:
    """The Client ID of an account's app, as a confidential or as a public client."""
    kind = "na" if is_public else "ci"  # Native App, confidential
    app = account.credentials["api_key"]
    return f"{invented(f'client, {app}', 30)}-{kind}"


def secret_of(client: str) -> str:
    """The secret of a client; empty for a public one, which has none."""
    return invented(f"secret of {client}", 50) if client.endswith("-ci") else ""


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _bearer(call: Call) -> str:
    return call.request.headers.get("authorization", "").removeprefix("Bearer ")


def _back(told: Mapping[str, str]) -> Response:
    return RedirectResponse(f"{CALLBACK}?{urlencode(told)}", 303)
