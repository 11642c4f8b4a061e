"""Simulated Graph API of Facebook: authorisation, rate limits, and dispatch of calls."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import JSONResponse, Response

from publisher.sandbox import graph, limits, page_photos, page_posts, page_read
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.faults import What
from publisher.sandbox.graph import GraphError
from publisher.sandbox.store import Store

Handler = Callable[[Store, Call, SandboxAccount], Awaitable[dict[str, Any]]]

HANDLERS: dict[str, Handler] = {
    "createFeedPost": page_posts.create,
    "createPhoto": page_photos.create,
    "getFeed": page_read.feed,
    "getPublishedPosts": page_read.published_posts,
    "updatePost": page_posts.update,
    "deletePost": page_posts.delete,
    "getObject": page_read.get,
}
_WRITES = frozenset({"createFeedPost", "updatePost"})
"""Calls that return requested `fields` (Graph API guide, read-after-write)."""


class FacebookApi:
    """The simulation of graph.facebook.com."""

    def __init__(self, store: Store, *, limited: bool = True) -> None:
        self.store = store
        self._limited = limited

    async def handle(self, call: Call) -> Response:
        """Answer a call; errors are answers too."""
        try:
            call.headers["facebook-api-version"] = graph.served_version(call.request.url.path)
            if call.operation.name == "debugToken":
                return JSONResponse(self._debug(call), headers=call.headers)
            account = graph.authorise(call, self.store.accounts)
            self._count(call, account)
            body = await HANDLERS[call.operation.name](self.store, call, account)
            if call.operation.name in _WRITES:
                body |= page_read.after_write(self.store, call, account, body)
            return JSONResponse(body, headers=call.headers)
        except GraphError as error:
            return error.response(call.headers)

    def _count(self, call: Call, account: SandboxAccount) -> None:
        if not self._limited:
            return
        payers = {"page": account.name}
        now = self.store.clock.now()
        standing = self.store.meter.count("calls", payers, (limits.PAGE_CALLS,), now)[0]
        claimed = next((fault.percent for fault in call.changed(What.USAGE)), None)
        call.headers |= graph.usage_headers(account, standing, claimed)
        if standing.exceeded:
            raise GraphError(80001)

    def _debug(self, call: Call) -> dict[str, Any]:
        """Answer `debug_token`, called with the token itself or with the app's `id|secret`."""
        token = graph.token_of(call)
        known = graph.account_of(token, self.store.accounts)
        apps = {
            f"{graph.app_id(account)}|{account.credentials.get('app_secret')}"
            for account in self.store.accounts
            if account.channel == "facebook"
        }
        if known is None and token not in apps:
            raise GraphError(190, "Invalid OAuth access token.", status=401)
        asked = graph.account_of(call.query.get("input_token"), self.store.accounts)
        return graph.debug(asked, int(self.store.clock.now().timestamp()))


def unknown_path(path: str) -> Response:
    return GraphError(2500, f"Unknown path components: {path}").response()
