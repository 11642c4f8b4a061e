"""The gate: prepared requests wait here for their instant, then leave one after the other.

Hundreds of threads that wake at one instant delay each other, and all are as late as the last. So
only one of the threads that wait for an instant wakes, and sends for all of them: that takes
microseconds for each. They go round robin: one of each account, then another of each account.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import chain
from threading import Lock

from publisher.base.clock import Clock, Signal
from publisher.model.timing import by_turns


class _Waiting:
    """A thread that waits, with what it is to do."""

    def __init__(self, go: Callable[[], None], gone: Signal) -> None:
        self._go = go
        self._gone = gone
        self._has_gone = False
        self._problem: BaseException | None = None

    def go(self) -> None:
        self._has_gone = True
        try:
            self._go()
        except BaseException as problem:  # noqa: BLE001 - it is raised in the thread that waits
            self._problem = problem

    def give_up(self, problem: BaseException) -> None:
        """Fail a request that has not gone; one that has gone stays so."""
        if not self._has_gone:
            self._problem = problem
        self._gone.set()

    def awaken(self) -> None:
        self._gone.set()

    def await_it(self) -> None:
        """Wait until it is done; raises what it raised."""
        self._gone.wait()
        if self._problem:
            raise self._problem


_OfAccounts = dict[str, list[_Waiting]]
"""All that wait for one instant, by account."""


class Gate:
    """The gate of one process."""

    def __init__(self, clock: Clock, patience: float) -> None:
        """`patience`: the longest wait in real seconds, in case the clock is set back."""
        self._clock = clock
        self._patience = patience
        self._lock = Lock()
        self._waiting: dict[datetime, _OfAccounts] = {}
        """By the instant; whoever came first for it is the one that wakes."""

    def go(self, instant: datetime, account: str, go: Callable[[], None]) -> None:
        """Do this at an instant, or at once if that is over; raises what `go` raises.

        Another thread may do it while others wait, so it must be quick. It must check the clock
        itself: if the instant does not come in time, it is done early.
        """
        mine = _Waiting(go, self._clock.signal())
        with self._lock:
            together = self._waiting.get(instant)
            if together is None:
                self._waiting[instant] = {account: [mine]}
            else:
                together.setdefault(account, []).append(mine)
        if together is None:
            self._let_all_go(instant)
        mine.await_it()

    def _let_all_go(self, instant: datetime) -> None:
        try:
            self._clock.sleep_until(instant, self._patience)
        except BaseException as end:
            self._give_up(self._close(instant), end)
            raise
        together = self._close(instant)
        try:
            for waiting in by_turns(together.values()):
                waiting.go()
        except BaseException as end:
            self._give_up(together, end)
            raise
        # Only now: threads that are awake take time from those that have not gone yet.
        for waiting in chain(*together.values()):
            waiting.awaken()

    @staticmethod
    def _give_up(together: _OfAccounts, end: BaseException) -> None:
        """This thread ends, so no other may wait for it."""
        for waiting in chain(*together.values()):
            waiting.give_up(end)

    def _close(self, instant: datetime) -> _OfAccounts:
        """Remove and return all that wait for an instant; later ones go by themselves."""
        with self._lock:
            return self._waiting.pop(instant)
