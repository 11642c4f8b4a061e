"""Text that others wrote, for a screen or a title; and when two names are one person."""

import unicodedata

_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of what moves a cursor, turns the writing round, or begins a line of its own."""
_JOINERS = frozenset({"\N{ZERO WIDTH JOINER}", "\N{ZERO WIDTH NON-JOINER}", "\N{SOFT HYPHEN}"})
"""Of these categories, but parts of words and of emoji."""


def harmless(text: str, keep: str = "") -> str:
    """`text` without what could move the cursor or colour the screen, but for `keep`.

    A sign stands in its place. All spaces stay: French has no-break ones.
    """
    return "".join(
        character
        if character in keep or character in _JOINERS or not _is_harmful(character)
        else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def _is_harmful(character: str) -> bool:
    return unicodedata.category(character) in _HARMFUL


def folded(name: str) -> str:
    """A name as names are compared: without regard to capitals and to how Unicode spells it.

    An é is one character on one keyboard and two on another, and looks the same.
    """
    return unicodedata.normalize("NFKC", name).strip().casefold()


def same_person(one: str, other: str | None) -> bool:
    """Whether two names are taken for one."""
    return other is not None and folded(one) == folded(other)
