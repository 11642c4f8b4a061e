"""Fault responses: how a fault appears to the client."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from datetime import timedelta

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from publisher.base.clock import Clock
from publisher.sandbox import graph, problems
from publisher.sandbox.endpoints import Call
from publisher.sandbox.faults import Fault, What
from publisher.sandbox.graph import GraphError
from publisher.sandbox.problems import ProblemResponse

ELSEWHERE = "/sandbox/elsewhere"
_PATIENCE = 120.0
"""Real seconds after which a client that does not disconnect counts as gone."""
_NOBODYS = frozenset({What.HTML, What.NO_ERROR, What.REDIRECT, What.NOT_JSON, What.EMPTY})
_PAGE = "<html><head><title>Bad gateway</title></head><body>Try again.</body></html>"
_X: dict[What, Callable[[], ProblemResponse]] = {
    What.DUPLICATE: lambda: problems.forbidden(problems.DUPLICATE),
    What.REPLY_NOT_ALLOWED: lambda: problems.not_permitted(problems.NOT_AUTHOR),
    What.NOT_FOUND: lambda: problems.not_found("post", "1"),
    What.FORBIDDEN: problems.not_permitted,
    What.SUSPENDED: problems.suspended,
    What.LOCKED: problems.locked,
    What.USAGE_CAPPED: problems.usage_capped,
    What.CREDITS_DEPLETED: problems.credits_depleted,
    What.BAD_REQUEST: lambda: problems.invalid("The sandbox was told to refuse this"),
    What.UNAUTHORISED: lambda: problems.unauthorised("the sandbox was told to refuse this"),
}
_ALREADY_POSTED = (
    "Post can't be shared",
    "You've already posted this. Posting the same content repeatedly on Facebook isn't allowed.",
)
_TOO_OFTEN = (
    "You can't post right now",
    "We limit how often you can post in a given amount of time. You can try again later.",
)
_UNREAD = (
    "Couldn't scrape URL",
    "There was a problem scraping data from the provided link. Please check the URL and try again.",
)
_SAID: dict[What, tuple[int, int | None, tuple[str, str]]] = {
    What.TOO_OFTEN: (368, 1390008, _TOO_OFTEN),
    What.ALREADY_POSTED: (368, None, _ALREADY_POSTED),
    What.LINK_UNREAD: (100, 1609005, _UNREAD),
}
"""Facebook's errors with subcode and user message (observed)."""
_FACEBOOK: dict[What, int] = {
    What.DUPLICATE: 506,
    What.FORBIDDEN: 200,
    What.SUSPENDED: 368,
    What.BAD_REQUEST: 100,
    What.UNAUTHORISED: 102,
    What.RATE_LIMIT: 4,
    What.BAD_RESET: 4,
    What.TOKEN_DEAD: 190,
}


class Failure:
    """One request with a fault."""

    def __init__(
        self, fault: Fault, call: Call, clock: Clock, carry_out: Callable[[], Awaitable[Response]]
    ) -> None:
        self._fault, self._call, self._clock = fault, call, clock
        self._carry_out = carry_out

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the client as the fault requires."""
        if self._fault.what is What.LATE:
            await _given_up(receive)
            await asyncio.sleep(self._fault.delay)
            await self._carry_out()
            return
        answer = await self._carry_out() if self._fault.commits else None
        if self._fault.what is What.HANG:
            await _given_up(receive)
        elif self._fault.what is What.HANG_UP:
            await _reset(receive)
        elif self._fault.what is What.CUT:
            await _cut(answer or Response("{}"), send)
        else:
            await self._response(answer)(scope, receive, send)

    def _response(self, answer: Response | None) -> Response:
        if self._fault.what is What.ANSWER:
            return self._told()
        if self._fault.what in _NOBODYS:
            return self._nobodys(answer)
        if self._call.operation.channel == "twitter":
            return self._problem().response()
        return self._graph_error()

    def _told(self) -> Response:
        """The answer given in the fault."""
        body, status = self._fault.body, self._fault.status or 200
        headers = {name: self._instant(value) for name, value in self._fault.headers.items()}
        if isinstance(body, dict):
            return JSONResponse(body, status, headers=headers)
        kind = "text/html" if body.startswith("<") else "application/json"
        return Response(body, status, headers=headers, media_type=kind)

    def _instant(self, value: str) -> str:
        """Convert `+90` to the time in 90 seconds; anything else is unchanged."""
        if not (value.startswith("+") and value[1:].isdecimal()):
            return value
        return str(int(self._clock.now().timestamp()) + int(value[1:]))

    def _nobodys(self, answer: Response | None) -> Response:
        """An answer in the format of neither platform."""
        fault, what = self._fault, self._fault.what
        created = self._call.operation.name == "createPosts"
        success = answer.status_code if answer else 201 if created else 200
        if what is What.HTML:
            return HTMLResponse(_PAGE, fault.status or 502)
        if what is What.NO_ERROR:
            return JSONResponse({"message": "An unexpected error"}, fault.status or 500)
        if what is What.REDIRECT:
            return RedirectResponse(ELSEWHERE, 302)
        body = "OK" if what is What.NOT_JSON else ""
        return Response(body, success, media_type="application/json")

    def _problem(self) -> ProblemResponse:
        fault = self._fault
        if fault.what is What.SERVER_ERROR:
            return problems.internal(fault.status or 500)
        if fault.what in (What.RATE_LIMIT, What.DAILY_LIMIT, What.BAD_RESET):
            daily = fault.what is What.DAILY_LIMIT
            kind, limit = ("x-app-limit-24hour", 10_000) if daily else ("x-rate-limit", 100)
            over = self._clock.now() + timedelta(seconds=fault.delay)
            reset = "soon" if fault.what is What.BAD_RESET else str(int(over.timestamp()) + 1)
            numbers = {"limit": str(limit), "remaining": "0", "reset": reset}
            return problems.too_many({f"{kind}-{name}": text for name, text in numbers.items()})
        return _X[fault.what]()

    def _graph_error(self) -> Response:
        fault = self._fault
        if fault.what is What.SERVER_ERROR:
            status = fault.status or 500
            return GraphError(1 if status == 500 else 2, status=status).response()
        if said := _SAID.get(fault.what):
            code, subcode, words = said
            return GraphError(code, subcode=subcode, user_message=words).response()
        code = fault.code or _FACEBOOK[fault.what]
        subcode = fault.subcode
        if fault.what is What.TOKEN_DEAD:
            subcode = subcode or 463
            if self._call.operation.name == "debugToken":
                return JSONResponse(graph.debug(None, 0, subcode))
        headers: dict[str, str] = {}
        if fault.what is What.RATE_LIMIT and self._call.account:
            minutes = -int(-fault.delay // 60)
            headers = graph.usage_headers(self._call.account, None, 100, minutes)
        if fault.what is What.BAD_RESET:
            headers = {"x-app-usage": "soon", "x-business-use-case-usage": "{"}
        return GraphError(code, subcode=subcode, status=fault.status).response(headers)


async def _given_up(receive: Receive) -> None:
    """Return once the client has closed the connection."""
    try:
        async with asyncio.timeout(_PATIENCE):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


async def _reset(receive: Receive) -> None:
    """Reset the connection. ASGI has no means for that, so it uses uvicorn's transport."""
    transport = receive.__self__.transport  # type: ignore[attr-defined]
    # With a linger time of zero the kernel sends a reset (RST), not a normal close (FIN).
    now = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
    transport.abort()
    await _given_up(receive)


async def _cut(answer: Response, send: Send) -> None:
    """Announce the whole answer and send half of it; uvicorn then closes the connection."""
    body = bytes(answer.body)
    await send(
        {"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers}
    )
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
