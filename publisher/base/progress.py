"""Progress of long work, reported to a callback."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Watch = Callable[[str, int, int], None]
"""A callback: what is being done, how many are done, and how many there are."""
_T = TypeVar("_T")
_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Report all work in this block to `watch`."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


def over(items: Sequence[_T], what: str) -> Iterator[_T]:
    """The items one by one, with their progress reported; `what` describes the work, for people."""
    watch = _watch.get()
    if watch is None:
        yield from items
        return
    for done, item in enumerate(items):
        watch(what, done, len(items))
        yield item
    watch(what, len(items), len(items))
