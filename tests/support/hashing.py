"""Passwords that are hashed quickly: how long a guess takes is what one test is about, not all."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from argon2 import PasswordHasher

from publisher.auth import passwords

hasher = passwords._hasher
"""The one that Publisher uses."""
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@contextmanager
def quick() -> Iterator[None]:
    """Meanwhile, hash at the least cost in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", lambda: _QUICK)
        yield
