"""Where what is ready waits for its instant, and leaves one after the other.

Hundreds of threads that wake at one instant hold each other up, and all of them are as late as the
last. So one of those that wait for an instant wakes, and lets all of them go: it takes microseconds
for each. Nobody goes before its turn: of each account one, then of each account another.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import chain
from threading import Lock

from publisher.base.clock import Clock, Signal
from publisher.model.timing import by_turns


class _Waiting:
    """What one thread waits to do."""

    def __init__(self, go: Callable[[], None], gone: Signal) -> None:
        self._go = go
        self._gone = gone
        self._has_gone = False
        self._problem: BaseException | None = None

    def go(self) -> None:
        self._has_gone = True
        try:
            self._go()
        except BaseException as problem:  # noqa: BLE001 - it is raised where it belongs
            self._problem = problem

    def give_up(self, problem: BaseException) -> None:
        """It did not go, and will not; what has gone already stays so."""
        if not self._has_gone:
            self._problem = problem
        self._gone.set()

    def awaken(self) -> None:
        self._gone.set()

    def await_it(self) -> None:
        """Wait until it was done; raises what it raised."""
        self._gone.wait()
        if self._problem:
            raise self._problem


_OfAccounts = dict[str, list[_Waiting]]
"""All that wait for one instant."""


class Gate:
    """The gate of one process."""

    def __init__(self, clock: Clock, patience: float) -> None:
        """`patience`: real seconds that anybody waits at most, should the clock be set back."""
        self._clock = clock
        self._patience = patience
        self._lock = Lock()
        self._waiting: dict[datetime, _OfAccounts] = {}
        """By the instant; whoever came first for it is the one that wakes."""

    def go(self, instant: datetime, account: str, go: Callable[[], None]) -> None:
        """Do this at an instant, or at once if that is over; raises what it raises.

        It may be done by another thread, and others wait meanwhile: it must be quick. And it must
        look at the clock itself: it is done before the instant if that does not come in time.
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
        # Only now: who is awake takes time from those that have yet to go.
        for waiting in chain(*together.values()):
            waiting.awaken()

    @staticmethod
    def _give_up(together: _OfAccounts, end: BaseException) -> None:
        """This thread ends: nobody shall wait for it."""
        for waiting in chain(*together.values()):
            waiting.give_up(end)

    def _close(self, instant: datetime) -> _OfAccounts:
        """Who waited; who comes later goes by itself."""
        with self._lock:
            return self._waiting.pop(instant)
