"""Authentication: finds the visitor and the language once for each request."""

import asyncio
import re
import secrets
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from weakref import WeakValueDictionary

import structlog
from babel import negotiate_locale
from fastapi import Depends, Form
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from publisher.app import Application
from publisher.auth.known_browsers import LIFE as BROWSER_LIFE
from publisher.auth.login_throttle import network_of
from publisher.auth.sessions import LIFE, LoginSession, Sessions
from publisher.base import i18n
from publisher.base.errors import NotAllowed, PublisherError, UsageError
from publisher.base.i18n import _
from publisher.ledger.manager.rights import Rank, acting_through_pages
from publisher.settings.schema import WebSettings
from publisher.web import security
from publisher.web.request_buffer import Reception
from publisher.web.request_places import Places

_PUBLIC = ("/static/", "/help/", "/healthz", "/metrics", f"{security.API}/")
"""Paths that need no session; the API asks for a token."""
_WITHOUT_FACTOR = (
    "/me", "/me/language", "/me/factors", "/me/passkeys", "/me/password", "/pause", "/stopped",
    "/logout",
)  # fmt: skip
"""Paths for people who must set up a second factor first: stopping is always safe."""
_STREAM = "/events"
"""Stays open as long as its page, and holds no thread."""
_AT_A_TIME = 4
"""Concurrent requests of one person. The others wait, and hold no thread of the shared pool."""
_STRANGERS, _OF_NETWORK = 8, 2
"""The same for all visitors without a session together, and for those from one network."""
_WAITS, _ELSEWHERE = "/login/openid", 4
"""The path that waits for another server, and its limit: it does not block password log-ins."""
_HERE = ("127.0.0.1", "::1")
"""Where a proxy asks from that is believed about its clients; see `server.serve`."""
_WISH = re.compile(r"([a-z-]+)\s*(?:;\s*q=([01](?:\.\d+)?))?\s*(?:,|$)")
"""A language and its weight, in `Accept-Language`. Source: RFC 9110, 12.5.4."""


_TOO_SLOW = PlainTextResponse(
    "The request did not arrive in time.\n", 408, headers={"connection": "close"}
)


class NotLoggedIn(Exception):
    """The request has no session."""


class NotOurForm(Exception):
    """The form was not made for this person's session."""


class FactorMissing(Exception):
    """The person must set up a second factor before anything else."""


Visitor = LoginSession
"""A person with a session."""


class Recognition:
    """Session middleware: finds each request's session, sets the reader's language, limits load.

    The scope's state gets `visitor` (or None), and `secret`: the cookie that forms are bound to.
    """

    def __init__(self, app: ASGIApp, application: Application, settings: WebSettings) -> None:
        self._app = app
        self._application = application
        self._settings = settings
        self._shares: dict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(_AT_A_TIME)
        )
        self._strangers = asyncio.Semaphore(_STRANGERS)
        self._elsewhere = asyncio.Semaphore(_ELSEWHERE)
        self._networks: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._reception = Reception()
        self._has_warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_PUBLIC):
            await self._app(scope, receive, send)
            return
        secret = HTTPConnection(scope).cookies.get(cookie_name(self._settings), "")
        session = await run_in_threadpool(self._find, secret, scope) if secret else None
        state = scope.setdefault("state", {})
        state["visitor"] = session
        # Before anything is read: changes made while the page is rendered show as new.
        state["step"] = await run_in_threadpool(self._newest_step, scope) if session else 0
        state["secret"] = secret
        spoken = session.person.language if session else None
        wanted = (
            spoken or accepted_language(Headers(scope=scope)) or self._application.settings.language
        )
        if session is None:
            self._warn_of_proxy(scope)
            try:
                receive = await self._reception.whole(receive)
            except TimeoutError:
                await _TOO_SLOW(scope, receive, send)
                return
        share = self._share(session, scope)
        state["share"] = share
        async with share:
            with i18n.speaking(wanted), acting_through_pages():
                await self._app(scope, receive, send)

    def _share(self, session: LoginSession | None, scope: Scope) -> Places:
        """The semaphores that this request needs: those of the person, or of anonymous visitors."""
        if session is None and scope["path"].startswith(_WAITS):
            return Places(self._elsewhere)
        if session is None:
            network = network_of(scope["client"][0] if scope.get("client") else "")
            own = self._networks.setdefault(network, asyncio.Semaphore(_OF_NETWORK))
            return Places(own, self._strangers)
        if scope["path"] == _STREAM:
            return Places()
        return Places(self._shares[session.person.name])

    def _warn_of_proxy(self, scope: Scope) -> None:
        """Log once that the proxy before the pages does not say for whom it asks."""
        client = scope["client"][0] if scope.get("client") else ""
        is_behind_proxy = self._settings.is_secure and client in _HERE
        if self._has_warned or not is_behind_proxy or "x-forwarded-for" in Headers(scope=scope):
            return
        self._has_warned = True
        told = _(
            "The proxy does not say which address a request comes from, so all visitors look "
            "like one."
        )
        hint = _(
            "Make it set X-Forwarded-For in place of what the client sent; `publisher help pages` "
            "shows how. Until then, a few wrong guesses slow down log-ins for everyone."
        )
        structlog.get_logger().warning(told, hint=hint)

    def _newest_step(self, scope: Scope) -> int:
        if scope["method"] != "GET" or scope["path"] == _STREAM:
            return 0
        try:
            return self._application.queries.last_step()
        except PublisherError:
            return 0

    def _find(self, token: str, scope: Scope) -> LoginSession | None:
        sessions = self._application.sessions
        try:
            session = sessions.find(token)
            if session and not _by_itself(scope):
                sessions.touch(session)
        except PublisherError:
            return None  # without a ledger there are no sessions; the page reports the error
        return session


def _by_itself(scope: Scope) -> bool:
    """Whether an open page asks by itself: that does not count as use of the session."""
    return scope["path"] == _STREAM or QueryParams(scope["query_string"]).get("part") == "live"


def cookie_name(settings: WebSettings) -> str:
    """Name of the session cookie; over TLS with the prefix that binds it to this host."""
    return "__Host-publisher" if settings.is_secure else "publisher"


def set_cookie(response: Response, settings: WebSettings, value: str, *, lasts: bool) -> None:
    """Set the browser's cookie: a session's token, or the secret of an anonymous form."""
    life = LIFE if lasts else None
    _set_cookie(response, settings, cookie_name(settings), value, life)


def _set_cookie(
    response: Response, settings: WebSettings, name: str, value: str, life: timedelta | None
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(life.total_seconds()) if life else None,
        path="/",
        secure=settings.is_secure,
        httponly=True,
        samesite="lax",
    )


def browser_cookie(settings: WebSettings) -> str:
    """Name of the cookie that identifies a browser; it outlasts all sessions."""
    return f"{cookie_name(settings)}-browser"


def know_browser(response: Response, settings: WebSettings, token: str) -> None:
    """Set the cookie with the token that identifies the browser from now on."""
    _set_cookie(response, settings, browser_cookie(settings), token, BROWSER_LIFE)


def new_secret() -> str:
    """A random secret for a visitor who is not logged in yet."""
    return secrets.token_urlsafe(32)


def accepted_language(headers: Headers) -> str | None:
    """The supported language that the browser prefers."""
    wishes = _WISH.findall(headers.get("accept-language", "")[:200].lower())
    best_first = sorted(wishes, key=lambda wish: -float(wish[1] or 1))
    return negotiate_locale([code for code, _weight in best_first], i18n.LANGUAGES, sep="-")


def reader(request: Request) -> Visitor:
    """Require a logged-in visitor. Raises NotLoggedIn, FactorMissing.

    A form may take minutes to arrive: its sender's session and rights are those of now.
    """
    if request.method == "POST" and request.state.visitor:
        sessions: Sessions = request.app.state.parts.app.sessions
        request.state.visitor = sessions.find(request.state.secret)
    visitor: Visitor | None = request.state.visitor
    if visitor is None:
        raise NotLoggedIn
    if visitor.needs_factor and request.url.path not in _WITHOUT_FACTOR:
        raise FactorMissing
    return visitor


Reader = Annotated[Visitor, Depends(reader)]


def writer(
    request: Request, visitor: Reader, token: Annotated[str, Form(alias="form")] = ""
) -> Visitor:
    """Require a logged-in visitor who sent one of our forms. Raises NotLoggedIn, NotOurForm."""
    if not security.is_ours(request, request.app.state.parts.where, request.state.secret, token):
        raise NotOurForm
    return visitor


Writer = Annotated[Visitor, Depends(writer)]


def manager(visitor: Writer) -> Visitor:
    """Require a manager who sent one of our forms. Raises NotAllowed too."""
    return _ranked(visitor, Rank.MANAGER)


def admin(visitor: Writer) -> Visitor:
    """Require an admin who sent one of our forms. Raises NotAllowed too."""
    return _ranked(visitor, Rank.ADMIN)


def overseer(visitor: Reader) -> Visitor:
    """Require an admin, for pages that change nothing. Raises NotLoggedIn, NotAllowed."""
    return _ranked(visitor, Rank.ADMIN)


def _ranked(visitor: Visitor, rank: Rank) -> Visitor:
    if not visitor.person.rank.includes(rank):
        raise NotAllowed
    return visitor


Manager = Annotated[Visitor, Depends(manager)]
Admin = Annotated[Visitor, Depends(admin)]
Overseer = Annotated[Visitor, Depends(overseer)]


def organisations_of(app: Application, visitor: Visitor) -> list[str]:
    """The organisations of the accounts over which the visitor has a right."""
    accounts = app.settings.accounts.values()
    names = {entry.organisation for entry in accounts if entry.organisation}
    return sorted(name for name in names if visitor.person.is_of(name))


def chosen_organisations(
    app: Application, visitor: Visitor, scope: str, names: Sequence[str] | None
) -> list[str] | None:
    """The organisations of a form; None: all. Raises UsageError for none or unknown ones.

    Nothing is chosen beforehand: whoever gives a right over everything says so.
    """
    if scope == "all":
        return None
    found = [name for name in organisations_of(app, visitor) if name in (names or ())]
    if not found:
        message = _("No organisation is chosen.")
        raise UsageError(message, hint=_("Go back, and choose one, or all of them."))
    return found
