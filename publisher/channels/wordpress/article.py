"""Articles: a post's content as WordPress stores it, in the block editor's own markup.

In blocks the HTML is taken as it is; without them WordPress would make paragraphs of line breaks
(`wpautop`). Source: the block editor handbook, markup of the core blocks.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from publisher.base import html as html_text
from publisher.base.text import first_words
from publisher.model.content import Content, Picture

_LONGEST_WORDS = 60  # characters of a slug before its mark
_MARK = 10  # hexadecimal digits
_UNSTORABLE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture of an article, with the address where it is."""

    src: str
    width: int
    height: int
    alt: str
    credit: str | None
    media_id: str = ""

    @classmethod
    def of(
        cls, picture: Picture, src: str, width: int, height: int, media_id: str = ""
    ) -> "Figure":
        return cls(src, width, height, picture.alt, picture.credit, media_id)

    @property
    def caption(self) -> str:
        """Plain text; empty: it has none."""
        return f"© {self.credit}" if self.credit else ""


@dataclass(frozen=True, slots=True)
class Article:
    """One post of a WordPress site."""

    heading: str
    """Plain text, never empty: WordPress links to a post by its title."""
    paragraphs: Sequence[Markup]
    figures: Sequence[Figure]
    """The first one is the featured picture, which the site's theme shows."""
    link: str | None
    """The link that the text does not contain."""
    lang: str | None

    @classmethod
    def of(cls, content: Content, figures: Sequence[Figure]) -> "Article":
        text = _UNSTORABLE.sub("", content.joined)
        pictures = [picture for part in content.parts for picture in part.pictures]
        otherwise = first_words(None, (picture.alt for picture in pictures)) or "…"
        return cls(
            heading=html_text.heading(content.title, text, otherwise),
            paragraphs=html_text.paragraphs(text),
            figures=figures,
            link=content.link if content.link and content.link not in text else None,
            lang=content.lang,
        )

    @property
    def title(self) -> str:
        """The heading as HTML, which WordPress takes titles for."""
        return as_html(self.heading)

    @property
    def content(self) -> str:
        """The body in the block editor's markup; the featured picture is not in it.

        Its credit is: not every theme shows the caption of a featured picture.
        """
        blocks = [_block("paragraph", f"<p>{_plain(html)}</p>") for html in self.paragraphs]
        blocks += [_image(figure) for figure in self.figures[1:]]
        if credit := next((figure.caption for figure in self.figures[:1]), ""):
            small = f'<p class="has-small-font-size">{_escaped(credit)}</p>'
            blocks.append(_block("paragraph", small, '{"fontSize":"small"}'))
        if self.link:
            address = _plain(Markup.escape(self.link))
            link = f'<a href="{address}" rel="noopener">{address}</a>'
            blocks.append(_block("paragraph", f"<p>{link}</p>"))
        return "\n\n".join(blocks)


def slug_of(post: str, account: str, content: Content) -> str:
    """The name of a post in addresses; no other post, account or content has the same.

    By it a draft is found again whose id is not known: at most 71 letters a-z, digits and hyphens.
    """
    heading = Article.of(content, ()).heading
    plain = unicodedata.normalize("NFKD", heading.replace("ł", "l").replace("Ł", "L"))
    words = re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode().lower())
    short = words.strip("-")[:_LONGEST_WORDS].rpartition("-")
    whole = words.strip("-")
    kept = whole if len(whole) <= _LONGEST_WORDS else (short[0] or short[2])
    mark = hashlib.sha256(f"{post}\n{account}\n{content.digest}".encode()).hexdigest()[:_MARK]
    return f"{kept}-{mark}".removeprefix("-")


def as_html(text: str) -> str:
    """Plain text for a field that WordPress takes as HTML."""
    return escape(_UNSTORABLE.sub("", text), quote=False)


def _image(figure: Figure) -> str:
    settings = json.dumps({"id": int(figure.media_id), "sizeSlug": "full"}, separators=(",", ":"))
    caption = f'<figcaption class="wp-element-caption">{_escaped(figure.caption)}</figcaption>'
    return _block(
        "image",
        f'<figure class="wp-block-image size-full"><img src="{_escaped(figure.src)}" '
        f'alt="{_escaped(figure.alt)}" class="wp-image-{figure.media_id}"/>'
        f"{caption if figure.caption else ''}</figure>",
        settings,
    )


def _escaped(text: str) -> str:
    return _plain(Markup.escape(_UNSTORABLE.sub("", text)))


def _plain(html: Markup) -> str:
    """HTML without what WordPress would take for a shortcode, such as `[gallery]`."""
    return str(html).replace("[", "&#91;")


def _block(name: str, html: str, settings: str = "") -> str:
    return f"<!-- wp:{name} {settings}{' ' if settings else ''}-->\n{html}\n<!-- /wp:{name} -->"
