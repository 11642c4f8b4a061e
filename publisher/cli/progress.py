"""A line on the terminal that tells how far a command has come, once that takes a second."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from publisher import figures, progress
from publisher.language import _

_PATIENCE = 1.0  # seconds without a word
_APART = 0.1  # seconds between two words


@contextmanager
def shown() -> Iterator[None]:
    """Tell of the work in this block, on stderr; nothing where that is no terminal."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    line = _Line()
    try:
        with progress.watched(line.tell):
            yield
    finally:
        line.clear()


class _Line:
    """One line that is written again and again."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _PATIENCE
        self._stands = False

    def tell(self, what: str, done: int, number: int) -> None:
        if done == number:
            self.clear()
        elif (now := time.monotonic()) >= self._next:
            self._next = now + _APART
            self._stands = True
            told = _(
                "{what}: {done} of {number}",
                what=what,
                done=figures.number(done),
                number=figures.number(number),
            )
            sys.stderr.write(f"\r\x1b[K{told}")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._stands:
            self._stands = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
