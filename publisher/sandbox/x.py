"""X API v2 as its OpenAPI 2.167 describes it: who asks, how often, and which answer that gives."""

from collections.abc import Awaitable, Callable

from starlette.responses import JSONResponse, Response

from publisher.sandbox import problems, x_media, x_posts, x_read
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.limits import X_RATES, LimitStanding, Meter
from publisher.sandbox.oauth import Unverified, Verifier
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
    """The stand-in for api.x.com."""

    def __init__(self, store: Store, *, limited: bool = True) -> None:
        self.store = store
        self.verifier = Verifier(store.accounts)
        self._limited = limited
        self.clear()

    def clear(self) -> None:
        self._meter = Meter()

    async def handle(self, call: Call) -> Response:
        """Answer a call, whatever is wrong with it."""
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
        except Unverified as reason:
            raise problems.unauthorised(str(reason)) from None

    def _count(self, call: Call, account: SandboxAccount) -> dict[str, str]:
        """The headers of the rate limit; raises 429 when it is exceeded."""
        if not self._limited:
            return {}
        payers = {"user": account.name, "app": account.credentials["api_key"]}
        name = call.operation.name
        standings = self._meter.count(name, payers, X_RATES[name], self.store.clock.now())
        headers = {
            name: text for standing in standings for name, text in rate_headers(standing).items()
        }
        if any(standing.exceeded for standing in standings):
            raise problems.too_many(headers)
        return headers


def rate_headers(standing: LimitStanding) -> dict[str, str]:
    # The 24 hours of an app have headers of their own, seen but not documented.
    kind = "x-rate-limit" if standing.allowance.per == "user" else "x-app-limit-24hour"
    return {
        f"{kind}-limit": str(standing.allowance.requests),
        f"{kind}-remaining": str(standing.remaining),
        f"{kind}-reset": str(standing.reset),
    }


def unknown_path(path: str) -> Response:
    return problems.not_found("path", path, "path").response()
