"""Authorization at Facebook: the login dialog, tokens of a person, and the Pages they manage.

Source: Meta's guide to the manual login flow (2026). A system user's token acts as a person's.
"""

import secrets
from typing import Any
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from publisher.sandbox import authorization
from publisher.sandbox.accounts import SandboxAccount, invented
from publisher.sandbox.endpoints import Call
from publisher.sandbox.facebook.graph import GraphError, app_id, parameter, token_of
from publisher.sandbox.store import Store

BROWSER = frozenset({"loginDialog", "allowLogin", "loginEnd"})
"""The operations for a browser."""
_SCOPES = frozenset(
    {"pages_manage_engagement", "pages_manage_posts", "pages_read_engagement", "pages_show_list"}
)


class Login:
    """The logins that are under way, and the tokens of people."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._codes: dict[str, tuple[str, tuple[str, ...], str]] = {}
        """By code: the app, the Pages, the address that it was sent to."""
        self._tokens: dict[str, tuple[str, tuple[str, ...]]] = {}
        """By token of a person: the app, and the Pages that it may use."""

    def browser(self, call: Call) -> Response:
        """Answer a call of a person's browser."""
        if call.operation.name == "loginEnd":
            return authorization.told("Facebook", "Success. Treat this address as a password.")
        wish = call.query
        pages = [one for one in self._pages() if app_id(one) == wish.get("client_id")]
        if not pages:
            return authorization.told("Facebook", "Invalid App ID.", 400)
        if not _SCOPES.issuperset((wish.get("scope") or "").split(",")):
            return authorization.told("Facebook", "Invalid Scopes.", 400)
        if call.operation.name == "loginDialog":
            return authorization.question("Facebook", pages, several=True)
        back, state = wish.get("redirect_uri", ""), wish.get("state", "")
        if call.form.get("answer") != "allow":
            denied = {"error": "access_denied", "error_reason": "user_denied", "state": state}
            return self._back(denied)
        code = secrets.token_urlsafe(40)
        names = tuple(str(name) for name in call.form.getlist("account"))
        self._codes[code] = (wish["client_id"], names, back)
        return self._back({"code": code, "state": state})

    def _back(self, told: dict[str, str]) -> Response:
        """Send the browser to the page that ends a login without a website."""
        return RedirectResponse(f"/connect/login_success.html?{urlencode(told)}", 303)

    def token(self, call: Call) -> dict[str, Any]:
        """A token of a person, for a code or another token."""
        app = parameter(call, "client_id") or ""
        owner = next((one for one in self._pages() if app_id(one) == app), None)
        if owner is None or parameter(call, "client_secret") != owner.credentials["app_secret"]:
            raise GraphError(1, "Error validating client secret.", status=400)
        if parameter(call, "grant_type") == "fb_exchange_token":
            known = self._tokens.get(parameter(call, "fb_exchange_token") or "")
            if known is None or known[0] != app:
                raise GraphError(190, "Invalid OAuth access token.", status=400)
            return self._made(app, known[1], 60 * 86_400)
        found = self._codes.pop(parameter(call, "code") or "", None)
        if found is None or found[0] != app or found[2] != parameter(call, "redirect_uri"):
            raise GraphError(100, "This authorization code has been used.", status=400)
        return self._made(app, found[1], 3_600)

    def _made(self, app: str, names: tuple[str, ...], seconds: int) -> dict[str, Any]:
        token = "EAAU" + secrets.token_hex(40)
        self._tokens[token] = (app, names)
        return {"access_token": token, "token_type": "bearer", "expires_in": seconds}

    def pages_of(self, call: Call) -> dict[str, Any]:
        """The Pages that a person's token may use, with a token of each."""
        token = token_of(call) or ""
        app, names = self._tokens.get(token) or self._of_system_user(token)
        found = [one for one in self._pages() if app_id(one) == app and one.name in names]
        return {
            "data": [
                {
                    "id": one.page_id,
                    "name": one.title,
                    "access_token": one.credentials["page_token"],
                }
                for one in found
            ]
        }

    def _of_system_user(self, token: str) -> tuple[str, tuple[str, ...]]:
        for one in self._pages():
            if token == system_user_token(one):
                return app_id(one), tuple(other.name for other in self._pages())
        raise GraphError(190, "Invalid OAuth access token.", status=400)

    def _pages(self) -> list[SandboxAccount]:
        return [one for one in self._store.accounts if one.channel == "facebook"]


def system_user_token(account: SandboxAccount) -> str:
    """The token of the system user of an account's app."""
    return "EAAS" + invented(f"system user of {account.credentials['app_secret']}", 100)
