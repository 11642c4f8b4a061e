"""Public servers only: requests that must not reach this machine or one beside it.

A person in a browser names the server that is asked. What its name leads to is looked at as the
connection is made, and the connection goes to the address that was looked at: the name may lead
elsewhere than a moment ago.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_applies: ContextVar[bool] = ContextVar("public_only", default=False)


class NotPublic(OSError):
    """No address of the server is in the public internet."""


@contextmanager
def public_only() -> Iterator[None]:
    """Send the requests that are built in this block and thread to public addresses alone."""
    token = _applies.set(True)
    try:
        yield
    finally:
        _applies.reset(token)


def is_public_only() -> bool:
    return _applies.get()
