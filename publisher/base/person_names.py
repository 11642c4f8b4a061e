"""Names of people: when two spellings are one person."""

import unicodedata


def folded(name: str) -> str:
    """A name as names are compared: without regard to capitals and to how Unicode spells it.

    An é is one character on one keyboard and two on another, and looks the same.
    """
    return unicodedata.normalize("NFKC", name).strip().casefold()


def same_person(one: str, other: str | None) -> bool:
    """Whether two names are taken for one."""
    return other is not None and folded(one) == folded(other)
