"""Bulkheads: each platform may hold only so many of a process's threads.

Otherwise a platform that hangs would hold all of them, and the posts of the others would wait. Work
for a platform that has all its threads in use waits in its lane without a thread, until one of
those threads is free.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from threading import Lock

from publisher.base.errors import LedgerGone, PublisherError

_RESERVE = 8
"""One in this many threads is reserved for other platforms."""


def lane_width(threads: int) -> int:
    """How many of a process's threads one platform may hold."""
    return max(1, threads - max(1, threads // _RESERVE))


class Lanes:
    """The lanes of one process, by name."""

    def __init__(self, width: int) -> None:
        """`width`: how many threads may work in one lane."""
        self._width = width
        self._lock = Lock()
        self._at_work = Counter[str]()
        self._waiting: defaultdict[str, deque[Callable[[], None]]] = defaultdict(deque)

    def run(self, lane: str, work: Callable[[], None]) -> None:
        """Do this now, then what came meanwhile; in a full lane, queue it for a thread there.

        Raises the last PublisherError of what it did, at the end.
        """
        with self._lock:
            if self._at_work[lane] >= self._width:
                self._waiting[lane].append(work)
                return
            self._at_work[lane] += 1
        trouble: PublisherError | None = None
        following: Callable[[], None] | None = work
        try:
            while following:
                try:
                    following()
                except LedgerGone:
                    raise  # nothing that waits can still be done
                except PublisherError as error:
                    trouble = error
                following = self._next(lane)
        except BaseException:
            with self._lock:
                self._at_work[lane] -= 1
            raise
        if trouble:
            raise trouble

    def _next(self, lane: str) -> Callable[[], None] | None:
        with self._lock:
            if self._waiting[lane]:
                return self._waiting[lane].popleft()
            self._at_work[lane] -= 1
            return None
