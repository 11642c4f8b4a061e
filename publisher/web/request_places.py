"""Places of requests: how many are worked on at a time for a person, or for those not logged in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.requests import Request


class Places:
    """A set of semaphores acquired together; empty for a request that needs none."""

    def __init__(self, *kinds: asyncio.Semaphore) -> None:
        self._kinds = kinds

    async def acquire(self) -> None:
        """Acquire all, one after another: a request that waits for the last holds the others."""
        async with AsyncExitStack() as held:
            for kind in self._kinds:
                await held.enter_async_context(kind)
            held.pop_all()

    def release(self) -> None:
        for kind in self._kinds:
            kind.release()

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *_: object) -> None:
        self.release()


@asynccontextmanager
async def aside(request: Request) -> AsyncIterator[None]:
    """Release the request's semaphores while it only waits, and acquire them again after."""
    share: Places = request.state.share
    share.release()
    try:
        yield
    finally:
        await share.acquire()
