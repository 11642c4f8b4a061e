"""Text: sanitizing for screens, slugs and first words, and names that are the same or similar."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import cache

from publisher.base.i18n import _

_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of characters that move a cursor, reverse the writing, or begin a new line."""
_JOINERS = frozenset({"\N{ZERO WIDTH JOINER}", "\N{ZERO WIDTH NON-JOINER}", "\N{SOFT HYPHEN}"})
"""Characters of these categories that are parts of words and of emoji."""


def harmless(text: str, keep: str = "") -> str:
    """`text` without characters that could move the cursor or colour the screen, except `keep`.

    Each is replaced by U+FFFD. All spaces stay: French has no-break ones.
    """
    return text.translate(_harmless(keep))


class _Harmless(dict[int, int]):
    """What each character becomes; filled as characters are met, since texts repeat them."""

    def __missing__(self, code: int) -> int:
        is_harmful = unicodedata.category(chr(code)) in _HARMFUL and chr(code) not in _JOINERS
        self[code] = ord("\N{REPLACEMENT CHARACTER}") if is_harmful else code
        return self[code]


@cache
def _harmless(keep: str) -> _Harmless:
    return _Harmless({ord(character): ord(character) for character in keep})


def folded(name: str) -> str:
    """A name in the form used for comparison: case and Unicode composition do not matter.

    An é is one character on one keyboard and two on another, and looks the same.
    """
    return unicodedata.normalize("NFKC", name).strip().casefold()


def same_person(one: str, other: str | None) -> bool:
    """Whether two names are the same person's."""
    return other is not None and folded(one) == folded(other)


_LONGEST = 50  # characters: readable in a list, and within 255 bytes in any script
_LETTERS = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\u0131": "i",
    }
)


def unaccented(text: str) -> str:
    """The text in small letters without accents: `Février` is `fevrier`, `środa` is `sroda`."""
    small = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    folded = unicodedata.normalize("NFKD", small)
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare)


def slug(title: str) -> str:
    """The title in lower case without accents, words joined by hyphens; may be empty.

    Letters of scripts other than Latin stay as they are.
    """
    words = re.findall(r"[^\W_]+", unaccented(title))
    kept = ""
    for word in words:
        longer = f"{kept}-{word}" if kept else word[:_LONGEST]
        if len(longer) > _LONGEST:
            break
        kept = longer
    return kept


def shortened(text: str, longest: int) -> str:
    """The first words of a text, in one line of about `longest` characters."""
    words = " ".join(text.split())
    if len(words) <= longest:
        return words
    return f"{words[:longest].rsplit(' ', 1)[0]}\N{NO-BREAK SPACE}…"


_FIRST_WORDS = 90  # characters, about


def first_words(title: str | None, texts: Iterable[str]) -> str:
    """What a post is called in a list: its title, or its first words; empty if it has neither."""
    return shortened(title or next(filter(str.strip, texts), ""), _FIRST_WORDS)


_SHOWN = 12
"""Known names that a hint shows, if none of them is similar."""


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that is most similar to `name`; None if none is similar."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(name[:100].casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[near[0]] if near else None


def did_you_mean(*names: str) -> str:
    """The hint for names that were probably meant."""
    return _("Did you mean `{near}`?", near="`, `".join(names))


def nearly(near: Sequence[str]) -> str:
    """The hint for an invalid time that may mean one or two valid ones."""
    if len(near) > 1:
        return _("Write which one you mean: {first} or {second}.", first=near[0], second=near[1])
    return did_you_mean(near[0])


def suggestion(name: str, known: Collection[str], *, nothing: str | None = None) -> str:
    """A hint that names the nearest known name, or the known names; `nothing` if there are none."""
    near = nearest(name, known)
    if near is not None:
        return did_you_mean(near)
    if not known:
        return _("There are none.") if nothing is None else nothing
    names = ", ".join(sorted(known)[:_SHOWN])
    if len(known) > _SHOWN:
        return _("The known ones are: {names}, …", names=names)
    return _("The known ones are: {names}.", names=names)
