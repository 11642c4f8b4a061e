"""Passwords: which are good enough, and how they are kept.

They are stored as Argon2id hashes, with the library's parameters (those of RFC 9106 for little
memory).
"""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from publisher.errors import UsageError
from publisher.language import _

SHORTEST, LONGEST = 12, 256
"""Characters of a password."""
_GOOD = 4  # of 0 to 4: beyond 10^10 guesses, by zxcvbn's count
_ESTIMATED = 72  # characters that zxcvbn takes
_CONTEXT = ("publisher", "staff", "manager", "admin")
"""What somebody who guesses would try here."""
_MEMORY = 19_456  # KiB; OWASP's least for Argon2id with two passes, so that ten may log in at once


def checked(password: str, name: str) -> str:
    """The password, if it is good enough for the person of that name; UsageError."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(
            _(
                "The password must have {least} to {most} characters.",
                least=SHORTEST,
                most=LONGEST,
            ),
            hint=_("A few words that do not belong together are easy to keep in mind."),
        )
    # Its lists are read when it is loaded, and only who sets a password needs them.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    found = zxcvbn(password[:_ESTIMATED], user_inputs=[name, *name.split(), *_CONTEXT])
    if found["score"] < _GOOD:
        raise UsageError(
            _("The password is easy to guess."),
            hint=_("A few words that do not belong together are easy to keep in mind."),
        )
    return password


def hashed(password: str) -> str:
    """What is stored of it."""
    return _hasher().hash(password)


def match(stored: str, password: str) -> bool:
    """Whether it is the password that was stored."""
    try:
        return _hasher().verify(stored, password[: LONGEST + 1])
    except (Argon2Error, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether it was stored with parameters that are no longer ours."""
    return _hasher().check_needs_rehash(stored)


@cache
def of_nobody() -> str:
    """What the passwords of those are compared with whom nobody knows."""
    return hashed("nobody's password")


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=_MEMORY, parallelism=1)
