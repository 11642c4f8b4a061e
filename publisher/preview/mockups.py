"""Mock-ups: the view model of a post as readers see it, for the templates."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from importlib import resources
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from publisher.base.formats import written
from publisher.channels import registry
from publisher.drafts import links as found
from publisher.drafts.text_length import length
from publisher.model.accounts import Account
from publisher.model.content import Captions, Content, Picture

COLOURS = 8
"""Number of avatar colours in the stylesheet."""
_TAG = re.compile(r"(?<![\w&/])([#\uff03@]\w+)")


@dataclass(frozen=True, slots=True)
class Author:
    """The account that posts."""

    title: str
    handle: str
    """The name after the title on X, without @; empty: not known."""
    language: str | None
    initials: str
    colour: int
    """0 to `COLOURS` - 1; always the same for the same title."""
    picture: str
    """The address of its picture, or a data URI; empty: its initials are shown."""


@dataclass(frozen=True, slots=True)
class Face:
    """How an account's platform shows it; empty where it was not asked, or has none."""

    handle: str = ""
    """Without @."""
    name: str = ""
    picture: str = ""
    """The address of its picture, or a data URI."""


NOBODY = Face()


@dataclass(frozen=True, slots=True)
class Card:
    """The preview card of a link."""

    url: str
    host: str
    title: str


@dataclass(frozen=True, slots=True)
class ShownImage:
    """A picture, video or document."""

    src: str
    """An address of this server, or a data URI; empty for a video or document that is shown as a
    box.
    """
    alt: str | None
    width: int
    height: int
    is_video: bool = False
    pages: int | None = None
    """Of a document."""
    captions: Captions | None = None
    """Of a video."""

    @classmethod
    def of(cls, picture: Picture, src: str) -> "ShownImage":
        return cls(
            src,
            picture.alt,
            picture.width,
            picture.height,
            picture.is_video,
            picture.pages,
            picture.captions,
        )


@dataclass(frozen=True, slots=True)
class PostCard:
    """One post, or one part of a thread, as a card."""

    id: str
    """Unique on the page."""
    author: Author
    instant: datetime | None
    when: str
    """The instant as text for readers, or why there is none."""
    html: Markup
    beginning: Markup | None
    """The text before "See more", if it is folded."""
    is_short: bool
    lang: str | None
    card: Card | None
    pictures: Sequence[ShownImage]
    content_warning: str = ""
    """What readers see first; they open the post behind it."""
    comment: Markup | None = None
    """The first comment below it."""
    title: str = ""
    """The title of a document."""
    is_absent: bool = False
    """Whether it is not out, while a part before it is."""
    is_comment_absent: bool = False
    """The same of its first comment."""


@dataclass(frozen=True, slots=True)
class Look:
    """A post as the readers of one account see it, for the template of its channel's mock-up."""

    channel: str
    """The channel's name for readers."""
    mockup: str
    """The template."""
    css: str
    title: str
    """The account's name that readers see."""
    language: str | None
    when: str
    thread: Sequence[PostCard]
    """The cards, for a channel on which a post is a card or a thread of cards."""
    page: object | None
    """The page, for a channel on which a post is a page."""


def styles() -> Markup:
    """The stylesheet of all mockups: the layouts that they share, and what each channel adds."""
    sheets = [resources.files("publisher.preview") / "templates/posts.css"]
    sheets += [resources.files(package) / "templates/mockup.css" for package in registry.TEMPLATES]
    return Markup("").join(Markup(sheet.read_text("utf-8")) for sheet in sheets if sheet.is_file())  # noqa: S704 - our own files, and those of installed channels


def author(title: str, handle: str, language: str | None, picture: str = "") -> Author:
    words = re.findall(r"\w+", title)
    digest = hashlib.sha256(title.encode()).digest()
    return Author(
        title=title,
        handle=handle,
        language=language,
        initials="".join(word[0] for word in words[:2]).upper() or "?",
        colour=digest[0] % COLOURS,
        picture=picture,
    )


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
    content_warning: str = "",
    comment: str | None = None,
    title: str | None = None,
) -> PostCard:
    """Build the card of a post on `channel`.

    `link` is shown as a link card, unless there are pictures. `comment`: the first one
    below it.
    """
    card = _card(link) if link and not pictures else None
    spec = registry.spec_of(channel)
    if card and spec.capabilities.link == "appended":
        text = _without_last_link(text)
    shown = spec.folds_after
    is_folded = shown and length(text, spec.capabilities.counting) > shown * 5 // 4
    return PostCard(
        id=post_id,
        author=by,
        instant=instant,
        when=when,
        html=linked(text),
        beginning=linked(_beginning(text, shown)) if shown and is_folded else None,
        is_short=len(text) < spec.large_below and not pictures and not card,
        lang=lang,
        card=card,
        pictures=pictures,
        content_warning=content_warning,
        comment=linked(comment) if comment else None,
        title=title or next((picture.alt or "" for picture in pictures), ""),
    )


def look_of(
    content: Content,
    account: Account,
    *,
    post: str,
    name: str,
    leaves: datetime | None,
    now: datetime,
    when: str,
    pictures: Sequence[ShownImage],
    face: Face = NOBODY,
) -> Look:
    """Show a post's content on an account.

    `name` identifies it on the page. `leaves`: when it goes out or went out; a page without such a
    time has the time `now`. `pictures` belong to the content's first part that has any. `face`:
    what readers see of the account; publisher.toml's names where its platform was not asked.
    """
    spec = registry.spec_of(account.channel)
    title = face.name or account.title or account.organisation or account.name
    handle = face.handle or (account.handle or "").removeprefix("@")
    by = author(title, handle, account.language, face.picture)
    # A comment is below the only part of a post.
    parts = content.parts if spec.capabilities.threads else content.parts[:1]
    appended = spec.capabilities.link == "appended"
    return Look(
        channel=registry.title(account.channel),
        mockup=spec.mockup,
        css=spec.css,
        title=title,
        language=account.language,
        when=when,
        thread=[]
        if spec.page
        else [
            look(
                account.channel,
                part.text,
                post_id=f"{name}-{number}",
                by=by,
                instant=leaves,
                when=when,
                link=last_link(part.text)
                if appended
                else content.link
                if number == len(parts)
                else None,
                lang=content.lang,
                pictures=pictures if part.pictures else (),
                content_warning=content.content_warning or "",
                comment=content.comment,
                title=content.title,
            )
            for number, part in enumerate(parts, 1)
        ],
        page=spec.page(content, slug=post, published=leaves or now, pictures=pictures)
        if spec.page
        else None,
    )


def last_link(text: str) -> str | None:
    """The link for which X shows a card."""
    found = links(text)
    return found[-1].expanded if found else None


def data_uri(media_type: str, content: bytes) -> str:
    """Encode a picture as a data URI."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def short_time(instant: datetime, zone: tzinfo) -> str:
    """Format an instant in `zone`: `7 Mar 2016, 13:00`."""
    return written(instant.astimezone(zone), "d MMM y, HH:mm")


def linked(text: str) -> Markup:
    """Convert a text to HTML: short clickable links, coloured hashtags and names, all escaped."""
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
    """Remove a link at the end, as X does if it shows its card."""
    found = links(text)
    ends_with_it = found and found[-1].end == len(text.rstrip())
    return text[: found[-1].start].rstrip() if ends_with_it else text


def _card(link: str) -> Card:
    parts = urlsplit(link)
    host = (parts.hostname or "").removeprefix("www.")
    # The platforms show the page's title here; nothing is fetched from the network for it.
    return Card(url=link, host=host, title=parts.path.strip("/") or host)


def _beginning(text: str, number: int) -> str:
    return text[:number].rsplit(None, 1)[0]


def _tagged(text: str) -> Markup:
    pieces = _TAG.split(text)
    tag = Markup('<span class="tag">{}</span>')
    return Markup("").join(
        tag.format(piece) if index % 2 else escape(piece) for index, piece in enumerate(pieces)
    )


class ShownLink(found.Link):
    """A link in a text, with its form on X."""

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
        """A t.co address: 23 characters, always the same for the same link."""
        digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        digest = hashlib.sha256(self.url.encode()).digest()
        return "https://t.co/" + "".join(digits[byte % len(digits)] for byte in digest[:10])


def links(text: str) -> list[ShownLink]:
    """The links that X finds in a text, in order."""
    return [ShownLink(link.url, link.start, link.end) for link in found.links(text)]
