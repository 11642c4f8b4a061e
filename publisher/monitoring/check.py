"""Check with a timeout: it runs in a thread, and the caller waits a limited time."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class NotInTime(Exception):
    """The check is still running."""


class Check(Generic[T]):
    """One check, running at most once at a time: a check that hangs holds only one thread."""

    def __init__(self, check: Callable[[], T]) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._run: _Run[T] | None = None

    def begin(self) -> None:
        """Start the check, unless it is running, or has a late error to report."""
        with self._lock:
            run = self._run
            if run is None or (run.done.is_set() and not (run.was_late and run.error)):
                self._run = _Run(self._check)

    def result(self, seconds: float) -> T:
        """The result or error of the check. Raises NotInTime if it takes longer than `seconds`.

        An error after a timeout is raised at the next call, because it says more than the timeout.
        """
        run = self._run
        if run is None or not run.done.wait(seconds):
            if run:
                run.was_late = True
            raise NotInTime
        run.was_late = False
        return run.outcome()


class _Run(Generic[T]):
    """One run of a check."""

    def __init__(self, check: Callable[[], T]) -> None:
        self.done = threading.Event()
        self.was_late = False
        self.error: Exception | None = None
        self._result: list[T] = []
        # Not from a pool: the process would wait for its threads at exit.
        threading.Thread(target=self._do, args=(check,), name="check", daemon=True).start()

    def _do(self, check: Callable[[], T]) -> None:
        try:
            self._result.append(check())
        except Exception as error:  # noqa: BLE001 - `outcome` raises it
            self.error = error
        finally:
            self.done.set()

    def outcome(self) -> T:
        if self.error:
            raise self.error
        return self._result[0]
