"""Block markup: what a reader sees of a post that WordPress stores as blocks."""

import html
import json
import re
from dataclasses import dataclass

_BLOCK = re.compile(r"<!-- wp:(\w+) (?:(\{[^\n]*\}) )?-->\n(.*?)\n<!-- /wp:\1 -->", re.DOTALL)
_PARAGRAPH = re.compile(r"<p>(.*)</p>", re.DOTALL)
_CREDIT = re.compile(r'<p class="has-small-font-size">[^<>]+</p>')
_IMAGE = re.compile(
    r'<figure class="wp-block-image [\w-]+"><img src="[^"<>]+" alt="[^"<>]*" '
    r'class="wp-image-(\d+)"/>(?:<figcaption class="wp-element-caption">[^<>]+</figcaption>)?'
    r"</figure>"
)
_VIDEO = re.compile(
    r'<figure class="wp-block-video"><video controls src="[^"<>]+"></video>'
    r'(?:<figcaption class="wp-element-caption">[^<>]+</figcaption>)?</figure>'
)
_FILE = re.compile(r'<div class="wp-block-file"><a href="[^"<>]+">([^<>]+)</a></div>')
_LINK = re.compile(r'<a href="([^"<>]+)" rel="noopener">([^<>]+)</a>')


class NotBlocks(Exception):
    """The content is not made of the blocks that the sandbox knows; the text says where."""


@dataclass(frozen=True, slots=True)
class Body:
    """The content of a post."""

    text: str
    link: str | None
    """A link that is a paragraph of its own at the end."""
    pictures: tuple[str, ...]
    """The ids of those in the text, videos and documents among them."""
    file_title: str = ""
    """The words of the link to a document."""


def read(content: str) -> Body:
    """Read a post's blocks. Raises `NotBlocks`."""
    if rest := _BLOCK.sub("", content).strip():
        raise NotBlocks(f"This is in no block: {rest[:60]}")
    texts: list[str] = []
    pictures: list[str] = []
    link, title = None, ""
    for name, settings, inside in _BLOCK.findall(content):
        if name == "image" and (image := _IMAGE.fullmatch(inside)):
            pictures.append(image[1])
        elif name == "video" and _VIDEO.fullmatch(inside):
            pictures.append(_id(settings))
        elif name == "file" and (file := _FILE.fullmatch(inside)):
            pictures.append(_id(settings))
            title = html.unescape(file[1])
        elif name == "paragraph" and (paragraph := _PARAGRAPH.fullmatch(inside)):
            alone = _LINK.fullmatch(paragraph[1])
            texts.append(_text(paragraph[1]))
            link = html.unescape(alone[1]) if alone else None
        elif name != "paragraph" or not _CREDIT.fullmatch(inside):
            raise NotBlocks(f"No block as WordPress writes it: {inside[:60]}")
    if link is not None and len(texts) != 1:
        texts.pop()
    return Body("\n\n".join(texts), link, tuple(pictures), title)


def _id(settings: str) -> str:
    """The id of a file in a block's settings."""
    return str(json.loads(settings or "{}").get("id"))


def _text(inside: str) -> str:
    plain = _LINK.sub(lambda link: link[2], inside).replace("<br>\n", "\n")
    if "<" in plain or "[" in plain:
        raise NotBlocks(f"Neither text nor a link: {plain[:60]}")
    return html.unescape(plain)
