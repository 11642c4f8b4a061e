"""Simulated X API v2 (OpenAPI 2.167): authorisation, rate limits, and dispatch of calls."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from publisher.platforms.twitter.stand_in import (
    limits,
    lookup,
    media,
    mentions,
    oauth2,
    posts,
    problems,
    reading,
)
from publisher.platforms.twitter.stand_in.authorization import STEPS, PinAuthorization
from publisher.platforms.twitter.stand_in.oauth2 import CodeAuthorization, WrongToken
from publisher.platforms.twitter.stand_in.problems import ProblemResponse
from publisher.platforms.twitter.stand_in.refusals import refusal
from publisher.platforms.twitter.stand_in.signatures import NotAuthenticated, Verifier
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.limits import LimitStanding
from publisher.sandbox.store import Store

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault

Handler = Callable[[Store, Call, SandboxAccount], Awaitable[tuple[int, object]]]

HANDLERS: dict[str, Handler] = {
    "createPosts": posts.create,
    "getPostsByIds": lookup.several,
    "getPostsById": reading.get,
    "deletePosts": posts.delete,
    "getUsersMe": reading.me,
    "getUsersPosts": reading.timeline,
    "getUsersMentions": mentions.timeline,
    "hidePostsReply": mentions.hide,
    "mediaUpload": media.upload,
    "getMediaUploadStatus": media.status,
    "initializeMediaUpload": media.initialize,
    "appendMediaUpload": media.append,
    "finalizeMediaUpload": media.finalize,
    "createMediaMetadata": media.metadata,
    "createMediaSubtitles": media.subtitles,
}


class X:
    """The simulation of api.x.com."""

    def __init__(self, store: Store, *, limited: bool = True) -> None:
        self.store = store
        self.verifier = Verifier(store.accounts)
        self._authorization = PinAuthorization(store, self.verifier)
        self._codes = CodeAuthorization(store)
        self._limited = limited

    async def handle(self, call: Call) -> Response:
        """Answer a call; errors are answers too."""
        if call.operation.name in STEPS:
            return await self._authorization.handle(call)
        if call.operation.name in oauth2.STEPS:
            return await self._codes.handle(call)
        try:
            account = self._authorise(call)
            call.headers |= self._count(call, account)
            status, body = await HANDLERS[call.operation.name](self.store, call, account)
            return JSONResponse(body, status, headers=call.headers)
        except ProblemResponse as problem:
            problem.headers = call.headers | problem.headers
            return problem.response()

    def _authorise(self, call: Call) -> SandboxAccount:
        by_oauth2 = call.request.headers.get("authorization", "").startswith("Bearer ")
        try:
            return self._codes.account(call) if by_oauth2 else self.verifier.verify(call)
        except (NotAuthenticated, WrongToken) as reason:
            raise problems.unauthorised(str(reason)) from None
        except PermissionError as scope:
            raise problems.scope_missing(str(scope)) from None

    def _count(self, call: Call, account: SandboxAccount) -> dict[str, str]:
        """Count a call; returns the rate limit's headers. Raises a 429 if it is exceeded."""
        if not self._limited:
            return {}
        payers = {"user": account.name, "app": account.credentials["api_key"]}
        name = call.operation.name
        standings = self.store.meter.count(name, payers, limits.RATES[name], self.store.clock.now())
        headers = {
            name: text for standing in standings for name, text in rate_headers(standing).items()
        }
        if any(standing.exceeded for standing in standings):
            raise problems.too_many(headers)
        return headers

    def claimed(self, call: Call) -> SandboxAccount | None:
        """The account of a call's token, without verification."""
        header = call.request.headers.get("authorization", "")
        return self.verifier.claimed(header) or self._codes.claimed(call)

    def refusal(self, fault: "Fault", call: Call) -> Response:
        """The answer of X for a fault."""
        del call
        return refusal(fault, self.store.clock.now()).response()

    def unknown_path(self, path: str) -> Response:
        """Answer a request for which X has no operation."""
        return problems.not_found("path", path, "path").response()


def rate_headers(standing: LimitStanding) -> dict[str, str]:
    # The app's 24-hour limit has separate headers, observed but not documented.
    kind = "x-rate-limit" if standing.allowance.per == "user" else "x-app-limit-24hour"
    return {
        f"{kind}-limit": str(standing.allowance.requests),
        f"{kind}-remaining": str(standing.remaining),
        f"{kind}-reset": str(standing.reset),
    }
