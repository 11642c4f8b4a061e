"""OAuth 1.0a signature verification as on X (RFC 5849, section 3.4).

This is a separate implementation, not the library with which tweepy signs: two independent
implementations that agree prove each other.
"""

import base64
import hmac
import re
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from urllib.parse import parse_qsl, quote, unquote

from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call

SIGNED_HOSTS = ("https://api.x.com", "https://api.twitter.com")
"""The platform's own addresses, today's first: X accepts both. A signature for the sandbox's
address would be refused by X."""
TOLERANCE = 300
"""Seconds that a timestamp may differ from the machine's own clock."""
_NEEDED = ("consumer_key", "nonce", "signature", "signature_method", "timestamp")
_PARAMETER = re.compile(r'\s*(\w+)="([^"]*)"\s*')


class NotAuthenticated(Exception):
    """The request is not authenticated; the text gives the reason, only for the sandbox's user."""


class Verifier:
    """Verifies signatures with the accounts' secrets, and remembers used nonces."""

    def __init__(self, accounts: Sequence[SandboxAccount]) -> None:
        self._by_token = {
            account.credentials["access_token"]: account
            for account in accounts
            if account.channel == "twitter"
        }
        self._nonces: dict[tuple[str, str, str], float] = {}
        self._apps = {
            account.credentials["api_key"]: account.credentials["api_secret"]
            for account in self._by_token.values()
        }
        self.revoked: set[str] = set()
        """The accounts that have ended the app's access."""

    def claimed(self, authorization: str) -> SandboxAccount | None:
        """The account of a header's token, without verification."""
        return self._by_token.get(_parameters(authorization).get("oauth_token", ""))

    def verify(self, call: Call) -> SandboxAccount:
        """Verify a request; returns the account that signed it. Raises `NotAuthenticated`."""
        oauth = _oauth(call, (*_NEEDED, "token"))
        account = self._by_token.get(oauth["oauth_token"])
        if account is None or account.name in self.revoked:
            raise NotAuthenticated("oauth_token is not known here")
        keys = account.credentials
        if oauth["oauth_consumer_key"] != keys["api_key"]:
            raise NotAuthenticated("oauth_consumer_key is not the key of this token's app")
        self._check(call, oauth, keys["api_secret"], keys["access_token_secret"])
        return account

    def app(
        self, call: Call, secret_of: Callable[[str], str | None] | None = None
    ) -> dict[str, str]:
        """Verify a request of an app for no account; returns the OAuth parameters.

        `secret_of`: the secret of its request token; without it, the request has none. Raises
        `NotAuthenticated`.
        """
        oauth = _oauth(call, (*_NEEDED, "token") if secret_of else _NEEDED)
        secret = self._apps.get(oauth["oauth_consumer_key"])
        token_secret = secret_of(oauth["oauth_token"]) if secret_of else ""
        if secret is None or token_secret is None:
            raise NotAuthenticated("oauth_consumer_key or oauth_token is not known here")
        self._check(call, oauth, secret, token_secret)
        return oauth

    def _check(self, call: Call, oauth: dict[str, str], *secrets: str) -> None:
        if oauth["oauth_signature_method"] != "HMAC-SHA1":
            raise NotAuthenticated("oauth_signature_method is not HMAC-SHA1")
        _check_signature(call, oauth, *secrets)
        # Only a verified request may use up a nonce.
        self._check_freshness(oauth)

    def _check_freshness(self, oauth: dict[str, str]) -> None:
        now = time.time()
        try:
            age = abs(now - int(oauth["oauth_timestamp"]))
        except ValueError:
            raise NotAuthenticated("oauth_timestamp is no number") from None
        if age > TOLERANCE:
            raise NotAuthenticated(f"oauth_timestamp is {age:.0f} s away from this machine's clock")
        key = (oauth.get("oauth_token", ""), oauth["oauth_timestamp"], oauth["oauth_nonce"])
        if key in self._nonces:
            raise NotAuthenticated("this nonce was used before")
        self._nonces[key] = now
        # In order of use, so that the oldest come first; each is deleted once.
        for old in [
            key for key, used in [*islice(self._nonces.items(), 20)] if now - used > 3 * TOLERANCE
        ]:
            del self._nonces[old]


def signature(method: str, url: str, parameters: Iterable[tuple[str, str]], *secrets: str) -> str:
    """The HMAC-SHA1 signature over a request; `secrets` are the app's and the token's."""
    pairs = sorted((_escape(name), _escape(value)) for name, value in parameters)
    normalised = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join((method.upper(), _escape(url), _escape(normalised)))
    key = "&".join(_escape(secret) for secret in secrets)
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), "sha1")).decode()


def _oauth(call: Call, needed: Iterable[str]) -> dict[str, str]:
    """The parameters of a call's Authorization header, `needed` among them."""
    oauth = _parameters(call.request.headers.get("authorization", ""))
    if missing := [name for name in needed if not oauth.get(f"oauth_{name}")]:
        raise NotAuthenticated(f"the Authorization header has no oauth_{missing[0]}")
    return oauth


def _check_signature(call: Call, oauth: dict[str, str], *secrets: str) -> None:
    scope = call.request.scope
    parameters = [pair for pair in oauth.items() if pair[0] not in ("realm", "oauth_signature")]
    parameters += parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if call.content_type == "application/x-www-form-urlencoded":
        parameters += parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)
    path = scope["raw_path"].decode("latin-1").partition("?")[0]
    for host in SIGNED_HOSTS:
        right = signature(call.request.method, host + path, parameters, *secrets)
        if hmac.compare_digest(right.encode(), oauth["oauth_signature"].encode()):
            return
    raise NotAuthenticated(
        f"this is not the signature of {call.request.method} {SIGNED_HOSTS[0]}{path}"
    )


def _parameters(header: str) -> dict[str, str]:
    """The parameters of an OAuth header, decoded; empty for any other header."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth":
        return {}
    found = (_PARAMETER.fullmatch(piece) for piece in rest.split(","))
    return {unquote(match[1]): unquote(match[2]) for match in found if match}


def _escape(text: str) -> str:
    return quote(text, safe="~")
