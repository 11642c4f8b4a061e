"""Access tokens of the simulated LinkedIn, and refresh tokens for the apps that get them.

Source: LinkedIn's guide to programmatic refresh tokens (2026). A refresh token works again and
again until the consent ends, and no access token outlives that.
"""

import secrets
from typing import Any

from publisher.platforms.linkedin.stand_in.refusals import LinkedInFault
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.code_grants import WrongGrant
from publisher.sandbox.endpoints import Call
from publisher.sandbox.store import Store

LIFE = 60 * 86_400  # seconds; OAuth, authorization code flow
_CONSENT = 365 * 86_400


class Tokens:
    """The tokens of all accounts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._renewed: dict[str, SandboxAccount] = {}
        self._refresh: dict[str, SandboxAccount] = {}

    def account(self, token: object) -> SandboxAccount | None:
        """The account of an access token."""
        own = (one for one in self._store.accounts if one.channel == "linkedin")
        known = {one.credentials["access_token"]: one for one in own} | self._renewed
        return known.get(str(token))

    def first(self, call: Call, account: SandboxAccount) -> dict[str, Any]:
        """The tokens that a code is exchanged for."""
        body = {"access_token": account.credentials["access_token"], "expires_in": LIFE}
        if not call.changed(LinkedInFault.REFRESH_TOKEN):
            return body
        refresh = "AQX" + secrets.token_urlsafe(40)
        self._refresh[refresh] = account
        return {**body, "refresh_token": refresh, "refresh_token_expires_in": _CONSENT}

    def refreshed(self, call: Call) -> dict[str, Any]:
        """A new access token for a refresh token, which stays. Raises WrongGrant."""
        refresh = str(call.form.get("refresh_token", ""))
        account = self._refresh.get(refresh)
        if account is None or account.credentials["client_secret"] != call.form.get(
            "client_secret"
        ):
            raise WrongGrant("invalid_grant")
        token = "AQR" + secrets.token_urlsafe(40)
        self._renewed[token] = account
        ending = next((fault.delay for fault in call.changed(LinkedInFault.CONSENT_ENDS)), _CONSENT)
        return {
            "access_token": token,
            "expires_in": int(min(LIFE, ending)),
            "refresh_token": refresh,
            "refresh_token_expires_in": int(ending),
        }
