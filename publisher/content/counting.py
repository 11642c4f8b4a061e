"""How long a text is, the way its channel counts."""

import re
import unicodedata
from functools import lru_cache
from typing import Any, Literal

URL_LENGTH = 23
"""What X counts for any link (twitter-text configuration v3, `transformedURLLength`)."""

# Code points that weigh two: all but twitter-text's `ranges` (configuration v3).
_HEAVY = re.compile("[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")

# twitter-text-parser 3.0.0 knows the sequences of Emoji 12. X counts one that was added later (a
# heart on fire, a phoenix, a handshake of two skin tones) as a single emoji too.
_SYMBOLS = "\u203c-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_BASE = f"[{_SYMBOLS}]"
_ELEMENT = f"{_BASE}[\U0001f3fb-\U0001f3ff\ufe0f]?"
_JOINED = f"{_ELEMENT}(?:\u200d{_ELEMENT})+"
# Bases that take a skin tone since Emoji 14, 15 and 17, and the flag of Sark (Emoji 16).
_TONED = "[\U0001fac3-\U0001fac5\U0001faf0-\U0001faf8\U0001f46f\U0001f93c][\U0001f3fb-\U0001f3ff]"
_SARK = "\U0001f1e8\U0001f1f6"
_NEWER_EMOJI = re.compile(f"{_JOINED}|{_TONED}|{_SARK}")
# The parser tries some 4,000 emoji at every character: only where one can be is it worth asking.
_PERHAPS_EMOJI = re.compile(
    f"(?:[#*0-9]\ufe0f?\u20e3|[\u00a9\u00ae{_SYMBOLS}\u200d\ufe0f\U000e0020-\U000e007f])+"
)

# The parser's patterns take minutes for words such as "a.a.a.a…". A word with a host of more than
# 40 labels, or longer than the longest link (4096) with something around it, is counted letter by
# letter, which is never less than what X counts.
_PERHAPS_LINK = re.compile(r"(?<!\S)[^\s.]*+\.\S+")  # a word with a dot before its last letter
_INNER_DOT = re.compile(r"\.\S")  # of a link there is one at least
_UNLIKE_A_LINK = re.compile(r"\S{4500}|(?<![^/@:])(?:[^./]+\.){41}")
# Most links need no parser, which takes a quarter of a second to load: the whole word is an address
# of small letters, under a domain that is beyond doubt, and its path has nothing that may end it.
_PLAIN_LINK = re.compile(
    r"https?://(?:[a-z0-9]{1,30}\.){1,4}(?:com|org|net|int|eu|ch|ci|es|fr|pe|pl)"
    r"(?:/[A-Za-z0-9]{1,60}){0,9}/?"
)
_ONE_EMOJI = "\U0001f600"


@lru_cache(maxsize=64)  # one text goes to many accounts
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
    emojis, text = _without_emojis(text)
    heavy = len(_HEAVY.findall(text))
    return (URL_LENGTH - 1) * links + 2 * emojis + len(text) + heavy


def fits(text: str, limit: int, counting: Literal["weighted", "characters"]) -> bool:
    """Whether `length` is at most `limit`; most texts are so short that it need not be known.

    No character weighs more than two, and a link, which has a dot with more behind it, no more than
    its 23.
    """
    if counting == "weighted" and unicodedata.is_normalized("NFC", text):
        links = len(_INNER_DOT.findall(text))
        most = len(text) + len(_HEAVY.findall(text)) + URL_LENGTH * links
        if most <= limit:
            return True
    return length(text, counting) <= limit


def has_link(text: str) -> bool:
    """Whether X finds a link in `text`."""
    return _without_links(text)[0] > 0


def link_places(word: str) -> list[tuple[int, int]]:
    """Where the links that X finds in a word without spaces begin and end."""
    if _PLAIN_LINK.fullmatch(word):
        return [(0, len(word))]
    found = [] if _UNLIKE_A_LINK.search(word) else _links(word)
    return [(link["indices"][0], link["indices"][1]) for link in found]


def _without_links(text: str) -> tuple[int, str]:
    """How many links there are, and the text with a space in the place of each."""
    links = 0

    def cut(match: re.Match[str]) -> str:
        nonlocal links
        word = match.group()
        places = link_places(word)
        links += len(places)
        rest, end = [], 0
        for start, after in places:
            rest.append(word[end:start])
            end = after
        return " ".join([*rest, word[end:]])

    rest = _PERHAPS_LINK.sub(cut, text)
    return links, rest


def _without_emojis(text: str) -> tuple[int, str]:
    """How many emoji there are, and the text without them."""
    emojis = 0

    def cut(match: re.Match[str]) -> str:
        nonlocal emojis
        rest, found = _known_emoji().subn("", match.group())
        emojis += found
        return str(rest)

    rest = _PERHAPS_EMOJI.sub(cut, text)
    return emojis, rest


def _links(word: str) -> list[dict[str, Any]]:
    from twitter_text.extract_urls import extract_urls_with_indices  # noqa: PLC0415

    found: list[dict[str, Any]] = extract_urls_with_indices(word)
    return found


def _known_emoji() -> re.Pattern[str]:
    from twitter_text.regexp.emoji import emoji  # noqa: PLC0415

    pattern: re.Pattern[str] = emoji
    return pattern
