"""Authorization at Facebook: the login dialog, tokens of a person, and the Pages they manage.

Source: Meta's guide to the manual login flow (2026). A system user's token acts as a person's.
"""

import secrets
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from publisher.platforms.facebook.stand_in.graph import (
    GraphError,
    app_id,
    no_object,
    parameter,
    token_of,
)
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.sandbox import authorization
from publisher.sandbox.accounts import SandboxAccount, invented
from publisher.sandbox.endpoints import Call
from publisher.sandbox.store import Store

BROWSER = frozenset({"loginDialog", "allowLogin", "loginEnd"})
"""The operations for a browser."""
_SCOPES = frozenset(
    {
        "business_management",
        "pages_manage_engagement",
        "pages_manage_posts",
        "pages_read_engagement",
        "pages_show_list",
    }
)
_PORTFOLIO = "900800700"


class _Grant(NamedTuple):
    """What a person or system user allows an app."""

    app: str
    pages: tuple[str, ...]
    scopes: frozenset[str]


class Login:
    """The logins that are under way, and the tokens of people."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._codes: dict[str, tuple[_Grant, str]] = {}
        """By code: what was allowed, and the address that it was sent to."""
        self._tokens: dict[str, _Grant] = {}
        """By token of a person."""

    def browser(self, call: Call) -> Response:
        """Answer a call of a person's browser."""
        if call.operation.name == "loginEnd":
            return authorization.told("Facebook", "Success. Treat this address as a password.")
        wish = call.query
        pages = [one for one in self._pages() if app_id(one) == wish.get("client_id")]
        if not pages:
            return authorization.told("Facebook", "Invalid App ID.", 400)
        asked = frozenset((wish.get("scope") or "").split(","))
        if not asked <= _SCOPES:
            return authorization.told("Facebook", "Invalid Scopes.", 400)
        if call.operation.name == "loginDialog":
            return authorization.question("Facebook", pages, several=True)
        back, state = wish.get("redirect_uri", ""), wish.get("state", "")
        if call.form.get("answer") != "allow":
            denied = {"error": "access_denied", "error_reason": "user_denied", "state": state}
            return self._back(denied)
        code = secrets.token_urlsafe(40)
        names = tuple(str(name) for name in call.form.getlist("account"))
        scopes = (
            asked - {"pages_manage_posts"} if call.changed(FacebookFault.SCOPE_DENIED) else asked
        )
        self._codes[code] = (_Grant(wish["client_id"], names, scopes), back)
        return self._back({"code": code, "state": state})

    def _back(self, told: dict[str, str]) -> Response:
        """Send the browser to the page that ends a login without a website."""
        return RedirectResponse(f"/connect/login_success.html?{urlencode(told)}", 303)

    def answer(self, call: Call) -> dict[str, Any] | None:
        """Answer a call with the token of a person or system user; None for a Page's."""
        match call.operation.name:
            case "createUserToken":
                return self._token(call)
            case "getPages":
                return self._pages_of(call)
            case "getPortfolios":
                return self._portfolios_of(call)
            case "getObject":
                return self._page_of(call)
        return None

    def _token(self, call: Call) -> dict[str, Any]:
        """A token of a person, for a code or another token."""
        app = parameter(call, "client_id") or ""
        owner = next((one for one in self._pages() if app_id(one) == app), None)
        if owner is None or parameter(call, "client_secret") != owner.credentials["app_secret"]:
            raise GraphError(1, "Error validating client secret.", status=400)
        if parameter(call, "grant_type") == "fb_exchange_token":
            known = self._tokens.get(parameter(call, "fb_exchange_token") or "")
            if known is None or known.app != app:
                raise GraphError(190, "Invalid OAuth access token.", status=400)
            return self._made(known, 60 * 86_400)
        found = self._codes.pop(parameter(call, "code") or "", None)
        if found is None or found[0].app != app or found[1] != parameter(call, "redirect_uri"):
            raise GraphError(100, "This authorization code has been used.", status=400)
        return self._made(found[0], 3_600)

    def _made(self, grant: "_Grant", seconds: int) -> dict[str, Any]:
        token = "EAAU" + secrets.token_hex(40)
        self._tokens[token] = grant
        return {"access_token": token, "token_type": "bearer", "expires_in": seconds}

    def _pages_of(self, call: Call) -> dict[str, Any]:
        """The Pages on which a person or system user has a role, with a token of each."""
        allowed = self._allowed(self._grant(call))
        return {"data": [] if call.changed(FacebookFault.IN_PORTFOLIO) else allowed}

    def _portfolios_of(self, call: Call) -> dict[str, Any]:
        """The business portfolios, with the Pages that they have."""
        grant = self._grant(call)
        if "business_management" not in grant.scopes:
            raise GraphError(200, "(#200) Requires business_management permission")
        if not call.changed(FacebookFault.IN_PORTFOLIO):
            return {"data": []}
        own, *clients = self._allowed(grant)
        pages = {"owned_pages": {"data": [own]}, "client_pages": {"data": clients}}
        return {"data": [{"id": _PORTFOLIO, **pages}]}

    def _page_of(self, call: Call) -> dict[str, Any] | None:
        """A Page by its number, for the token of a person or system user; None for other tokens."""
        grant = self._known(token_of(call) or "")
        if grant is None:
            return None
        page_id = call.parts["id"]
        found = [page for page in self._allowed(grant) if page["id"] == page_id]
        if not found:
            raise no_object(page_id)
        return found[0]

    def scopes_of(self, token: str) -> list[str] | None:
        """What a person or system user has allowed; None for other tokens."""
        grant = self._known(token)
        return sorted(grant.scopes) if grant else None

    def _allowed(self, grant: "_Grant") -> list[dict[str, Any]]:
        return [
            {"id": one.page_id, "name": one.title, "access_token": one.credentials["page_token"]}
            for one in self._pages()
            if app_id(one) == grant.app and one.name in grant.pages
        ]

    def _grant(self, call: Call) -> "_Grant":
        if grant := self._known(token_of(call) or ""):
            return grant
        raise GraphError(190, "Invalid OAuth access token.", status=400)

    def _known(self, token: str) -> "_Grant | None":
        for one in self._pages():
            if token == system_user_token(one):
                return _Grant(app_id(one), tuple(other.name for other in self._pages()), _SCOPES)
        return self._tokens.get(token)

    def _pages(self) -> list[SandboxAccount]:
        return [one for one in self._store.accounts if one.channel == "facebook"]


def system_user_token(account: SandboxAccount) -> str:
    """The token of the system user of an account's app."""
    return "EAAS" + invented(f"system user of {account.credentials['app_secret']}", 100)
