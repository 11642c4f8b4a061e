"""Threads that a test waits for, and work that keeps them."""

from collections.abc import Callable
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

from publisher.delivery.threads import Threads, guarded


class Hands(Threads):
    """Threads that have all ended when a `with` block has."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._begun: list[Thread] = []

    def start(self, run: Callable[[], None]) -> None:
        thread = Thread(target=guarded, args=(run,), daemon=True)
        with self._lock:
            self._begun.append(thread)
        thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        for thread in self._begun:  # which grows meanwhile
            thread.join(0 if kind else 20)
            assert kind or not thread.is_alive(), "it goes on"


class Hanging:
    """Work that hangs until it is let go: longer than any test waits for something else."""

    def __init__(self) -> None:
        self.let_go = Event()
        self.begun = self.ended = 0
        self._lock = Lock()

    def __call__(self) -> None:
        with self._lock:
            self.begun += 1
        self.let_go.wait(60)
        with self._lock:
            self.ended += 1
