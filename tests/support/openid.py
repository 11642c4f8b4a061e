"""A provider of OpenID Connect over HTTP, as strict as a real one, that can be told to lie."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.pages import listening

CLIENT, SECRET = "publisher", "planted-secret-openid"
ACCESS_TOKEN = "planted-access-token"


@dataclass
class Provider:
    """Everybody who comes is `claims`, without being asked; the rest are its lies."""

    claims: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "4711",
            "email": "lima@example.org",
            "email_verified": True,
            "preferred_username": "lima",
        }
    )
    address: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    """Claims in the place of true ones; None leaves one out."""
    algorithm: str = "RS256"
    signs_with_another_key: bool = False
    answer: dict[str, Any] = field(default_factory=dict)
    """What else the way back carries."""
    token_answer: Response | None = None
    asked: list[str] = field(default_factory=list)
    """The paths that were asked for."""
    issued: list[str] = field(default_factory=list)
    """The ID tokens that it gave."""

    def __post_init__(self) -> None:
        self._rsa, self._ec = _keys()
        self._codes: dict[str, dict[str, str]] = {}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._configuration),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
            ]
        )

    async def _configuration(self, _request: Request) -> Response:
        self.asked.append("/.well-known/openid-configuration")
        told = {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "response_types_supported": ["code"],
        }
        return JSONResponse({**told, **self.metadata})

    async def _authorize(self, request: Request) -> Response:
        given = dict(request.query_params)
        assert given["response_type"] == "code"
        assert given["client_id"] == CLIENT
        assert given["code_challenge_method"] == "S256"
        assert "openid" in given["scope"].split()
        code = secrets.token_urlsafe()
        self._codes[code] = given
        back = {"code": code, "state": given["state"], **self.answer}
        return RedirectResponse(f"{given['redirect_uri']}?{urlencode(back)}", 302)

    async def _token(self, request: Request) -> Response:
        self.asked.append("/token")
        form = await request.form()
        given = self._codes.pop(str(form.get("code")), None)
        proven = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        client = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if (
            given is None
            or request.headers.get("authorization") != f"Basic {client}"
            or form.get("redirect_uri") != given["redirect_uri"]
            or _encoded(proven) != given["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        if self.token_answer is not None:
            return self.token_answer
        token = self._signed(given)
        self.issued.append(token)
        told = {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": token}
        return JSONResponse(told)

    def _signed(self, given: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": given["nonce"], "auth_time": now if "max_age" in given else None,
        }  # fmt: skip
        told = {**claims, **self.claims, **self.lies}
        told = {name: value for name, value in told.items() if value is not None}
        header = {"alg": self.algorithm, "kid": self.algorithm}
        if self.algorithm == "ES256":
            return jwt.encode(header, told, self._ec)
        if self.algorithm in ("none", "HS256"):  # signed with nothing, or what everybody can read
            token = ".".join(_encoded(json.dumps(part).encode()) for part in (header, told))
            public = self._rsa.as_pem(private=False)
            signature = hmac.digest(public, token.encode(), "sha256")
            return f"{token}.{_encoded(signature) if self.algorithm == 'HS256' else ''}"
        key = RSAKey.generate_key(2048) if self.signs_with_another_key else self._rsa
        return jwt.encode(header, told, key)

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse(KeySet([self._rsa, self._ec]).as_dict(private=False))


@cache
def _keys() -> tuple[RSAKey, ECKey]:
    """Made once: an RSA key takes long to find."""
    rsa = RSAKey.generate_key(2048, {"kid": "RS256"})
    return rsa, ECKey.generate_key("P-256", {"kid": "ES256"})


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


@contextmanager
def provider() -> Iterator[Provider]:
    """One on a free port of loopback."""
    made = Provider()
    with listening(made.app()) as address:
        made.address = address
        yield made
