"""Apps of the simulated Mastodon: registration, authorization, and tokens.

Source: Mastodon's documentation, methods apps and oauth (2026).
"""

import secrets

from starlette.responses import JSONResponse, Response

from publisher.platforms.mastodon.stand_in.errors import ApiError
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.code_grants import CodeGrants, WrongGrant
from publisher.sandbox.endpoints import Call
from publisher.sandbox.store import Store

STEPS = frozenset(
    {"registerApp", "showAuthorization", "giveAuthorization", "obtainToken", "revokeToken"}
)
"""The operations of this module."""


class Apps:
    """The apps that were registered, and whose access was ended."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._secrets: dict[str, str] = {}
        self._grants = CodeGrants("Mastodon", lambda _client: self._accounts(), self._secrets.get)
        self.revoked: set[str] = set()
        """The accounts whose token was ended."""

    def _accounts(self) -> list[SandboxAccount]:
        return [one for one in self._store.accounts if one.channel == "mastodon"]

    def handle(self, call: Call) -> Response:
        """Answer a call of `STEPS`. Raises ApiError."""
        match call.operation.name:
            case "registerApp":
                return self._register(call)
            case "obtainToken":
                return self._token(call)
            case "revokeToken":
                return self._revoke(call)
            case _:
                return self._grants.browser(call)

    def _register(self, call: Call) -> Response:
        if not (call.form.get("client_name") and call.form.get("redirect_uris")):
            raise ApiError(422, "Validation failed: Application name can't be blank")
        client, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._secrets[client] = secret
        told = {"id": "1", "name": call.form["client_name"]}
        return JSONResponse({**told, "client_id": client, "client_secret": secret})

    def _token(self, call: Call) -> Response:
        try:
            account = self._grants.account(call)
        except WrongGrant as reason:
            status = 401 if str(reason) == "invalid_client" else 400
            return JSONResponse({"error": str(reason), "error_description": "It failed."}, status)
        self.revoked.discard(account.name)
        token = account.credentials["access_token"]
        scope = call.form.get("scope", "read")
        return JSONResponse({"access_token": token, "token_type": "Bearer", "scope": scope})

    def _revoke(self, call: Call) -> Response:
        client = str(call.form.get("client_id", ""))
        if self._secrets.get(client) != call.form.get("client_secret"):
            told = "You are not authorized to revoke this token"
            return JSONResponse({"error": "unauthorized_client", "error_description": told}, 403)
        token = call.form.get("token")
        self.revoked |= {
            one.name for one in self._accounts() if one.credentials["access_token"] == token
        }
        return JSONResponse({})
