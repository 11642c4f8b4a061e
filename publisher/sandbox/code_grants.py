"""Authorization by a code (OAuth 2.0, RFC 6749 section 4.1), as several platforms have it."""

import secrets
from collections.abc import Callable
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from publisher.sandbox import authorization
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
"""The address of an app that is told the code by a person."""


class WrongGrant(Exception):
    """The code, the client or the address is not right; the text is OAuth's name for it."""


class CodeGrants:
    """The authorizations of one platform that are under way."""

    def __init__(
        self,
        title: str,
        accounts_of: Callable[[str], list[SandboxAccount]],
        secret_of: Callable[[str], str | None],
    ) -> None:
        """`accounts_of` and `secret_of`: of a client, by its id; no accounts for an unknown one."""
        self._title = title
        self._accounts_of = accounts_of
        self._secret_of = secret_of
        self._codes: dict[str, tuple[str, str, SandboxAccount]] = {}
        """By code: the client, the address that it was sent to, the account."""

    def browser(self, call: Call) -> Response:
        """Answer a person's browser: the question, or where it goes after the answer."""
        client, address = call.query.get("client_id", ""), call.query.get("redirect_uri", "")
        accounts = self._accounts_of(client)
        if self._secret_of(client) is None or call.query.get("response_type") != "code":
            return authorization.told(self._title, "Client authentication failed.", 401)
        if call.request.method == "GET":
            return authorization.question(self._title, accounts)
        wanted = str(call.form.get("account", ""))
        chosen = next((one for one in accounts if one.name == wanted), None)
        state = {"state": told} if (told := call.query.get("state")) else {}
        if call.form.get("answer") != "allow" or chosen is None:
            return self._back(address, {"error": "access_denied", **state})
        code = secrets.token_urlsafe(32)
        self._codes[code] = (client, address, chosen)
        if address == OUT_OF_BAND:
            return authorization.code(self._title, "Copy this code into the app:", code)
        return self._back(address, {"code": code, **state})

    def _back(self, address: str, told: dict[str, str]) -> Response:
        if address == OUT_OF_BAND:
            return authorization.told(self._title, "The resource owner denied the request.")
        return RedirectResponse(f"{address}?{urlencode(told)}", 303)

    def account(self, call: Call) -> SandboxAccount:
        """The account of the code that is exchanged for a token. Raises WrongGrant."""
        told = {name: str(call.form.get(name, "")) for name in call.form}
        if told.get("client_secret") != self._secret_of(told.get("client_id", "")):
            raise WrongGrant("invalid_client")
        found = self._codes.pop(told.get("code", ""), None)
        if found is None or found[:2] != (told.get("client_id"), told.get("redirect_uri")):
            raise WrongGrant("invalid_grant")
        return found[2]
