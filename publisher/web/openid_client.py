"""OpenID Connect client: authorization code flow with PKCE, state and nonce.

All values of one log-in are derived from the cookie that the browser gets at its start, so that
nothing has to be stored, and an answer is valid only in that browser.
"""

import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from joserfc.jws import JWSRegistry

from publisher.base.errors import ProviderRefused
from publisher.settings.schema import OpenIDSettings, is_safe_address

_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signature algorithms with a key that only the provider has."""
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_ANEW = {
    "prompt": "login",
    "max_age": "0",
    "claims": '{"id_token": {"auth_time": {"essential": true}}}',
}
"""Asks for another log-in, and when it was. Source: OpenID Connect Core, 3.1.2.1 and 5.5.1."""
_PATIENCE = 10  # seconds
_LEEWAY = 60  # seconds that its clock may be off
_FRESH = 300.0  # seconds for which its addresses are believed
_REST = 2.0  # seconds after a question that came to nothing


class Known:
    """Cache of the provider's metadata.

    A failed request is not repeated at once: anyone may start a log-in, and each would hold a
    thread while it waits.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._until = 0.0
        self._found: Mapping[str, Any] | ProviderRefused | None = None

    def ask(self, ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """The cached metadata, or a new answer; one request at a time. Raises ProviderRefused."""
        with self._turn:
            if self._found is None or time.monotonic() >= self._until:
                lasts = _REST
                try:
                    self._found, lasts = ask(), _FRESH
                except ProviderRefused as error:
                    self._found = error
                self._until = time.monotonic() + lasts
            if isinstance(self._found, ProviderRefused):
                raise ProviderRefused(str(self._found))
            return self._found


class Provider:
    """Client of the provider in the settings, for one log-in."""

    def __init__(self, settings: OpenIDSettings, back: str, known: Known | None = None) -> None:
        """`back` is the address to which the provider returns the browser."""
        self._settings = settings
        self._known = known or Known()
        secret = settings.client_secret
        self._session = OAuth2Session(
            settings.client_id,
            secret.get_secret_value() if secret else None,
            scope="openid profile email",
            redirect_uri=back,
            code_challenge_method="S256",
        )

    def address(self, secret: str, wanted: str, *, again: bool = False) -> str:
        """The authorization URL for the browser with the cookie `secret`, to return to `wanted`.

        `again`: who is logged in there has to prove anew who they are. Raises ProviderRefused if
        the provider cannot be reached, or is not the expected one.
        """
        address, _ = self._session.create_authorization_url(
            self._metadata()["authorization_endpoint"],
            state=_state(secret, wanted, again=again),
            nonce=_derived(secret, "nonce", again=again),
            code_verifier=_derived(secret, "verifier", again=again),
            **(_ANEW if again else {}),
        )
        return str(address)

    def person(self, secret: str, code: str, *, again: bool = False) -> tuple[str | None, str]:
        """Exchange the `code` for a person's name and permanent id. Raises ProviderRefused.

        The name is None if the provider gives none, or an e-mail address that it has not verified:
        then the person must be known by the id. `again` as in `address`: the provider has to say
        that they logged in there just now.
        """
        try:
            claims = self._claims(secret, code, again=again)
        except (AuthlibBaseError, JoseError, OSError, ValueError, KeyError, TypeError) as error:
            raise ProviderRefused(type(error).__name__) from error
        subject, name = _text(claims["sub"]), claims.get(self._settings.claim)
        if subject is None:
            raise ProviderRefused("nobody named")
        if again and not _is_now(claims.get("auth_time")):
            raise ProviderRefused("auth_time does not say that they logged in anew")
        is_vouched = self._settings.claim != "email" or claims.get("email_verified") is True
        return _text(name) if is_vouched else None, f"{self._settings.issuer} {subject}"

    def _claims(self, secret: str, code: str, *, again: bool) -> Mapping[str, Any]:
        found = self._metadata()
        answer = self._session.fetch_token(
            found["token_endpoint"],
            code=code,
            code_verifier=_derived(secret, "verifier", again=again),
            timeout=_PATIENCE,
            allow_redirects=False,
        )
        token = jwt.decode(
            answer["id_token"],
            KeySet.import_key_set(cast("KeySetSerialization", self._read(found["jwks_uri"]))),
            registry=JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False),
        )
        client = self._settings.client_id
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": self._settings.issuer},
                "aud": {"essential": True, "value": client},
            },
            {
                "nonce": _derived(secret, "nonce", again=again),
                "client_id": client,
                "access_token": answer.get("access_token"),
            },
        )
        claims.validate(leeway=_LEEWAY)
        return dict(claims)

    def _metadata(self) -> Mapping[str, Any]:
        return self._known.ask(self._published)

    def _published(self) -> Mapping[str, Any]:
        issuer = self._settings.issuer
        try:
            found = self._read(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if found["issuer"] != issuer:
                raise ProviderRefused("another issuer")
            if not all(is_safe_address(found[endpoint]) for endpoint in _ENDPOINTS):
                raise ProviderRefused("an address without TLS")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProviderRefused(type(error).__name__) from error
        return found

    def _read(self, address: str) -> dict[str, Any]:
        answer = self._session.get(
            address, withhold_token=True, timeout=_PATIENCE, allow_redirects=False
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


def _text(claim: object) -> str | None:
    return claim if isinstance(claim, str) and claim and claim.isprintable() else None


def _is_now(at: object) -> bool:
    """Whether this is the time of a moment ago, in seconds since 1970.

    Whoever has the session could take `max_age` out of the request: then it is missing.
    """
    return isinstance(at, int | float) and at >= time.time() - _LEEWAY


def wanted(secret: str, state: str, *, again: bool) -> str | None:
    """The page wanted at the start of the log-in; None if cookie and state do not match."""
    _, _, address = state.partition(" ")
    expected = _state(secret, address, again=again)
    return address if secret and hmac.compare_digest(expected.encode(), state.encode()) else None


def _state(secret: str, address: str, *, again: bool) -> str:
    return f"{_derived(secret, f'state {address}', again=again)} {address}"


def _derived(secret: str, what: str, *, again: bool) -> str:
    """Derive one of a log-in's values from the cookie; it cannot be guessed without it.

    Those of a proof (`again`) are others than those of a log-in.
    """
    told = f"openid {'again' if again else 'log-in'} {what}"
    return hmac.new(secret.encode(), told.encode(), hashlib.sha256).hexdigest()
