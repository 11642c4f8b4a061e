"""Passwords judged once and hashed quickly: how long a guess takes is what one test is about."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from argon2 import PasswordHasher

from publisher.auth import passwords

hasher = passwords._hasher
"""The one that Publisher uses."""
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@contextmanager
def quick() -> Iterator[None]:
    """Meanwhile, judge each password once and hash it at the least cost in this process."""
    judged = cache(passwords.checked)  # a refusal is not kept
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", lambda: _QUICK)
        patch.setattr(
            passwords,
            "checked",
            lambda password, name, words=(): judged(password, name, tuple(words)),
        )
        yield
