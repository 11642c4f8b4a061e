"""Passwords: strength check and hashing.

They are stored as Argon2id hashes, with the library's parameters (those of RFC 9106 for little
memory).
"""

import re
import unicodedata
from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING

from publisher.base.errors import UsageError
from publisher.base.i18n import _

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 256
"""Characters of a password."""
_GOOD = 4  # of 0 to 4: beyond 10^10 guesses, by zxcvbn's count
_GOOD_REST = 3  # beyond 10^8
_ESTIMATED = 72  # characters that zxcvbn takes
_CONTEXT = (
    "publisher", "staff", "manager", "admin", "hrc", "unhrc", "hrc31", "onu", "geneva", "geneve", "ginebra",
    "genewa",
)  # fmt: skip
"""Words that an attacker would try here."""
_FAMOUS = "correcthorsebattery"
"""From https://xkcd.com/936: it is in every list of passwords, but in few lists of words."""
_WORD = re.compile(r"[^\W_]+")
_SHORT_WORD = 3  # letters
_MEMORY = 19_456  # KiB; OWASP's least for Argon2id with two passes, so that ten may log in at once


def checked(password: str, name: str, known_words: Collection[str] = ()) -> str:
    """Return the password if it is strong enough for this person. Raises UsageError.

    `known_words` are local names: passwords made of them are easy to guess.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(
            _(
                "The password must have {least} to {most} characters.",
                least=SHORTEST,
                most=LONGEST,
            ),
            hint=_("A few unrelated words are easy to remember."),
        )
    # It reads its word lists on import, and only setting a password needs them.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    known = _words(" ".join([name, *_CONTEXT, *known_words]))
    guess = zxcvbn(password[:_ESTIMATED], user_inputs=sorted(known))
    plain = "".join(_WORD.findall(_bare(password)))
    longest_first = sorted(known, key=len, reverse=True)
    rest = re.sub("|".join(map(re.escape, longest_first)), "", plain)
    # The rest of the password without these words must be strong as well.
    is_own = rest and zxcvbn(rest[:_ESTIMATED])["score"] >= _GOOD_REST
    if guess["score"] < _GOOD or not is_own or _FAMOUS in plain:
        raise UsageError(
            _("The password is too easy to guess."),
            hint=_("A few unrelated words are easy to remember."),
        )
    return password


def _words(text: str) -> set[str]:
    """The words of three letters or more, normalised for comparison with passwords."""
    return {word for word in _WORD.findall(_bare(text)) if len(word) >= _SHORT_WORD}


def _bare(text: str) -> str:
    """The text without capitals and accents."""
    spelled = unicodedata.normalize("NFKD", text).casefold()
    return "".join(one for one in spelled if not unicodedata.combining(one))


def hashed(password: str) -> str:
    """The hash of a password, to be stored."""
    return _hasher().hash(password)


def match(stored: str, password: str) -> bool:
    """Whether the password matches the stored hash."""
    from argon2.exceptions import Argon2Error, InvalidHashError  # noqa: PLC0415 - as below

    try:
        return _hasher().verify(stored, password[: LONGEST + 1])
    except (Argon2Error, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether a hash has outdated parameters."""
    return _hasher().check_needs_rehash(stored)


@cache
def of_nobody() -> str:
    """A hash to compare with for unknown people, so that the check takes as long."""
    return hashed("nobody's password")


@cache
def _hasher() -> "PasswordHasher":
    # It is slow to import, and few callers check passwords.
    from argon2 import PasswordHasher  # noqa: PLC0415

    return PasswordHasher(time_cost=2, memory_cost=_MEMORY, parallelism=1)
