"""Network guard: what people's own addresses lead to is in the public internet.

A person names the server that is asked. It must not be this machine or one beside it: those trust
requests from here. A name is checked where it leads, as the connection is made, because it may lead
elsewhere than a moment ago. Python's audit hooks tell that of every connection, whatever library
makes it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from publisher.base.public_addresses import is_public

_refused: ContextVar[list[str] | None] = ContextVar("refused", default=None)


class _Refused(OSError):
    """A connection leads to an address that is not public."""


@contextmanager
def public_only() -> Iterator[list[str]]:
    """In this block and thread, refuse connections to addresses that are not public.

    Yields the list of those that were refused, as a library may hide the exception.
    """
    _watch()
    refused: list[str] = []
    token = _refused.set(refused)
    try:
        yield refused
    finally:
        _refused.reset(token)


@cache
def _watch() -> None:
    """Install the hook, once in a process, as it cannot be taken away."""
    sys.addaudithook(_look)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    refused = _refused.get()
    if refused is None:
        return
    address = arguments[1]
    host = address[0] if isinstance(address, tuple) else ""
    if not is_public(host):
        refused.append(str(host))
        raise _Refused
