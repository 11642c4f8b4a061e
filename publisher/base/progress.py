"""How far a long piece of work has come, for whoever watches."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Watch = Callable[[str, int, int], None]
"""Is told what is being done, how many of them are done, and how many there are."""
_T = TypeVar("_T")
_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Tell `watch` of all work in this block."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


def over(items: Sequence[_T], what: str) -> Iterator[_T]:
    """The items, one after the other; `what` is done to them, in words."""
    watch = _watch.get()
    if watch is None:
        yield from items
        return
    for done, item in enumerate(items):
        watch(what, done, len(items))
        yield item
    watch(what, len(items), len(items))
