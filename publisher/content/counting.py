"""How long a text is, the way its channel counts."""

import re
import unicodedata
from typing import Literal

from twitter_text.extract_urls import extract_urls_with_indices
from twitter_text.regexp.emoji import emoji as known_emoji

URL_LENGTH = 23
"""What X counts for any link (twitter-text configuration v3, `transformedURLLength`)."""

# Code points that weigh one; all others weigh two (twitter-text configuration v3, `ranges`).
_LIGHT = re.compile("[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")

# twitter-text-parser 3.0.0 knows the sequences of Emoji 12. X counts one that was added later (a
# heart on fire, a phoenix, a handshake of two skin tones) as a single emoji too.
_BASE = "[\u203c-\u3299\U0001f000-\U0001faff]"
_ELEMENT = f"{_BASE}[\U0001f3fb-\U0001f3ff\ufe0f]?"
_JOINED = f"{_ELEMENT}(?:\u200d{_ELEMENT})+"
# Bases that take a skin tone since Emoji 14, 15 and 17, and the flag of Sark (Emoji 16).
_TONED = "[\U0001fac3-\U0001fac5\U0001faf0-\U0001faf8\U0001f46f\U0001f93c][\U0001f3fb-\U0001f3ff]"
_SARK = "\U0001f1e8\U0001f1f6"
_NEWER_EMOJI = re.compile(f"{_JOINED}|{_TONED}|{_SARK}")
_ONE_EMOJI = "\U0001f600"


def length(text: str, counting: Literal["weighted", "characters"]) -> int:
    """The length of `text`.

    `weighted` are X's rules: line ends and Unicode are normalised, a link is 23, an emoji is 2
    however many code points it is joined of, and other characters are 1 or 2. `characters` counts
    code points. Neither raises for any text, lone surrogates included.
    """
    if counting == "characters":
        return len(text)
    text = unicodedata.normalize("NFC", text)
    text = re.sub("\r\n?", "\n", text)
    text = _NEWER_EMOJI.sub(_ONE_EMOJI, text)
    links, text = _without_links(text)
    text, emojis = re.subn(known_emoji, "", text)
    heavy = len(text) - len(_LIGHT.findall(text))
    return (URL_LENGTH - 1) * links + 2 * emojis + len(text) + heavy


def _without_links(text: str) -> tuple[int, str]:
    """How many links there are, and the text with a space in the place of each."""
    found = extract_urls_with_indices(text)
    rest, end = [], 0
    for link in found:
        rest.append(text[end : link["indices"][0]])
        end = link["indices"][1]
    return len(found), " ".join([*rest, text[end:]])
