"""Check with a timeout: it runs in a thread, and the caller waits a limited time."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

T = TypeVar("T")


class NotInTime(Exception):
    """The check is still running."""


class Check(Generic[T]):
    """One check, running at most once at a time: a check that hangs holds only one thread."""

    def __init__(self, check: Callable[[], T]) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._run: Future[T] | None = None
        self._was_late = False

    def begin(self) -> None:
        """Start the check, unless it is running, or has a late error to report."""
        with self._lock:
            run = self._run
            if run is None or (run.done() and not (self._was_late and run.exception())):
                self._run, self._was_late = Future(), False
                # Not from a pool: the process would wait for its threads at exit.
                do = threading.Thread(target=self._do, args=(self._run,), name="check", daemon=True)
                do.start()

    def result(self, seconds: float) -> T:
        """The result or error of the check. Raises NotInTime if it takes longer than `seconds`.

        An error after a timeout is raised at the next call, because it says more than the timeout.
        """
        run = self._run
        self._was_late = run is None or not wait([run], seconds).done
        if run is None or self._was_late:
            raise NotInTime
        return run.result()

    def _do(self, run: Future[T]) -> None:
        try:
            run.set_result(self._check())
        except Exception as error:  # noqa: BLE001 - `result` raises it
            run.set_exception(error)
