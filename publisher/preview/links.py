"""The links that X finds in a text, and what it makes of them."""

import hashlib
import re

from publisher.drafts import links as found


class Link(found.Link):
    """A link of a text, and how X shows it."""

    __slots__ = ()

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
    return [Link(link.url, link.start, link.end) for link in found.links(text)]
