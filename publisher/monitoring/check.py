"""A check that may hang: a thread does it, and whoever asks waits only so long."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class NotInTime(Exception):
    """The check is still at it."""


class Check(Generic[T]):
    """One check, at most once at a time: what hangs does not take a thread with each look."""

    def __init__(self, check: Callable[[], T]) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._run: _Run[T] | None = None

    def begin(self) -> None:
        """Start it, unless it is at it, or has a late error to tell."""
        with self._lock:
            run = self._run
            if run is None or (run.done.is_set() and not (run.was_late and run.error)):
                self._run = _Run(self._check)

    def result(self, seconds: float) -> T:
        """What it gives or raises, once begun; NotInTime where that takes longer than `seconds`.

        What it raised after somebody had stopped waiting is raised at the next look, because it says
        more than that it takes long.
        """
        run = self._run
        if run is None or not run.done.wait(seconds):
            if run:
                run.was_late = True
            raise NotInTime
        run.was_late = False
        return run.outcome()


class _Run(Generic[T]):
    """One time."""

    def __init__(self, check: Callable[[], T]) -> None:
        self.done = threading.Event()
        self.was_late = False
        self.error: Exception | None = None
        self._result: list[T] = []
        # Not of a pool, whose threads the process would wait for at its end.
        threading.Thread(target=self._do, args=(check,), name="check", daemon=True).start()

    def _do(self, check: Callable[[], T]) -> None:
        try:
            self._result.append(check())
        except Exception as error:  # noqa: BLE001 - it is raised where it is asked for
            self.error = error
        finally:
            self.done.set()

    def outcome(self) -> T:
        if self.error:
            raise self.error
        return self._result[0]
