"""The HTML that Mastodon makes of a status: paragraphs, line breaks, links, mentions, hashtags.

Source: app/lib/text_formatter.rb. Links without a protocol stay text; a name that the server does
not know stays text too.
"""

import re
from collections.abc import Collection, Iterator
from html import escape

from publisher.drafts.links import links
from publisher.drafts.tags import HASHTAG

_MENTION = re.compile(r"(?<![=/\w])@(?P<name>\w+(?:[.-]\w+)*)(?:@(?P<host>[\w.-]+\w))?", re.ASCII)
_PREFIX = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_SHOWN = 30  # characters of a link after its prefix


def content(text: str, names: Collection[str], domain: str) -> str:
    """The HTML of a status's text; `names` are those that the server knows, in small letters."""
    pieces, end = [], 0
    for start, after, html in sorted(_entities(text, names, domain)):
        if start >= end:
            pieces += [escape(text[end:start]), html]
            end = after
    whole = "".join([*pieces, escape(text[end:])])
    paragraphs = re.split(r"\n\n+", whole.replace("\r\n", "\n"))
    return "".join(f"<p>{one.replace(chr(10), '<br />')}</p>" for one in paragraphs) if text else ""


def _entities(text: str, names: Collection[str], domain: str) -> Iterator[tuple[int, int, str]]:
    for link in links(text):
        if _PREFIX.match(link.url):
            yield link.start, link.start + len(link.url), _link(link.url)
    for tag in HASHTAG.finditer(text):
        address = f"https://{domain}/tags/{tag[1].lower()}"
        html = f'<a href="{address}" class="mention hashtag" rel="tag">#<span>{tag[1]}</span></a>'
        yield tag.start(), tag.end(), html
    for found in _MENTION.finditer(text):
        name, host = found["name"], found["host"]
        if host in (None, domain) and name.lower() in names:
            address = f"https://{domain}/@{name}"
            shown = f'<a href="{address}" class="u-url mention">@<span>{name}</span></a>'
            yield *found.span(), f'<span class="h-card" translate="no">{shown}</span>'


def _link(url: str) -> str:
    prefix = (_PREFIX.match(url) or [""])[0]
    shown, rest = url[len(prefix) :][:_SHOWN], url[len(prefix) + _SHOWN :]
    cut = ' class="ellipsis"' if rest else ' class=""'
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{escape(prefix)}</span><span{cut}>{escape(shown)}</span>'
        f'<span class="invisible">{escape(rest)}</span></a>'
    )
