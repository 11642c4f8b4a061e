"""Simulated X API v2 (OpenAPI 2.167): authorisation, rate limits, and dispatch of calls."""

from collections.abc import Awaitable, Callable

from starlette.responses import JSONResponse, Response

from publisher.sandbox import problems, x_media, x_posts, x_read
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.limits import X_RATES, LimitStanding
from publisher.sandbox.oauth import NotAuthenticated, Verifier
from publisher.sandbox.problems import ProblemResponse
from publisher.sandbox.store import Store

Handler = Callable[[Store, Call, SandboxAccount], Awaitable[tuple[int, object]]]

HANDLERS: dict[str, Handler] = {
    "createPosts": x_posts.create,
    "getPostsById": x_read.get,
    "deletePosts": x_posts.delete,
    "getUsersMe": x_read.me,
    "getUsersPosts": x_read.timeline,
    "mediaUpload": x_media.upload,
    "getMediaUploadStatus": x_media.status,
    "initializeMediaUpload": x_media.initialize,
    "appendMediaUpload": x_media.append,
    "finalizeMediaUpload": x_media.finalize,
    "createMediaMetadata": x_media.metadata,
}


class X:
    """The simulation of api.x.com."""

    def __init__(self, store: Store, *, limited: bool = True) -> None:
        self.store = store
        self.verifier = Verifier(store.accounts)
        self._limited = limited

    async def handle(self, call: Call) -> Response:
        """Answer a call; errors are answers too."""
        try:
            account = self._authorise(call)
            call.headers |= self._count(call, account)
            status, body = await HANDLERS[call.operation.name](self.store, call, account)
            return JSONResponse(body, status, headers=call.headers)
        except ProblemResponse as problem:
            problem.headers = call.headers | problem.headers
            return problem.response()

    def _authorise(self, call: Call) -> SandboxAccount:
        try:
            return self.verifier.verify(call)
        except NotAuthenticated as reason:
            raise problems.unauthorised(str(reason)) from None

    def _count(self, call: Call, account: SandboxAccount) -> dict[str, str]:
        """Count a call; returns the rate limit's headers. Raises a 429 if it is exceeded."""
        if not self._limited:
            return {}
        payers = {"user": account.name, "app": account.credentials["api_key"]}
        name = call.operation.name
        standings = self.store.meter.count(name, payers, X_RATES[name], self.store.clock.now())
        headers = {
            name: text for standing in standings for name, text in rate_headers(standing).items()
        }
        if any(standing.exceeded for standing in standings):
            raise problems.too_many(headers)
        return headers


def rate_headers(standing: LimitStanding) -> dict[str, str]:
    # The app's 24-hour limit has separate headers, observed but not documented.
    kind = "x-rate-limit" if standing.allowance.per == "user" else "x-app-limit-24hour"
    return {
        f"{kind}-limit": str(standing.allowance.requests),
        f"{kind}-remaining": str(standing.remaining),
        f"{kind}-reset": str(standing.reset),
    }


def unknown_path(path: str) -> Response:
    return problems.not_found("path", path, "path").response()
