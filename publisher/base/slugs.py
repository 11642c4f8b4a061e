"""Slugs: names for files and agenda items, made from titles."""

import re
import unicodedata

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


def slug(title: str) -> str:
    """The title in lower case without accents, words joined by hyphens; may be empty.

    Letters of scripts other than Latin stay as they are.
    """
    small = unicodedata.normalize("NFKD", title).casefold().translate(_LETTERS)
    folded = unicodedata.normalize("NFKD", small)
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", bare))
    kept = ""
    for word in words:
        longer = f"{kept}-{word}" if kept else word[:_LONGEST]
        if len(longer) > _LONGEST:
            break
        kept = longer
    return kept
