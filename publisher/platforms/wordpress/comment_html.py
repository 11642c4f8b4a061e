"""The text of a comment, from the HTML that WordPress makes of it (`comment_text`).

A reader may write some HTML, such as a link whose words hide its address: so that is added.
"""

import re

from publisher.channels.html_text import TextReader

_EMPTY_LINES = re.compile(r"\n\s*\n\s*")


class _Reader(TextReader):
    """Adds the address of a link where its words are others, and the text of a picture."""

    def __init__(self) -> None:
        super().__init__()
        self._href = ""
        self._in_link = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag == "a":
            self._href, self._in_link = dict(attrs).get("href") or "", len(self.shown)
        if tag == "img":  # such as a smiley
            self.add(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        if tag == "a" and self._href:
            if self._href not in "".join(self.shown[self._in_link :]):
                self.add(f" ({self._href})")
            self._href = ""


def text(html: str) -> str:
    """The text of a comment. Never raises: one that cannot be read is returned as it is."""
    reader = _Reader()
    shown = "".join(reader.shown) if reader.took(html) else html
    return _EMPTY_LINES.sub("\n\n", shown).strip()
