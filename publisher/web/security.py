"""HTTP security: host check, size limits, response headers, form tokens, and the access log."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from itertools import chain
from urllib.parse import urlsplit

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from publisher.agenda import ics_lines
from publisher.auth.users import People
from publisher.base.errors import NotPossible
from publisher.media.media_file import MAX_BYTES
from publisher.settings.schema import WebSettings

POLICY = (
    "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: browsers would then send `Origin: null` with forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
_LARGEST = 1_000_000  # bytes of a request
_LONGEST = 10_000  # characters of a field
_LARGEST_UPLOAD = MAX_BYTES + _LARGEST
"""The same for a request with a picture, from a logged-in person."""
COMPOSER = re.compile(r"/new|/posts/.+/edit")
"""The addresses of the form of a post, which takes pictures."""
_UPLOAD = re.compile(rf"{COMPOSER.pattern}|/posts/.+/illustrate")
API = "/api/v1"
"""Where the API is, which looks its visitors up itself."""
_CALENDAR, _LARGEST_CALENDAR = "/agenda/import", ics_lines.MAX_BYTES + _LARGEST
"""The same for a request with a calendar's file."""
_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")
_YEAR = 365 * 24 * 3600


class Guard:
    """Security middleware: refuses requests for other hosts, and sets the security headers.

    A response that sets one of the headers itself keeps its own.
    """

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._hosts = settings.names()
        self._headers: Mapping[str, str] = (
            {**_HEADERS, "Strict-Transport-Security": f"max-age={_YEAR}; includeSubDomains"}
            if settings.is_secure
            else _HEADERS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope, begun = _asked(scope), False

        async def sending(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if refusal := self._refusal(Headers(scope=scope)):
            await refusal(scope, receive, sending)
            return
        try:
            await self._app(scope, _limited(scope, receive), sending)
        except Exception:  # noqa: BLE001 - the last resort: no traceback leaves, and the log has it
            structlog.get_logger().exception("a page failed", path=scope["path"])
            if not begun:
                await _FAILED(scope, receive, sending)

    def _refusal(self, headers: Headers) -> PlainTextResponse | None:
        if "transfer-encoding" in headers and "content-length" in headers:
            # A proxy may see another end of such a body (RFC 9112, 6.1).
            close = {"connection": "close"}
            return PlainTextResponse("How long is this request?\n", 400, headers=close)
        if _host(headers.get("host", "")) not in self._hosts:
            return PlainTextResponse(
                "This server is not asked for by that name. [web] public_url or hosts in "
                "publisher.toml names it.\n",
                400,
            )
        return None


class Compression:
    """Compression middleware, for what a page of ours or the person at the browser asks for.

    A page of somebody else could ask for ours with words of its choice, and learn from the length
    of what comes back whether they stand in it (BREACH): its requests get nothing compressed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed = GZipMiddleware(app, minimum_size=1000, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked_by = Headers(scope=scope).get("sec-fetch-site") if scope["type"] == "http" else None
        app = self._compressed if asked_by in ("same-origin", "none") else self._app
        await app(scope, receive, send)


def _asked(scope: Scope) -> Scope:
    """Treat HEAD as GET, whose body the server drops; not for a stream, which has no end."""
    if scope["method"] == "HEAD" and scope["path"] != "/events":
        return {**scope, "method": "GET"}
    return scope


_FAILED = PlainTextResponse(
    "Something happened that Publisher did not foresee. The ledger is as it was; what happened is "
    "in var/log/web.log. Publishing goes on.\n",
    500,
)


class TooLarge(HTTPException):
    """The request has more bytes than any of our forms."""

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Refuse a body that is too large: before a byte is read, if its length is announced."""
    length = Headers(scope=scope).get("content-length", "")
    announced, received = int(length) if length.isdecimal() else 0, 0

    async def limited() -> Message:
        nonlocal received
        limit = _largest(scope)
        if announced > limit:
            raise TooLarge(limit)
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise TooLarge(limit)
        return message

    return limited


def _largest(scope: Scope) -> int:
    """The size limit of a request; call it after the visitor has been looked up."""
    state = scope.get("state", {})
    if scope["path"] == f"{API}/media" and state.get("token"):
        return _LARGEST_UPLOAD
    if scope["method"] != "POST" or not state.get("visitor"):
        return _LARGEST
    if _UPLOAD.fullmatch(scope["path"]):
        return _LARGEST_UPLOAD
    return _LARGEST_CALENDAR if scope["path"] == _CALENDAR else _LARGEST


def _host(header: str) -> str:
    """The name in a Host header, in lower case and without its port; empty if invalid."""
    found = _HOST.fullmatch(header.casefold())
    return found[1].strip("[]") if found else ""


_LONG = frozenset({"body", "text", "kept", "changes", "calendar"})
"""Fields with a draft's text, typed or kept over a log-in, or with a calendar or its changes."""


async def plain(request: Request) -> None:
    """Refuse input that none of our forms sends. Raises RequestValidationError.

    That is a NUL, which PostgreSQL cannot store, and a field that is too long. A draft's text may
    be longer: its length is checked where it can be given back.
    """
    form = await request.form()
    given = [("path", request.scope["path"]), *request.query_params.multi_items()]
    for name, value in chain(given, form.multi_items()):
        longest = _LARGEST if name in _LONG else _LONGEST
        # The contents of a file are checked where it is read.
        text = value if isinstance(value, str) else ""
        if "\0" in name or "\0" in text or len(text) > longest:
            raise RequestValidationError([])


def form_token(secret: str) -> str:
    """The CSRF token of a form, derived from the visitor's cookie."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def is_ours(request: Request, settings: WebSettings, secret: str, token: str) -> bool:
    """Whether a form was sent from our own page, by the owner of the cookie `secret`."""
    if not secret or not hmac.compare_digest(form_token(secret).encode(), token.encode()):
        return False
    return is_from_here(request, settings)


def is_from_here(request: Request, settings: WebSettings) -> bool:
    """Whether a form was sent from a page of this server, by the browser's Origin header."""
    origin = request.headers.get("origin")
    if origin is None:  # older browsers; the token must be enough
        return True
    return urlsplit(origin).netloc == request.headers.get("host") or origin == settings.public_url


_LONGEST_PATH = 200  # characters of a path in the log


def address(request: Request) -> str:
    """The client's network address; empty if it is unknown."""
    return request.client.host if request.client else ""


def log_event(request: Request, event: str, **more: object) -> None:
    """Log an event of the visitor who sent the request."""
    visitor = request.state.visitor
    _log(request, event, person=visitor.name if visitor else None, **more)


def log_login(request: Request, name: str, by: str) -> None:
    """Log that a person logged in."""
    _log(request, "logged in", person=name, by=by)


def log_refused_login(
    request: Request, people: People, name: str, why: str, by: str = "password"
) -> None:
    """Log a refused log-in. An unknown name is left out: it may be a password."""
    try:
        known = people.find(name).name
    except NotPossible:
        known = None
    _log(request, "log-in refused", person=known, by=by, why=why)


def _log(request: Request, event: str, **more: object) -> None:
    path = request.url.path[:_LONGEST_PATH]
    structlog.get_logger().info(event, address=address(request), path=path, **more)
