"""Plain text as HTML, for the channels whose posts are pages: paragraphs, links, heading."""

import re

from markupsafe import Markup, escape

from publisher.base.text import first_words

_URL = re.compile(r"https?://[^\s<>\"«»“”]+")
_AFTER_URL = ".,;:!?'…)]}\N{RIGHT SINGLE QUOTATION MARK}"


def paragraphs(text: str) -> list[Markup]:
    """The text as safe HTML, a paragraph for each block between blank lines."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return [_linked(block.strip()) for block in blocks if block.strip()]


def heading(title: str | None, text: str, otherwise: str) -> str:
    """The title, or the beginning of the text; `otherwise` if there is neither. Plain text."""
    return first_words(title, text.splitlines()) or otherwise


def _linked(text: str) -> Markup:
    """Plain text as HTML: addresses become links, single line breaks stay."""
    html, end = Markup(), 0
    for match in _URL.finditer(text):
        url = match[0].rstrip(_AFTER_URL)
        html += escape(text[end : match.start()])
        html += Markup('<a href="{}" rel="noopener">{}</a>').format(url, url)
        end = match.start() + len(url)
    html += escape(text[end:])
    return html.replace("\n", Markup("<br>\n"))
