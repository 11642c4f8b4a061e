"""Server-sent events: tell open pages that the ledger changed."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from starlette.concurrency import run_in_threadpool

from publisher.base.errors import PublisherError
from publisher.ledger.reading.queries import Queries

_LOOK = 1.0  # seconds between two looks at the ledger
_ANYWAY = 30.0  # seconds after which an event is sent anyway: holds end without a step
_OF_PERSON = 10
"""Streams of one person. Only a page that is looked at has one, so this is ten windows."""
_COME_BACK = 30_000  # milliseconds until the page of a stream that was ended asks again


class EventStream:
    """Follows the history for any number of pages, with one shared query."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._closed = False
        self._last = 0
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()
        self._open: defaultdict[str, list[object]] = defaultdict(list)
        """The open streams of each person, the oldest first."""

    def close(self) -> None:
        """End all streams."""
        self._closed = True

    async def events(
        self, person: str, still_welcome: Callable[[], bool], seen: int | None = None
    ) -> AsyncIterator[str]:
        """The event stream of one page of a person, until it is closed or they are logged out.

        `seen`: the newest step when the page was rendered; later steps are reported at once. One
        stream too many ends the person's oldest, and not the new one: the oldest may be that of a
        laptop that was closed, and a page that is still open asks again by itself.
        """
        stream = object()
        self._open[person].append(stream)
        try:
            async for event in self._events(person, stream, still_welcome, seen):
                yield event
        finally:
            self._open[person].remove(stream)
            if not self._open[person]:
                del self._open[person]

    async def _events(
        self, person: str, stream: object, still_welcome: Callable[[], bool], seen: int | None
    ) -> AsyncIterator[str]:
        newest, told_at = await self._newest(), self._now()
        yield _event(newest) if newest != seen else _HERE
        seen = newest
        while not self._closed and await run_in_threadpool(still_welcome):
            if stream not in self._open[person][-_OF_PERSON:]:
                yield f"retry: {_COME_BACK}\n\n"
                return
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
