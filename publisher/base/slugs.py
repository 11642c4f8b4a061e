"""Names for files and agenda items, out of titles."""

import re
import unicodedata

_LONGEST = 50  # characters: readable in a list, and whatever the script, within 255 bytes
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
    """The title in small letters without accents, words joined by hyphens; may be empty.

    Letters of other scripts than the Latin one stay as they are.
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
