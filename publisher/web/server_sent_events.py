"""Server-sent events: tell open pages that the ledger changed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from starlette.concurrency import run_in_threadpool

from publisher.base.errors import PublisherError
from publisher.ledger.reading.queries import Queries

_LOOK = 1.0  # seconds between two looks at the ledger
_ANYWAY = 30.0  # seconds after which an event is sent anyway: holds end without a step


class EventStream:
    """Follows the history for any number of pages, with one shared query."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._closed = False
        self._last = 0
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()

    def close(self) -> None:
        """End all streams."""
        self._closed = True

    async def events(
        self, still_welcome: Callable[[], bool], seen: int | None = None
    ) -> AsyncIterator[str]:
        """The event stream of one page, until it is closed or its reader is logged out.

        `seen`: the newest step when the page was rendered; later steps are reported at once.
        """
        newest, told_at = await self._newest(), self._now()
        yield _event(newest) if newest != seen else _HERE
        seen = newest
        while not self._closed and await run_in_threadpool(still_welcome):
            await asyncio.sleep(_LOOK)
            newest = await self._newest()
            if newest != seen or self._now() - told_at >= _ANYWAY:
                seen, told_at = newest, self._now()
                yield _event(seen)

    async def _newest(self) -> int:
        async with self._looking:
            if self._now() - self._looked_at >= _LOOK / 2:
                with suppress(PublisherError):  # while the ledger is unavailable, nothing is new
                    self._last = await run_in_threadpool(self._queries.last_step)
                self._looked_at = self._now()
        return self._last

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


_HERE = ": nothing new\n\n"


def _event(step: int) -> str:
    return f"id: {step}\nevent: ledger\ndata: {step}\n\n"
