"""Request buffering: reads a request completely before it takes a shared slot.

Otherwise a few clients that announce a long form and send it slowly block every log-in, and those
of the API every program.
"""

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

_SMALL = 16_000  # bytes: far more than a log-in has
_PATIENCE = 5.0  # seconds for so many
_LARGE = 8
"""Longer requests at a time, such as a text kept over a log-in; the server limits their time."""


class Reception:
    """Buffer for the requests of nobody, or of one person."""

    def __init__(self, large: int = _LARGE) -> None:
        """`large`: how many longer requests are read at a time."""
        self._large = asyncio.Semaphore(large)

    async def whole(self, receive: Receive) -> Receive:
        """Wait for the whole body, and return a `receive` that replays it.

        An error, such as its size, is raised when the body is read. Raises TimeoutError if its
        beginning does not arrive in time.
        """
        arrival = _Arrival(receive)
        async with asyncio.timeout(_PATIENCE):
            await arrival.take(_SMALL)
        if arrival.expects_more:
            async with self._large:
                await arrival.take(None)
        return arrival.replay


class _Arrival:
    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._messages: list[Message] = []
        self._flaw: HTTPException | None = None
        self._bytes = 0
        self.expects_more = True

    async def take(self, most: int | None) -> None:
        """Receive until the body is complete, or has more than `most` bytes."""
        while self.expects_more and (most is None or self._bytes <= most):
            try:
                message = await self._receive()
            except HTTPException as flaw:
                self._flaw, self.expects_more = flaw, False
                return
            self._messages.append(message)
            self._bytes += len(message.get("body", b""))
            self.expects_more = message.get("more_body", False)

    async def replay(self) -> Message:
        if self._messages:
            return self._messages.pop(0)
        if self._flaw:
            raise self._flaw
        return await self._receive()
