"""Application passwords of the simulated WordPress: a page that makes one, and its end.

Source: WordPress' guide to application passwords (2026).
"""

import uuid

from starlette.responses import JSONResponse, Response

from publisher.sandbox import authorization
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.store import Store

BROWSER = frozenset({"showApproval", "giveApproval"})
OF_PASSWORDS = frozenset({"introspectPassword", "deletePassword"})


class Passwords:
    """The application passwords: one for each account, which may be deleted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.deleted: set[str] = set()
        """The accounts whose password was deleted."""

    def browser(self, call: Call) -> Response:
        """Answer a person's browser."""
        users = [one for one in self._store.accounts if one.channel == "wordpress"]
        if not call.query.get("app_name"):
            return authorization.told(
                "WordPress", "The Authorize Application request is not valid."
            )
        if call.operation.name == "showApproval":
            return authorization.question("WordPress", users)
        wanted = str(call.form.get("account", ""))
        chosen = next((one for one in users if one.name == wanted), None)
        if call.form.get("answer") != "allow" or chosen is None:
            return authorization.told("WordPress", "No password was made.")
        self.deleted.discard(chosen.name)
        shown = chosen.credentials["application_password"]
        return authorization.code("WordPress", "Your new password for Publisher:", shown)

    def handle(self, call: Call, account: SandboxAccount) -> Response:
        """Answer a call of `OF_PASSWORDS`."""
        if call.operation.name == "introspectPassword":
            return JSONResponse({"uuid": _id(account), "name": "Publisher"})
        if call.parts["id"] != _id(account):
            told = {"code": "rest_application_password_not_found", "message": "Not found."}
            return JSONResponse(told, 404)
        self.deleted.add(account.name)
        return JSONResponse({"deleted": True})


def _id(account: SandboxAccount) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, account.name))
