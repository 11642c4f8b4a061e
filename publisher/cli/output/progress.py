"""Progress line on the terminal, for commands that take more than a second."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from publisher.base import formats, progress
from publisher.base.i18n import _

_PATIENCE = 1.0  # seconds before the first output
_APART = 0.1  # seconds between two updates
_TICK = 0.5  # seconds between two checks whether one piece of work takes long

Clear = Callable[[], None]
"""Removes the line, before other output or a question."""


@contextmanager
def shown() -> Iterator[Clear]:
    """Show the progress of this block on stderr, if that is a terminal."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda: None
        return
    line, ended = _Line(), threading.Event()
    ticking = threading.Thread(target=line.tick, args=(ended,), daemon=True)
    ticking.start()
    try:
        with progress.watched(line.tell):
            yield line.stop
    finally:
        ended.set()
        ticking.join()
        line.stop()


class _Line:
    """One line that the work and a timer thread rewrite."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = time.monotonic() + _PATIENCE
        self._stands = False
        self._told: str | None = _("Working …")

    def tell(self, what: str, done: int, number: int) -> None:
        with self._lock:
            if done == number:
                self._clear()
                self._told = _("Working …")
                return
            self._told = _(
                "{what}: {done} of {number}",
                what=what,
                done=formats.number(done),
                number=formats.number(number),
            )
            self._write()

    def tick(self, ended: threading.Event) -> None:
        while not ended.wait(_TICK):
            with self._lock:
                self._write()

    def stop(self) -> None:
        """Clear the line until the next progress."""
        with self._lock:
            self._clear()
            self._told = None

    def _write(self) -> None:
        if self._told and (now := time.monotonic()) >= self._next:
            self._next = now + _APART
            self._stands = True
            sys.stderr.write(f"\r\x1b[K{self._told}")
            sys.stderr.flush()

    def _clear(self) -> None:
        if self._stands:
            self._stands = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
