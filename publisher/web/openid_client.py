"""Logging in by OpenID Connect: its authorization code flow, with PKCE, state and nonce.

What belongs to one log-in is derived from the cookie that the browser got when it set out, so that
nothing has to be kept, and an answer is of use in that browser alone.
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
"""Of signatures with a key that the provider alone has."""
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_PATIENCE = 10  # seconds
_LEEWAY = 60  # seconds that its clock may be off
_FRESH = 300.0  # seconds for which its addresses are believed
_REST = 2.0  # seconds after a question that came to nothing


class Known:
    """What the provider publishes about itself, asked for now and then and not at each log-in.

    An answer that does not come is not waited for again at once: whoever likes may set out, and each
    would hold a thread meanwhile.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._until = 0.0
        self._found: Mapping[str, Any] | ProviderRefused | None = None

    def ask(self, ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """What it said lately, or says now; one asks at a time. ProviderRefused."""
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
    """The one that the settings name, for one log-in."""

    def __init__(self, settings: OpenIDSettings, back: str, known: Known | None = None) -> None:
        """`back` is the address to which it sends the browser."""
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

    def address(self, secret: str, wanted: str) -> str:
        """Where the browser with the cookie `secret` has to go, to come back for `wanted`.

        ProviderRefused when the provider cannot be reached, or is not the one it should be.
        """
        address, _ = self._session.create_authorization_url(
            self._metadata()["authorization_endpoint"],
            state=_state(secret, wanted),
            nonce=_derived(secret, "nonce"),
            code_verifier=_derived(secret, "verifier"),
        )
        return str(address)

    def person(self, secret: str, code: str) -> tuple[str | None, str]:
        """The name and the lasting identity of whom the `code` stands for; ProviderRefused.

        No name where the provider says none, or an address that it has not verified: then they
        must be known by their identity.
        """
        try:
            claims = self._claims(secret, code)
        except (AuthlibBaseError, JoseError, OSError, ValueError, KeyError, TypeError) as error:
            raise ProviderRefused(type(error).__name__) from error
        subject, name = _text(claims["sub"]), claims.get(self._settings.claim)
        if subject is None:
            raise ProviderRefused("nobody named")
        is_vouched = self._settings.claim != "email" or claims.get("email_verified") is True
        return _text(name) if is_vouched else None, f"{self._settings.issuer} {subject}"

    def _claims(self, secret: str, code: str) -> Mapping[str, Any]:
        found = self._metadata()
        answer = self._session.fetch_token(
            found["token_endpoint"],
            code=code,
            code_verifier=_derived(secret, "verifier"),
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
                "nonce": _derived(secret, "nonce"),
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
    is_text = isinstance(claim, str) and claim and claim.isprintable()
    return claim if isinstance(claim, str) and is_text else None


def wanted(secret: str, state: str) -> str | None:
    """What the browser set out for; None when it did not set out with this cookie and state."""
    _, _, address = state.partition(" ")
    expected = _state(secret, address)
    return address if secret and hmac.compare_digest(expected.encode(), state.encode()) else None


def _state(secret: str, address: str) -> str:
    return f"{_derived(secret, f'state {address}')} {address}"


def _derived(secret: str, what: str) -> str:
    """One of the values of a log-in; nobody can tell it without the cookie."""
    return hmac.new(secret.encode(), f"openid {what}".encode(), hashlib.sha256).hexdigest()
