"""Upload queue: cleans one picture at a time, since each takes seconds and hundreds of MB.

A request that waits holds none of the threads that every page needs.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from publisher.base.errors import Busy
from publisher.base.i18n import _

_AT_MOST = 4
"""People whose picture is processed or waits."""

Result = TypeVar("Result")


class Turns:
    """Queue of one picture at a time, and one for each person. Bound to the serving event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._people: set[str] = set()

    async def take(self, person: str, work: Callable[[], Result]) -> Result:
        """Do the work when it is the person's turn. Raises Busy at once if too many wait."""
        if person in self._people:
            raise Busy(_("Another picture of yours is still being prepared."))
        if len(self._people) >= _AT_MOST:
            raise Busy
        self._people.add(person)
        try:
            async with self._turn:
                return await run_in_threadpool(work)
        finally:
            self._people.discard(person)
