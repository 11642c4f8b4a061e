"""The text of a status, from the HTML that a server makes of it.

Mastodon escapes the text, makes paragraphs and line breaks, and links addresses, mentions and
hashtags (app/lib/text_formatter.rb). A link's parts are hidden by classes, and together are its
address; of a mention the server is left out. Servers of other makes shorten links otherwise.
"""

from publisher.channels.html_text import TextReader


class _Reader(TextReader):
    """Collects the text also with the addresses that links lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.led: list[str] = []
        self._href = ""
        self._in_link = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag == "a":
            told = dict(attrs)
            is_link = "mention" not in (told.get("class") or "").split()
            self._href = (told.get("href") or "") if is_link else ""
            self._in_link = len(self.led)

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        if tag == "a" and self._href:
            self.led[self._in_link :] = [self._href]
            self._href = ""

    def add(self, text: str) -> None:
        super().add(text)
        self.led.append(text)


def texts(html: str) -> tuple[str, str]:
    """The text with links as they are shown, and with the addresses that they lead to.

    Never raises, whatever the fragment is: of one that cannot be read, both are the fragment.
    """
    reader = _Reader()
    if not reader.took(html):
        return html, html
    return "".join(reader.shown), "".join(reader.led)
