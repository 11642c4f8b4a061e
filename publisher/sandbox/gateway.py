"""API gateway: reads and counts the calls to all platforms, applies faults, and answers."""

import asyncio
import time
from collections.abc import Mapping

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.fault_responses import Failure
from publisher.sandbox.faults import Faults
from publisher.sandbox.platform import Platform
from publisher.sandbox.platforms import find
from publisher.sandbox.store import Store

DATE_AHEAD = "publisher.date_ahead"
"""The key in a request's scope for the seconds by which its answer's `Date` is ahead."""


class Gateway:
    """The ASGI application for all paths of the platforms."""

    def __init__(self, store: Store, platforms: Mapping[str, Platform], faults: Faults) -> None:
        self._store = store
        self._platforms = platforms
        self._faults = faults
        self._last_answers: dict[str, Response] = {}
        """By operation."""
        self._last_turns: dict[str, float] = {}
        """By channel: the monotonic second at which an overloaded platform carries out the last
        call."""

    def clear(self) -> None:
        """Forget the last answers."""
        self._last_answers.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        received_at = self._store.clock.now()
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        spec, operation, parts = find(request.method, request.url.path, request.url.query)
        platform = self._platforms[spec.name]
        if operation is None:
            await platform.unknown_path(request.url.path)(scope, receive, send)
            return
        form = await _form(request)
        try:
            call = Call(operation, parts, request, body, form, received_at)
            await self._answer(platform, call, scope, receive, send)
        finally:
            await form.close()

    async def _answer(
        self, platform: Platform, call: Call, scope: Scope, receive: Receive, send: Send
    ) -> None:
        call.account = platform.claimed(call)
        self._store.requests[call.operation.name] += 1
        fault = self._faults.strike(call)
        scope[DATE_AHEAD] = call.delay(What.WRONG_DATE)
        if fault:
            self._store.requests[f"fault {fault.what}"] += 1
            stale = self._last_answers.get(call.operation.name)
            failure = Failure(fault, call, self._store.clock, platform, stale)
            await failure.run(scope, receive, send)
            return
        if call.changed(What.OVERLOAD):
            await self._wait_in_line(call)
        response = self._last_answers[call.operation.name] = await platform.handle(call)
        await asyncio.sleep(call.delay(What.SLOW))
        await response(scope, receive, send)

    async def _wait_in_line(self, call: Call) -> None:
        """Wait until it is this call's turn at an overloaded platform."""
        now, channel = time.monotonic(), call.operation.channel
        turn = max(now, self._last_turns.get(channel, now)) + call.delay(What.OVERLOAD)
        self._last_turns[channel] = turn
        await asyncio.sleep(turn - now)
        call.received_at = self._store.clock.now()


async def _form(request: Request) -> FormData:
    try:
        return await request.form()
    except HTTPException:
        return FormData()  # an invalid form has no fields; the platforms report missing ones
