"""Access to the API: finds the token of each request, and limits what it may ask at a time.

Cookies count for nothing here, so no page of somebody else can use a browser's session.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import Depends, Security
from fastapi.security import HTTPBearer, SecurityScopes
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from publisher.app import Application
from publisher.auth.api_tokens import ApiToken, TokenScope
from publisher.base import i18n
from publisher.base.errors import PublisherError
from publisher.base.i18n import _
from publisher.ledger.manager.rights import Person, acting_through_pages
from publisher.ledger.token_bounds import acting_by_token
from publisher.web.api import problems
from publisher.web.authentication import accepted_language
from publisher.web.dependencies import Parts, Use
from publisher.web.request_buffer import Reception

PER_MINUTE = 120
"""Requests of one token."""
_MINUTE = 60.0
_AT_A_TIME, _OF_ALL = 4, 12
"""Concurrent requests of one person, and of all: the pages share the threads."""
DESCRIPTION = "/openapi.json"
"""Needs no token: it says nothing of the workspace."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One request of a program: the workspace, and the token that asks."""

    parts: Parts
    token: ApiToken
    request: Request

    @property
    def app(self) -> Application:
        return self.parts.app

    @property
    def person(self) -> Person:
        """For whom it acts, with the rights of the token."""
        return self.token.person

    def log(self, event: str, **more: object) -> None:
        """Log what the token did."""
        log_event(self.request.scope, event, token=self.token, **more)


class RequestLimit:
    """Sliding window: so many requests of each token in a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: defaultdict[int, deque[float]] = defaultdict(deque)

    def wait(self, token: int) -> int:
        """Seconds until this token may ask again; 0: now, and it counts."""
        now, times = self._clock(), self._times[token]
        while times and times[0] <= now - _MINUTE:
            times.popleft()
        if len(times) >= PER_MINUTE:
            return max(1, round(times[0] + _MINUTE - now))
        times.append(now)
        return 0


class TokenAccess:
    """Middleware of the API: its requests act for a person, within the bounds of a token."""

    def __init__(self, app: ASGIApp, application: Application) -> None:
        self._app = app
        self._application = application
        self._limit = RequestLimit()
        self._lookups = asyncio.Semaphore(_OF_ALL)
        self._of_all = asyncio.Semaphore(_OF_ALL)
        self._of_person: defaultdict[int, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(_AT_A_TIME)
        )
        self._arrival: defaultdict[int, Reception] = defaultdict(lambda: Reception(large=1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        spoken = accepted_language(Headers(scope=scope))
        state = scope.setdefault("state", {})
        state["visitor"], state["token"] = None, None
        with i18n.speaking(spoken or self._application.settings.language):
            if scope["path"].removeprefix(scope.get("root_path", "")) == DESCRIPTION:
                await self._app(scope, receive, send)
                return
            try:
                state["token"] = token = await self._found(scope)  # it may send a large body
                # A body that is sent slowly keeps a place of its own person alone.
                receive = await self._arrival[token.person.id].whole(receive)
            except TimeoutError:
                await problems.response(408, "not-in-time", _("It did not arrive in time."))(
                    scope, receive, send
                )
                return
            except problems.ApiRefused as refused:
                await refused.response()(scope, receive, send)
                return
            except PublisherError as error:
                await problems.of(error)(scope, receive, send)
                return
            async with self._of_person[token.person.id], self._of_all:
                with acting_through_pages(), acting_by_token(token.bounds):
                    await self._app(scope, receive, send)

    async def _found(self, scope: Scope) -> ApiToken:
        """The token of a request. Raises ApiRefused, or why the ledger cannot tell."""
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:  # no PostgreSQL stores it
            raise problems.ApiRefused(
                400,
                _("It contains a character that is not allowed in text."),
                cause="bad-character",
            )
        kind, _space, secret = Headers(scope=scope).get("authorization", "").partition(" ")
        token = None
        if kind.lower() == "bearer" and secret:
            async with self._lookups:
                token = await run_in_threadpool(self._application.api_tokens.find, secret.strip())
        if token is None:
            if secret:
                log_event(scope, "token refused")
            raise problems.ApiRefused(
                401,
                _("This needs a valid token."),
                cause="token-invalid",
                remedy=_(
                    "Create one on your page, /me, and send it as `Authorization: Bearer TOKEN`."
                ),
            )
        if wait := self._limit.wait(token.id):
            log_event(scope, "token limited", token=token)
            raise problems.ApiRefused(
                429,
                _("At most {most} requests a minute are accepted.", most=PER_MINUTE),
                cause="too-many-requests",
                remedy=_("Wait, and ask less often: a webhook reports what happens."),
                retry_after=wait,
            )
        await run_in_threadpool(self._application.api_tokens.touch, token)
        return token


def log_event(scope: Scope, event: str, token: ApiToken | None = None, **more: object) -> None:
    """Log an event of the API; never the secret of a token."""
    named = {"person": token.person.name, "token": token.name} if token else {}
    client = scope.get("client")
    structlog.get_logger().info(
        event, address=client[0] if client else "", path=scope["path"][:200], **named, **more
    )


_bearer = HTTPBearer(
    scheme_name="token",
    description="A token of a person, from their page /me or `publisher user token`.",
    auto_error=False,
)


def _call(
    request: Request, parts: Use, scopes: SecurityScopes, _header: Annotated[Any, Depends(_bearer)]
) -> ApiCall:
    """Require a token with these scopes. Raises ApiRefused.

    It may have waited for a place: the token and its person's rights are those of now.
    """
    _kind, _space, secret = request.headers.get("authorization", "").partition(" ")
    token = parts.app.api_tokens.find(secret.strip()) if request.state.token else None
    if token is None:
        raise problems.ApiRefused(401, _("This needs a valid token."), cause="token-invalid")
    missing = [name for name in scopes.scopes if TokenScope(name) not in token.scopes]
    if missing:
        log_event(request.scope, "refused", token=token, why="scope")
        raise problems.ApiRefused(
            403,
            _("This token cannot be used here: it needs {scopes}.", scopes=", ".join(missing)),
            cause="scope-missing",
            remedy=_("Create another token with these permissions on your page, /me."),
        )
    return ApiCall(parts, token, request)


Reading = Annotated[ApiCall, Security(_call, scopes=[TokenScope.READ.value])]
Drafting = Annotated[ApiCall, Security(_call, scopes=[TokenScope.DRAFT.value])]
ReadingAnswers = Annotated[ApiCall, Security(_call, scopes=[TokenScope.ANSWERS.value])]
Submitting = Annotated[ApiCall, Security(_call, scopes=[TokenScope.SUBMIT.value])]
