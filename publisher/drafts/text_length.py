"""Text length as each channel counts it.

X's weights are those of twitter-text, configuration v3, with one difference from its version
3.1.0: emoji that are newer than its table of 2018 count as one, as X says of all emoji
(https://docs.x.com/fundamentals/counting-characters).
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from publisher.drafts.links import Link, links, utf16_units
from publisher.model.capabilities import Counting

URL_LENGTH = 23
"""What X counts for any link (`transformedURLLength`), and Mastodon for one with its protocol."""

# Mastodon's app/models/account.rb (`MENTION_RE`) and app/validators/status_length_validator.rb.
_MENTION = re.compile(r"(?<![=/\w])(@[A-Za-z0-9_](?:[\w.-]*\w)?)@[\w.-]+\w", re.ASCII)
_WITH_PROTOCOL = ("http://", "https://")

# Code points that weigh two: all but the `ranges` of the configuration. All emoji of one code point
# are among them.
_HEAVY = re.compile("[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")

_LONGEST = 50_000
"""Characters above which a text fits on no channel that weighs it, whatever it holds: links are the
lightest, and twelve of them weigh 276 and have 49,152 characters at most."""

_PIECE = 5_000
"""Characters of which the graphemes are counted at once."""

_EMOJI = 2
# The possible second code points of an emoji of several: few texts have any.
_SECOND = re.compile(
    "[\u200d\u20e3\ufe0f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
)
_BEFORE_JOINED = re.compile(f".(?={_SECOND.pattern})")

# What X's code takes for one emoji, and Unicode's list has not: U+FE0F behind these, which are
# emoji without it (keyboards add it all the same), and a skier with a skin tone.
_WITH_SELECTOR = (
    "⌚⌛◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛔⛪⛲⛳⛵⛺⛽❗⬛⬜⭐⭕🀄🈚🈯"
)


@lru_cache(maxsize=64)  # one text goes to many accounts
def length(text: str, counting: Counting) -> int:
    """The length of `text`.

    `weighted` are X's rules: line ends and Unicode are normalised, a link is 23, an emoji is 2
    however many code points it is joined of, and other characters are 1 or 2. `shortened` are
    Mastodon's: a link with its protocol is 23, a name on another server counts without the server,
    and the rest is counted in graphemes. `characters` counts code points, `graphemes` extended
    grapheme clusters (Unicode, UAX 29). None raises for any text, lone surrogates included.

    A text that is too long for every channel is counted letter by letter: a search for links in it
    takes long, and its exact weight is not needed.
    """
    if counting == "characters":
        return len(text)
    if counting == "shortened":
        return _shortened(text)
    if counting == "graphemes":
        return _graphemes(text)
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    if len(text) > _LONGEST:
        return _plain(text)
    weight = end = 0
    for start, after, counted in sorted([*_links(text), *_emojis(text)]):
        if start >= end:
            weight += _plain(text[end:start]) + counted
            end = after
    return weight + _plain(text[end:])


def _shortened(text: str) -> int:
    if len(text) > _LONGEST:
        return len(text)
    counted = end = 0
    for link in links(text):
        if link.url.casefold().startswith(_WITH_PROTOCOL):
            counted += URL_LENGTH + _graphemes(_MENTION.sub(r"\1", text[end : link.start]))
            end = link.start + len(link.url)
    return counted + _graphemes(_MENTION.sub(r"\1", text[end:]))


def _graphemes(text: str) -> int:
    if text.isascii():
        return len(text) - text.count("\r\n")
    from regex import findall  # noqa: PLC0415 - it takes 30 ms, and few texts need it

    # In a row of flags, each is looked for from the row's beginning: what is far too long for any
    # limit is counted in pieces, which may part a character.
    pieces = (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))
    return sum(len(findall(r"\X", piece)) for piece in pieces)


def _plain(text: str) -> int:
    """The weight of the text's characters, each by itself."""
    return len(text) + len(_HEAVY.findall(text))


Span = tuple[int, int, int]
"""The start, end and weight of something that is counted as a whole."""


def _links(text: str) -> Iterator[Span]:
    for link in links(text):
        yield link.start, *_counted(text, link)


def _counted(text: str, link: Link) -> tuple[int, int]:
    """Where the counting continues after a link, and the link's weight.

    X goes on after as many UTF-16 units as its address has, which is not where it ends if only the
    beginning of its host is ASCII. Half of a character weighs as much as the whole.
    """
    if link.end - link.start == len(link.url):
        return link.end, URL_LENGTH
    after, units = link.start, utf16_units(link.url)
    while units > 0:
        units -= utf16_units(text[after])
        after += 1
    return after, URL_LENGTH if units == 0 else URL_LENGTH + 2


def _emojis(text: str) -> Iterator[Span]:
    """The emoji of several code points, each as long as can be."""
    at = 0 if _SECOND.search(text) else len(text)
    while begin := _BEFORE_JOINED.search(text, at):
        known = _joined_emojis()
        start = begin.start()
        at = start + 1
        for size in known.sizes.get(begin.group(), ()):
            if text[start : start + size] in known.sequences:
                at = start + size
                yield start, at, _EMOJI
                break


class _Joined(NamedTuple):
    """All emoji of several code points, and their sizes by first code point, longest first."""

    sequences: frozenset[str]
    sizes: dict[str, list[int]]


@cache
def _joined_emojis() -> _Joined:
    from emoji import EMOJI_DATA  # noqa: PLC0415 - it takes 60 ms, and few texts need it

    sequences = {emoji for emoji in EMOJI_DATA if len(emoji) > 1}
    sequences |= {f"{emoji}\ufe0f" for emoji in _WITH_SELECTOR}
    sequences |= {f"\u26f7{tone}" for tone in "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"}
    sizes: dict[str, set[int]] = {}
    for emoji in sequences:
        sizes.setdefault(emoji[0], set()).add(len(emoji))
    return _Joined(
        frozenset(sequences), {first: sorted(of, reverse=True) for first, of in sizes.items()}
    )
