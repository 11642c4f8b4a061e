"""Worker threads, and lanes (bulkheads): an account that hangs holds only a few of them."""

import os
import signal
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

import structlog

from publisher.base.errors import LedgerGone, PublisherError

_WIDTH = 4  # threads of an account
log = structlog.get_logger()


class Threads:
    """Starts threads, and queues between them."""

    def start(self, run: Callable[[], None]) -> None:
        """Run this in a thread of its own. Raises RuntimeError when the system gives none.

        The process ends after it: whoever asks for it may be a daemon, as the HTTP client's is.
        """
        Thread(target=guarded, args=(run,), name="deliver", daemon=False).start()

    def begin(self, run: Callable[[], None]) -> None:
        """Run this in a thread of its own; in this one when the system gives none."""
        try:
            self.start(run)
        except RuntimeError:
            log.exception("no thread of its own")
            guarded(run)

    def queue(self) -> "SimpleQueue[Any]":
        """A queue whose `get` waits."""
        return SimpleQueue()


def guarded(run: Callable[[], None]) -> None:
    """Run this; an error of the ledger is logged, and the delivery is due again by its lease.

    If the ledger's file was replaced, this process ends.
    """
    try:
        run()
    except PublisherError as error:
        log.warning(str(error), hint=error.hint)
        if isinstance(error, LedgerGone):
            os.kill(os.getpid(), signal.SIGTERM)  # Celery's way to end; the log says why


class Lanes:
    """Lanes: each account may hold only a few threads at a time.

    Its further work waits without a thread until one of them is free.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._lock = Lock()
        self._at_work = Counter[str]()
        self._waiting: defaultdict[str, deque[Callable[[], None]]] = defaultdict(deque)

    def start(self, lane: str, work: Callable[[], None], *, width: int = _WIDTH) -> None:
        """Do this in a thread; in a full lane, after what is at work there."""
        with self._lock:
            if self._at_work[lane] >= width:
                self._waiting[lane].append(work)
                return
            self._at_work[lane] += 1
        self._threads.begin(lambda: self._work(lane, work))

    def _work(self, lane: str, work: Callable[[], None]) -> None:
        following: Callable[[], None] | None = work
        while following:
            try:
                guarded(following)
            except Exception:
                log.exception("work for an account failed", lane=lane)
            following = self._next(lane)

    def _next(self, lane: str) -> Callable[[], None] | None:
        with self._lock:
            if self._waiting[lane]:
                return self._waiting[lane].popleft()
            del self._waiting[lane]
            self._at_work[lane] -= 1
            if not self._at_work[lane]:
                del self._at_work[lane]
            return None
