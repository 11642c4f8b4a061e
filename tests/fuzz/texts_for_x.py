"""Texts for X by chance: links of all kinds, any script, emoji, and what joins or parts them."""

import json
import random
from collections.abc import Callable, Iterator, Sequence

from emoji import EMOJI_DATA

from publisher.drafts.links import _top_domains

_LINKS = r"""
https:// http:// HTTPS:// example a b bice www . . . .org .com .ch .co .fr .рф .中国 .みんな
.xn--p1ai xn-- .ORG .vermögensberater / /a /a1B ?b=c & = ? # @moi #HRC31 @ $ _ - -- __ ( ) (a) ((a))
[ ] ' ! * ; , ~ | + % + : :80 :// \ " ` < > { } ^ … – — 1 2 30 .int 0 a_b _a a_ a- -a 日.org
http://t.co/ https://t.co/abc1 t.co/a example.org日.org/a moi@example.org 。 ．
"""
_LETTERS = """
é É ß ı K ſ ι ÿ µ 日 本 例え 中国 Ж Σ © ® ™ ❤ ☺ 🇨 🏽 é א ب ก ą 한
"""
_INVISIBLE = (
    "\n\t\u00a0\u3000\u200b\u200c\u200d\ufe0f\ufe0e\u200e\u200f\u202a\u202e\u2066"
    "\u2069\u061c\ufeff\ufffe\u0301\u180e\x1c\x85\u2028\ud800\udc00\u20e3\r"
)
_LONG = ["a" * 30, "a" * 63, "日" * 12, "é" * 20, "/" + "b" * 40, "a." * 30]
_ENDINGS = sorted(_top_domains())


def texts(seed: int, count: int) -> Iterator[str]:
    """`count` texts, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - nothing is secret here
    for _ in range(count):
        kinds = chance.choices([*_KINDS], [*_KINDS.values()], k=chance.randrange(1, 14))
        yield _whole("".join(kind(chance) for kind in kinds))


def _ending(chance: random.Random) -> str:
    name = chance.choice(_ENDINGS)
    return "." + chance.choice([name, name.lower(), name.title()])


def _any_letter(chance: random.Random) -> str:
    return chr(chance.choice([chance.randrange(0xD800), chance.randrange(0x3000)]))


def _one_of(pieces: Sequence[str]) -> Callable[[random.Random], str]:
    return lambda chance: chance.choice(pieces)


_KINDS: dict[Callable[[random.Random], str], float] = {
    _one_of(_LINKS.split()): 50,
    _one_of(".a-_/ 日"): 10,
    _one_of([emoji for emoji, of in EMOJI_DATA.items() if of["E"] <= 11]): 9,
    _one_of([emoji for emoji, of in EMOJI_DATA.items() if of["E"] > 11]): 1,
    _one_of(_LETTERS.split()): 8,
    _one_of([*_INVISIBLE, "\r\n"]): 8,
    _ending: 4,
    _any_letter: 3,
    _one_of([" ", " ", *_LONG]): 7,
}
"""What a text is made of, and how much of each."""


def _whole(text: str) -> str:
    """Halves of UTF-16 that meet make one character, as they do in JavaScript."""
    whole: str = json.loads(json.dumps(text))
    return whole
