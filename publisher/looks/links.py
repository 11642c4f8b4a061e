"""The links that X finds in a text, and what it makes of them."""

import hashlib
import re
from dataclasses import dataclass

from twitter_text import extract_urls_with_indices

_WORD = re.compile(r"\S+")
_LONGEST_LINK, _MOST_DOTS = 4_500, 80
"""The parser's patterns take minutes for a longer word, or for one like "a.a.a.a": no link then."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a text; `start` and `end` are its place in the text as sent."""

    url: str
    start: int
    end: int

    @property
    def expanded(self) -> str:
        return self.url if "://" in self.url else f"http://{self.url}"

    @property
    def display(self) -> str:
        bare = re.sub(r"^https?://(www\.)?", "", self.url)
        return bare if len(bare) <= 27 else f"{bare[:26]}…"

    @property
    def short(self) -> str:
        """Its t.co address: 23 characters, always the same for the same link."""
        digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        digest = hashlib.sha256(self.url.encode()).digest()
        return "https://t.co/" + "".join(digits[byte % len(digits)] for byte in digest[:10])


def links(text: str) -> list[Link]:
    """The links that X finds in a text, in order."""
    return [
        Link(found["url"], *(word.start() + index for index in found["indices"]))
        for word in _WORD.finditer(text)
        if len(word[0]) <= _LONGEST_LINK and word[0].count(".") <= _MOST_DOTS
        for found in extract_urls_with_indices(word[0])
    ]
