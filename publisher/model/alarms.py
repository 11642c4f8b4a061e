"""Signs of alarm in a reader's comment: words from a list, links, and names of children.

A pure comparison of words. It decides nothing: it says what a person should read first, and why.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from publisher.base.i18n import _
from publisher.model.reader_comments import JUDGED

_WORD = re.compile(r"[^\W_]+")
_LINK = re.compile(
    r"https?://|\bwww\.|(?<![a-z0-9-])[a-z0-9-]++\.(?:com|net|org|info|ly|me|io|ru|xyz|top|club|link|gg)\b/?",
    re.IGNORECASE,
)
_SPELLED = 2 * JUDGED
"""The most characters that are compared: a single one can stand for eighteen."""
_OTHER_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "\u0131": "i"}
    | {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "@": "a", "$": "s"}
)
"""Letters that have no accent to take off, and digits and signs that stand for letters."""
_SHORTEST_NAME = 3
CALLED = 2
"""The urgency of a comment that calls for somebody."""
_BEFORE_OTHERS = 1


@dataclass(frozen=True, slots=True)
class AlarmWord:
    """A word or phrase of the list; each of its words may end with `*`, for any ending."""

    text: str
    words: tuple[str, ...]
    """Compared form, with the star."""

    @classmethod
    def of(cls, text: str) -> "AlarmWord | None":
        """The word or phrase of a line of the list; None if it has no letters."""
        said: list[str] = []
        for piece in text.split():
            found = words_of(piece)
            if found and piece.endswith("*"):
                found[-1] += "*"
            said += found
        return cls(text, tuple(said)) if said else None


@dataclass(frozen=True, slots=True)
class Signs:
    """What is looked for in comments."""

    words: Sequence[AlarmWord] = ()
    names: Sequence[str] = ()
    """Names that must not stand in public."""
    flaw: str = ""
    """Why not all of the organisation's words and names are among them."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One reason why a person should read a comment first."""

    kind: str
    """`word`, `name`, `link`, `private`, or `unsearched`."""
    what: str = ""
    """The entry of the list, or the name."""

    def __str__(self) -> str:
        match self.kind:
            case "word":
                return _("alarm word: {word}", word=self.what)
            case "name":
                return _("a name: {name}", name=self.what)
            case "link":
                return _("a link")
            case "unsearched":
                return _("too slow to search for alarm words")
            case _:
                return _("a private message")

    @property
    def public(self) -> str:
        """For programs: the kind and the word, and never a name, which only Publisher reads."""
        return self.kind if self.kind == "name" else f"{self.kind} {self.what}".strip()

    @property
    def is_alarming(self) -> bool:
        """Whether somebody is called; a link alone only comes before the others."""
        return self.kind != "link"


def urgency_of(signs: Sequence[Sign]) -> int:
    """How much an open comment with these signs calls for somebody."""
    if any(sign.is_alarming for sign in signs):
        return CALLED
    return _BEFORE_OTHERS if signs else 0


def is_private(signs: Sequence[Sign]) -> bool:
    """Whether a comment with these signs is a message to us alone."""
    return any(sign.kind == "private" for sign in signs)


def as_json(signs: Sequence[Sign]) -> str:
    """Signs as they are stored."""
    return json.dumps([[sign.kind, sign.what] for sign in signs], ensure_ascii=False)


def of_json(stored: str) -> tuple[Sign, ...]:
    """Stored signs."""
    return tuple(Sign(kind, what) for kind, what in json.loads(stored))


def signs_in(text: str, signs: Signs) -> tuple[Sign, ...]:
    """The signs of alarm in a text, the gravest first: names, then words, then a link."""
    plain, disguised = words_of(text), words_of(text, leet=True)
    return tuple(
        dict.fromkeys(
            [
                *(Sign("name", name) for name in signs.names if _has_name(plain, name)),
                *(
                    Sign("word", one.text)
                    for one in signs.words
                    if _has(plain, one.words) or _has(disguised, one.words)
                ),
                *([Sign("link")] if _LINK.search(text) else []),
            ]
        )
    )


def words_of(text: str, *, leet: bool = False) -> list[str]:
    """The words of a text in the form in which they are compared: no accents, lower case.

    `leet`: digits and signs within words stand for letters, as in `su1c1de`.
    """
    spelled = unicodedata.normalize("NFKD", text)[:_SPELLED]
    bare = "".join(
        character
        for character in spelled
        # Nor what is invisible: it would part a word in two.
        if not unicodedata.combining(character) and unicodedata.category(character) != "Cf"
    ).casefold()
    if not leet:
        return _WORD.findall(bare.translate(_LETTERS_ALONE))
    return [word.translate(_OTHER_LETTERS) for word in re.findall(r"[\w@$]+", bare)]


_LETTERS_ALONE = {code: new for code, new in _OTHER_LETTERS.items() if chr(code).isalpha()}


def _has(words: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the wanted words stand one after the other."""
    first = wanted[0]
    if not first.endswith("*") and first not in words:
        return False
    return any(
        _is(word, first) and all(map(_is, words[start : start + len(wanted)], wanted))
        for start, word in enumerate(words[: len(words) - len(wanted) + 1])
    )


def _is(word: str, wanted: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted


def _has_name(words: Sequence[str], name: str) -> bool:
    wanted = words_of(name)
    return len("".join(wanted)) >= _SHORTEST_NAME and _has(words, wanted)
