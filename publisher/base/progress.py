"""Progress of long work, shown as a line on the terminal once it takes more than a second."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock, Timer
from typing import TYPE_CHECKING, TypeVar

from publisher.base import formats
from publisher.base.i18n import _

if TYPE_CHECKING:
    from rich.live import Live

_PATIENCE = 1.0  # seconds before the first output

Watch = Callable[[str, int, int, object], None]
"""A callback: what is being done, how many are done, how many there are, and what comes next; None
at the end.
"""
Clear = Callable[[], None]
"""Removes the line, before other output or a question."""
_T = TypeVar("_T")
_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


def over(items: Sequence[_T], what: str) -> Iterator[_T]:
    """The items one by one, with their progress reported; `what` describes the work, for people."""
    watch = _watch.get()
    if watch is None:
        yield from items
        return
    for done, item in enumerate(items):
        watch(what, done, len(items), item)
        yield item
    watch(what, len(items), len(items), None)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Report all work in this block to `watch`."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


@contextmanager
def shown() -> Iterator[Clear]:
    """Show the progress of this block on stderr, if that is a terminal."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda: None
        return
    line = _Line()
    timer = Timer(_PATIENCE, line.begin)
    timer.daemon = True
    timer.start()
    try:
        with watched(line.tell):
            yield line.stop
    finally:
        timer.cancel()
        timer.join()
        line.stop()


class _Line:
    """The line, which rich writes again a few times a second, whatever the work does."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._live: Live | None = None
        self._is_wanted = True
        self._told: tuple[str, int, int] | None = None

    def begin(self) -> None:
        # Loaded only for what takes a second.
        from rich.console import Console  # noqa: PLC0415
        from rich.live import Live  # noqa: PLC0415

        with self._lock:
            self._live = Live(
                get_renderable=self._text,
                console=Console(stderr=True, highlight=False, markup=False),
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            if self._is_wanted:
                self._live.start()

    def tell(self, what: str, done: int, number: int, _next: object) -> None:
        self._told = (what, done, number) if done < number else None
        if self._is_wanted:
            return
        with self._lock:
            self._is_wanted = True
            if self._live:
                self._live.start()

    def stop(self) -> None:
        """Clear the line until the next progress."""
        with self._lock:
            self._is_wanted = False
            if self._live:
                self._live.stop()

    def _text(self) -> str:
        if self._told is None:
            return _("Working …")
        what, done, number = self._told
        return _(
            "{what}: {done} of {number}",
            what=what,
            done=formats.number(done),
            number=formats.number(number),
        )
