"""Log-ins of the simulated Bluesky: access tokens of two hours, and single-use refresh tokens.

Tokens are signed, and contain all that the server knows of them: a log-in outlives a reset.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from publisher.platforms.bluesky.stand_in import errors
from publisher.sandbox.accounts import SandboxAccount, invented

_KEY = b"the sandbox's own key, which opens nothing else"
_ACCESS, _REFRESH = "com.atproto.appPass", "com.atproto.refresh"
_SERVICE_LIFE, _LONGEST_SERVICE_LIFE = 60, 3_600  # seconds
_LIVES = {_ACCESS: timedelta(hours=2), _REFRESH: timedelta(days=90)}


class LogIns:
    """Gives and verifies tokens."""

    def __init__(self, accounts: Sequence[SandboxAccount]) -> None:
        self._accounts = [account for account in accounts if account.channel == "bluesky"]
        self._used: set[str] = set()
        self._given = 0

    def named(self, name: object) -> SandboxAccount | None:
        """The account with this handle or DID."""
        wish = name.lower() if isinstance(name, str) else ""
        return next((one for one in self._accounts if wish in (one.handle, one.user_id)), None)

    def create(self, wish: dict[str, Any], now: datetime) -> dict[str, Any]:
        account = self.named(wish.get("identifier"))
        if account is None or wish.get("password") != account.credentials["app_password"]:
            raise errors.wrong_password()
        return self._tokens(account, now)

    def refresh(self, token: str | None, now: datetime) -> dict[str, Any]:
        account, claims = self._verified(token, _REFRESH, now)
        if claims["jti"] in self._used:
            raise errors.expired()
        self._used.add(claims["jti"])
        return self._tokens(account, now)

    def account_of(self, token: str | None, now: datetime) -> SandboxAccount:
        """The account of an access token."""
        return self._verified(token, _ACCESS, now)[0]

    def service_auth(
        self, account: SandboxAccount, wish: Mapping[str, str], now: datetime
    ) -> dict[str, Any]:
        """A token with which another service may call one method for the account."""
        begins = int(now.timestamp())
        told = wish.get("exp", "")
        ends = int(told) if told.isdecimal() else begins + _SERVICE_LIFE
        if not begins < ends <= begins + _LONGEST_SERVICE_LIFE:
            raise errors.bad_expiration()
        if not wish.get("aud", "").startswith("did:") or not wish.get("lxm"):
            raise errors.invalid("aud and lxm are required")
        claims = {"iss": account.user_id, "aud": wish["aud"], "lxm": wish["lxm"]}
        body = f"{_encoded({'alg': 'ES256K', 'typ': 'JWT'})}.{_encoded({**claims, 'iat': begins, 'exp': ends})}"
        return {"token": f"{body}.{_signature(body)}"}

    def served(self, token: str | None, method: str, now: datetime) -> SandboxAccount:
        """The account for which a service may call a method with this token."""
        claims = _signed(token)
        account = self.named(claims.get("iss"))
        if account is None or claims.get("lxm") != method:
            raise errors.invalid_token("Bad token method")
        if claims["exp"] <= now.timestamp():
            raise errors.expired()
        return account

    def claimed(self, token: str | None) -> SandboxAccount | None:
        """The account that a token names, without verification."""
        try:
            claims = _claims(token or "")
            return self.named(claims.get("sub") or claims.get("iss"))
        except ValueError:
            return None

    def _tokens(self, account: SandboxAccount, now: datetime) -> dict[str, Any]:
        tokens = {scope: self._token(account, scope, now) for scope in _LIVES}
        return {
            "accessJwt": tokens[_ACCESS],
            "refreshJwt": tokens[_REFRESH],
            "handle": account.handle,
            "did": account.user_id,
            "active": True,
        }

    def _token(self, account: SandboxAccount, scope: str, now: datetime) -> str:
        self._given += 1
        begins = int(now.timestamp())
        claims = {
            "scope": scope,
            "sub": account.user_id,
            "jti": invented(f"token {self._given} at {now.timestamp()}", 20),
            "iat": begins,
            "exp": begins + int(_LIVES[scope].total_seconds()),
        }
        body = f"{_encoded({'alg': 'HS256', 'typ': 'at+jwt'})}.{_encoded(claims)}"
        return f"{body}.{_signature(body)}"

    def _verified(
        self, token: str | None, scope: str, now: datetime
    ) -> tuple[SandboxAccount, dict[str, Any]]:
        claims = _signed(token)
        account = self.named(claims.get("sub"))
        if claims.get("scope") != scope:
            raise errors.invalid_token("Invalid token type")
        if account is None or claims["exp"] <= now.timestamp():
            raise errors.expired()
        return account, claims


def _signed(token: str | None) -> dict[str, Any]:
    """What a token of this server contains. Raises XrpcError."""
    if not token:
        raise errors.no_token()
    body, _dot, signature = token.rpartition(".")
    if not hmac.compare_digest(signature, _signature(body)):
        raise errors.invalid_token()
    return _claims(token)


def _claims(token: str) -> dict[str, Any]:
    """What a token contains; ValueError if it is none."""
    try:
        padded = token.split(".")[1] + "=="
        claims = json.loads(base64.urlsafe_b64decode(padded))
    except (IndexError, ValueError):
        raise ValueError("no token") from None
    return claims if isinstance(claims, dict) else {}


def _encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _signature(body: str) -> str:
    digest = hmac.digest(_KEY, body.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
