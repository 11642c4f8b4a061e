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
    """A picture, GIF, video or document of an article, with the address where it is."""

    src: str
    width: int
    height: int
    picture: Picture
    media_id: str = ""

    @property
    def alt(self) -> str:
        return self.picture.alt

    @property
    def caption(self) -> str:
        """Plain text; empty: it has none. Of a video it is also what the video shows."""
        credit = f"© {self.picture.credit}" if self.picture.credit else ""
        return f"{self.alt} {credit}".strip() if self.picture.is_video else credit


@dataclass(frozen=True, slots=True)
class Article:
    """One post of a WordPress site."""

    heading: str
    """Plain text, never empty: WordPress links to a post by its title."""
    paragraphs: Sequence[Markup]
    figures: Sequence[Figure]
    link: str | None
    """The link that the text does not contain."""
    lang: str | None
    file_title: str
    """The title of a document."""

    @classmethod
    def of(cls, content: Content, figures: Sequence[Figure]) -> "Article":
        text = _UNSTORABLE.sub("", content.joined)
        pictures = content.pictures
        otherwise = first_words(None, (picture.alt for picture in pictures)) or "…"
        return cls(
            heading=html_text.heading(content.title, text, otherwise),
            paragraphs=html_text.paragraphs(text),
            figures=figures,
            link=content.link if content.link and content.link not in text else None,
            lang=content.lang,
            file_title=next((content.title_of(one) for one in pictures if one.is_document), ""),
        )

    @property
    def featured(self) -> Figure | None:
        """The picture that the site's theme shows with the article: the first still one.

        A theme scales it, so that a GIF would not move.
        """
        stills = (one for one in self.figures if one.picture.is_image and not one.picture.moves)
        return next(stills, None)

    @property
    def shown(self) -> Sequence[Figure]:
        """What follows the text: all but the featured picture."""
        return [one for one in self.figures if one is not self.featured]

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
        blocks += [self._block(figure) for figure in self.shown]
        if self.featured and self.featured.caption:
            credit = _escaped(self.featured.caption)
            small = f'<p class="has-small-font-size">{credit}</p>'
            blocks.append(_block("paragraph", small, '{"fontSize":"small"}'))
        if self.link:
            address = _plain(Markup.escape(self.link))
            link = f'<a href="{address}" rel="noopener">{address}</a>'
            blocks.append(_block("paragraph", f"<p>{link}</p>"))
        return "\n\n".join(blocks)

    def _block(self, figure: Figure) -> str:
        if figure.picture.is_document:
            return _file(figure, self.file_title)
        return _video(figure) if figure.picture.is_video else _image(figure)


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
    return _block(
        "image",
        f'<figure class="wp-block-image size-full"><img src="{_escaped(figure.src)}" '
        f'alt="{_escaped(figure.alt)}" class="wp-image-{figure.media_id}"/>'
        f"{_caption(figure)}</figure>",
        _settings(id=int(figure.media_id), sizeSlug="full"),
    )


def _video(figure: Figure) -> str:
    return _block(
        "video",
        f'<figure class="wp-block-video"><video controls src="{_escaped(figure.src)}"></video>'
        f"{_caption(figure)}</figure>",
        _settings(id=int(figure.media_id)),
    )


def _file(figure: Figure, title: str) -> str:
    address = _escaped(figure.src)
    return _block(
        "file",
        f'<div class="wp-block-file"><a href="{address}">{_escaped(title)}</a></div>',
        _settings(id=int(figure.media_id), href=figure.src, showDownloadButton=False),
    )


def _caption(figure: Figure) -> str:
    words = _escaped(figure.caption)
    return f'<figcaption class="wp-element-caption">{words}</figcaption>' if words else ""


def _settings(**settings: object) -> str:
    """A block's settings: JSON in an HTML comment, escaped as WordPress does it."""
    text = json.dumps(settings, separators=(",", ":"))
    for sign in ("--", "<", ">", "&"):
        text = text.replace(sign, "".join(f"\\u{ord(each):04x}" for each in sign))
    return text


def _escaped(text: str) -> str:
    return _plain(Markup.escape(_UNSTORABLE.sub("", text)))


def _plain(html: Markup) -> str:
    """HTML without what WordPress would take for a shortcode, such as `[gallery]`."""
    return str(html).replace("[", "&#91;")


def _block(name: str, html: str, settings: str = "") -> str:
    return f"<!-- wp:{name} {settings}{' ' if settings else ''}-->\n{html}\n<!-- /wp:{name} -->"
