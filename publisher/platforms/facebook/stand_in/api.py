"""Simulated Graph API of Facebook: authorisation, rate limits, and dispatch of calls."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from publisher.platforms.facebook.stand_in import (
    comments,
    graph,
    insights,
    photos,
    posts,
    reading,
    videos,
)
from publisher.platforms.facebook.stand_in.authorization import BROWSER, Login
from publisher.platforms.facebook.stand_in.graph import GraphError
from publisher.platforms.facebook.stand_in.refusals import FacebookFault, refusal
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.store import Store

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault

Handler = Callable[[Store, Call, SandboxAccount], Awaitable[dict[str, Any]]]

HANDLERS: dict[str, Handler] = {
    "createFeedPost": posts.create,
    "createPhoto": photos.create,
    "createVideo": videos.create,
    "createCaptions": videos.caption,
    "createComment": comments.create,
    "getComments": reading.comments_on,
    "getFeed": reading.feed,
    "getPublishedPosts": reading.published_posts,
    "updatePost": posts.update,
    "deletePost": posts.delete,
    "getObject": insights.get,
    "getObjects": insights.several,
}
_WRITES = frozenset({"createFeedPost", "updatePost"})
"""Calls that return requested `fields` (Graph API guide, read-after-write)."""


class FacebookApi:
    """The simulation of graph.facebook.com."""

    def __init__(self, store: Store, *, limited: bool = True) -> None:
        self.store = store
        self._login = Login(store)
        self._limited = limited

    async def handle(self, call: Call) -> Response:
        """Answer a call; errors are answers too."""
        if call.operation.name in BROWSER:
            return self._login.browser(call)
        try:
            call.headers["facebook-api-version"] = graph.served_version(call.request.url.path)
            if call.operation.name == "debugToken":
                return JSONResponse(self._debug(call), headers=call.headers)
            if (of_login := self._login.answer(call)) is not None:
                return JSONResponse(of_login, headers=call.headers)
            account = graph.authorise(call, self.store.accounts)
            self._count(call, account)
            body = await HANDLERS[call.operation.name](self.store, call, account)
            if call.operation.name in _WRITES:
                body |= reading.after_write(self.store, call, account, body)
            return JSONResponse(body, headers=call.headers)
        except GraphError as error:
            return error.response(call.headers)

    def _count(self, call: Call, account: SandboxAccount) -> None:
        if not self._limited:
            return
        payers = {"page": account.name}
        now = self.store.clock.now()
        standing = self.store.meter.count("calls", payers, (graph.CALLS,), now)[0]
        claimed = next((fault.percent for fault in call.changed(FacebookFault.USAGE)), None)
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
        if scopes := self._login.scopes_of(call.query.get("input_token", "")):
            return {"data": {"is_valid": True, "type": "USER", "scopes": scopes}}
        asked = graph.account_of(call.query.get("input_token"), self.store.accounts)
        return graph.debug(asked, int(self.store.clock.now().timestamp()))

    def claimed(self, call: Call) -> SandboxAccount | None:
        """The Page of a call's token, without verification of its proof."""
        return graph.account_of(graph.token_of(call), self.store.accounts)

    def refusal(self, fault: "Fault", call: Call) -> Response:
        """The answer of Facebook for a fault."""
        return refusal(fault, call)

    def unknown_path(self, path: str) -> Response:
        """Answer a request for which the Graph API has no operation."""
        return GraphError(2500, f"Unknown path components: {path}").response()
