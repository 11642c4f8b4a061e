"""Fault responses: how a fault appears to the client."""

import asyncio
import socket
import struct

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from publisher.base.clock import Clock
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.hostile_answers import HOSTILE, hostile
from publisher.sandbox.platform import Platform

ELSEWHERE = "/sandbox/elsewhere"
_PATIENCE = 120.0
"""Real seconds after which a client that does not disconnect counts as gone."""
_NOBODYS = frozenset({What.HTML, What.NO_ERROR, What.REDIRECT, What.NOT_JSON, What.EMPTY})
_PAGE = "<html><head><title>Bad gateway</title></head><body>Try again.</body></html>"


class Failure:
    """One request with a fault."""

    def __init__(
        self, fault: Fault, call: Call, clock: Clock, platform: Platform, stale: Response | None
    ) -> None:
        """`stale`: the answer to the last call of the same operation."""
        self._fault, self._call, self._clock = fault, call, clock
        self._platform, self._stale = platform, stale

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the client as the fault requires."""
        if self._fault.what is What.LATE:
            await _given_up(receive)
            await asyncio.sleep(self._fault.delay)
            await self._platform.handle(self._call)
            return
        answer = await self._platform.handle(self._call) if self._fault.commits else None
        if self._fault.what is What.HANG:
            await _given_up(receive)
        elif self._fault.what is What.HANG_UP:
            await _reset(receive)
        elif self._fault.what is What.CUT:
            # Where there is no body, the answer is cut before its end all the same.
            await _cut(answer if answer and answer.body else Response("{}"), send)
        else:
            await self._response(answer)(scope, receive, send)

    def _response(self, answer: Response | None) -> Response:
        if self._fault.what is What.ANSWER:
            return self._told()
        if self._fault.what in _NOBODYS:
            return self._nobodys(answer)
        if self._fault.what in HOSTILE:
            success = answer or JSONResponse({}, self._call.operation.success)
            return hostile(self._fault.what, success, self._fault.delay)
        if self._fault.what is What.STALE:
            return self._stale or Response(status_code=self._call.operation.success)
        return self._platform.refusal(self._fault, self._call)

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
        """An answer in the format of no platform."""
        fault, what = self._fault, self._fault.what
        success = answer.status_code if answer else self._call.operation.success
        if what is What.HTML:
            return HTMLResponse(_PAGE, fault.status or 502)
        if what is What.NO_ERROR:
            return JSONResponse({"message": "An unexpected error"}, fault.status or 500)
        if what is What.REDIRECT:
            done = bytes(answer.body) if answer else b""
            return Response(done, 302, {"location": ELSEWHERE}, media_type="application/json")
        if what is What.EMPTY:
            return Response("", success, media_type="application/json")
        # What follows a 204 would be taken for the next answer on the same connection.
        return Response("OK", 200 if success == 204 else success, media_type="application/json")


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
