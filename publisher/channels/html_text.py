"""The text of a fragment of HTML that a platform makes of what a person wrote."""

from html.parser import HTMLParser

_LONGEST = 120_000
"""Characters that are read of a fragment; no text of ours or of a reader has more to say."""
_BREAKS = {"p", "br", "div", "li", "blockquote", "pre"}


class TextReader(HTMLParser):
    """Collects the text of a fragment, with links as they are shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _BREAKS:
            self.add("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKS:
            self.add("\n")

    def handle_data(self, data: str) -> None:
        self.add(data)

    def add(self, text: str) -> None:
        self.shown.append(text)

    def took(self, html: str) -> bool:
        """Read a fragment, whatever it is; False if it cannot be read."""
        try:
            self.feed(html[:_LONGEST])
            self.close()
        except (AssertionError, ValueError):  # `<![a[`; a character's number of thousands of digits
            return False
        return True
