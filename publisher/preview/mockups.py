"""The model behind the templates: a post as readers see it."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from publisher.base.formats import written
from publisher.channels.registry import SPECS
from publisher.drafts import links as found
from publisher.model.models import Account

_LARGE = 85
"""Facebook sets a text that is shorter, and stands alone, in large letters."""
COLOURS = 8
"""How many colours the stylesheet has for avatars."""
_TAG = re.compile(r"(?<![\w&/])([#\uff03@]\w+)")


@dataclass(frozen=True, slots=True)
class Author:
    """The account that posts, as readers see it."""

    title: str
    handle: str
    """What stands behind the title on X, without an @ before it."""
    language: str | None
    initials: str
    colour: int
    """0 to `COLOURS` - 1; always the same for the same title."""


@dataclass(frozen=True, slots=True)
class Card:
    """The box that stands for a link."""

    url: str
    host: str
    title: str


@dataclass(frozen=True, slots=True)
class ShownImage:
    """A picture, or the place of a video, in a post."""

    src: str
    """An address of this server, or a data URI; of a video, empty where a box stands for it."""
    alt: str | None
    width: int
    height: int
    is_video: bool = False


@dataclass(frozen=True, slots=True)
class PostCard:
    """One post as a card; of a thread, one of its parts."""

    id: str
    """For the page: no two posts on it share one."""
    author: Author
    instant: datetime | None
    when: str
    """The instant for readers, or why there is none."""
    html: Markup
    beginning: Markup | None
    """What shows before "See more", if the text is folded."""
    is_short: bool
    lang: str | None
    card: Card | None
    pictures: Sequence[ShownImage]


def author(title: str, handle: str, language: str | None) -> Author:
    words = re.findall(r"\w+", title)
    digest = hashlib.sha256(title.encode()).digest()
    return Author(
        title=title,
        handle=handle,
        language=language,
        initials="".join(word[0] for word in words[:2]).upper() or "?",
        colour=digest[0] % COLOURS,
    )


def handle(account: Account, known: Mapping[str, str]) -> str:
    """What stands behind its title on X: as publisher.toml says, or as its keys told, by `known`."""
    named = account.handle or known.get(account.name)
    return named.removeprefix("@") if named else account.name


def look(
    channel: str,
    text: str,
    *,
    post_id: str,
    by: Author,
    instant: datetime | None,
    when: str,
    link: str | None,
    lang: str | None,
    pictures: Sequence[ShownImage],
) -> PostCard:
    """A post on `channel`.

    `link` is what the platform makes a card of, where no picture takes its place.
    """
    card = _card(link) if link and not pictures else None
    spec = SPECS[channel]
    if card and spec.capabilities.link == "appended":
        text = _without_last_link(text)
    shown = spec.folds_after
    return PostCard(
        id=post_id,
        author=by,
        instant=instant,
        when=when,
        html=linked(text),
        beginning=linked(_beginning(text, shown)) if shown and len(text) > shown * 5 // 4 else None,
        is_short=len(text) < _LARGE and not pictures and not card,
        lang=lang,
        card=card,
        pictures=pictures,
    )


def last_link(text: str) -> str | None:
    """The link that X makes a card of."""
    found = links(text)
    return found[-1].expanded if found else None


def data_uri(media_type: str, content: bytes) -> str:
    """A picture as an address that needs no server."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def short_time(instant: datetime, zone: tzinfo) -> str:
    """`7 Mar 2016, 13:00`, there."""
    return written(instant.astimezone(zone), "d MMM y, HH:mm")


def linked(text: str) -> Markup:
    """A text as HTML: links short and alive, hashtags and names coloured, all else escaped."""
    pieces: list[Markup] = []
    position = 0
    for link in links(text):
        pieces.append(_tagged(text[position : link.start]))
        pieces.append(
            Markup('<a href="{}" rel="nofollow noopener noreferrer">{}</a>').format(
                link.expanded, link.display
            )
        )
        position = link.end
    pieces.append(_tagged(text[position:]))
    return Markup("").join(pieces)


def _without_last_link(text: str) -> str:
    """As on X, a link at the end makes way for its card."""
    found = links(text)
    ends_with_it = found and found[-1].end == len(text.rstrip())
    return text[: found[-1].start].rstrip() if ends_with_it else text


def _card(link: str) -> Card:
    parts = urlsplit(link)
    host = (parts.hostname or "").removeprefix("www.")
    # The platforms show the page's title here; nothing is fetched from the network for it.
    return Card(url=link, host=host, title=parts.path.strip("/") or host)


def _beginning(text: str, length: int) -> str:
    return text[:length].rsplit(None, 1)[0]


def _tagged(text: str) -> Markup:
    pieces = _TAG.split(text)
    tag = Markup('<span class="tag">{}</span>')
    return Markup("").join(
        tag.format(piece) if index % 2 else escape(piece) for index, piece in enumerate(pieces)
    )


class ShownLink(found.Link):
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


def links(text: str) -> list[ShownLink]:
    """The links that X finds in a text, in order."""
    return [ShownLink(link.url, link.start, link.end) for link in found.links(text)]
