"""The website's files: one JSON file per post, and the pages and feeds made from them.

Pages have Open Graph tags (ogp.me), from which platforms make the card of a link to them. A picture
and an address have to be whole URLs there, so a site without a `url` has cards without them.
"""

import errno
import json
import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from feedgen.feed import FeedGenerator
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pydantic import AfterValidator, Field

from publisher.base import files, formats
from publisher.base import html as html_text
from publisher.base.i18n import _
from publisher.base.text import shortened
from publisher.channels.spec import ShownPicture
from publisher.model.accounts import Account, Profile
from publisher.model.content import Content
from publisher.model.values import Frozen

_IN_FULL = 50  # posts that the index and the feeds show in full; the index lists the others
_SUMMARY = 200  # characters, about; what link cards show of a text
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Text with only the characters that both HTML and XML allow.
Text = Annotated[str, AfterValidator(lambda text: _NOT_XML.sub("", text))]


class Image(Frozen):
    """A picture or video on a page; `file` is relative to the account's folder."""

    file: str
    media_type: str
    width: int
    height: int
    alt: Text
    credit: Text | None
    captions: str | None = None
    """The file with the captions of a video, like `file`."""
    spoken: str | None = None
    """Their language."""

    @property
    def is_video(self) -> bool:
        return self.media_type.startswith("video/")


class PageCorrection(Frozen):
    """A correction of a page, which readers see below it."""

    id: str
    at: datetime
    reason: Text
    was: Text = ""
    """What the page said before."""

    @property
    def paragraphs(self) -> list[Markup]:
        """What it said before, as safe HTML."""
        return html_text.paragraphs(self.was)

    @property
    def date(self) -> str:
        return _dated(self.at)


class Page(Frozen):
    """One post as the website stores it, in `posts/<slug>.json`."""

    slug: str
    text: Text
    """Plain text; a blank line separates paragraphs."""
    images: tuple[Image, ...]
    link: Text | None
    title: Text | None
    lang: str | None
    published: datetime
    corrections: tuple[PageCorrection, ...] = Field(
        default=(), exclude_if=lambda corrections: not corrections
    )
    """In the order in which they were made."""

    def corrected(self, other: "Page", correction: PageCorrection) -> "Page":
        """The page with the words of another one, and the correction that brought them.

        It keeps one that it has: an edit that was interrupted is made again.
        """
        has_it = any(one.id == correction.id for one in self.corrections)
        made = self.corrections if has_it else (*self.corrections, correction)
        update = {"text": other.text, "title": other.title, "lang": other.lang}
        return self.model_copy(update={**update, "corrections": made})

    @property
    def heading(self) -> str:
        """The title, or the beginning of the text."""
        return html_text.heading(self.title, self.text, self.slug)

    @property
    def paragraphs(self) -> list[Markup]:
        """The text as safe HTML."""
        return html_text.paragraphs(self.text)

    @property
    def summary(self) -> str:
        """What a link card says below the heading; empty for a post without words."""
        return shortened(self.text, _SUMMARY)

    @property
    def picture(self) -> Image | None:
        """The picture of its link cards: the first one that is no video."""
        return next((image for image in self.images if not image.is_video), None)

    @property
    def date(self) -> str:
        return _dated(self.published)

    @property
    def updated(self) -> datetime:
        """When it last changed."""
        return max([self.published, *(correction.at for correction in self.corrections)])


def _dated(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def profile_of(account: Account) -> Profile:
    """The website's profile: what the settings say. It has no other, and no picture."""
    host = urlsplit(account.url or "").hostname or ""
    return Profile(id=account.name, handle=host, name=account.title or account.organisation or "")


def page_of(
    content: Content, *, slug: str, published: datetime, pictures: Sequence[ShownPicture]
) -> Page:
    """The page of `content`, with `pictures` in the order of its own."""
    sent = content.pictures
    return Page(
        slug=slug,
        text=content.joined,
        images=tuple(
            Image(
                file=shown.src,
                media_type=picture.media_type,
                width=shown.width,
                height=shown.height,
                alt=picture.alt,
                credit=picture.credit,
            )
            for picture, shown in zip(sent, pictures, strict=True)
        ),
        link=content.link,
        title=content.title,
        lang=content.lang,
        published=published,
    )


@cache  # each worker's thread opens the channel; they compile the templates once
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("publisher.platforms.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Pages:
    """All pages of one account. A caller that changes them must hold the folder's lock."""

    def __init__(self, account: Account, folder: Path, url: str) -> None:
        """`url`: the folder's public address; empty when it is not known."""
        self._folder = folder
        self._url = f"{url}/" if url else ""
        self._title = account.title or account.organisation or account.name
        self._lang = account.language or "en"
        self._name = account.name

    def put(self, page: Page, *, now: datetime) -> None:
        """Write a post's page, and all that lists it."""
        posts = self._folder / "posts"
        # The source of truth first: if the process dies after it, the next change makes the rest.
        files.write(posts / f"{page.slug}.json", page.model_dump_json(indent=1).encode())
        files.write(posts / f"{page.slug}.html", self._html(page))
        self._rebuild(now)

    def remove(self, slug: str, *, now: datetime) -> None:
        """Delete a post's page, its entries, and pictures that no other page shows."""
        posts = self._folder / "posts"
        for suffix in (".json", ".html"):
            (posts / f"{slug}{suffix}").unlink(missing_ok=True)
        files.sync(posts)
        pages = self._rebuild(now)
        used = {
            name for page in pages for image in page.images for name in (image.file, image.captions)
        }
        for path in (self._folder / "media").iterdir():
            if f"media/{path.name}" not in used:
                path.unlink()

    def get(self, slug: str) -> Page | None:
        """The post's page; None when there is none. May raise OSError."""
        try:
            return _read(self._folder / "posts" / f"{slug}.json")
        except FileNotFoundError:
            return None

    def has(self, slug: str) -> bool:
        """Whether the post is on the website, at least partly."""
        return (self._folder / "posts" / f"{slug}.json").exists()

    def show(self, page: Page) -> bool:
        """Whether exactly this page is public, and the index that lists it; may raise OSError."""
        try:
            return (
                _read(self._folder / "posts" / f"{page.slug}.json") == page
                and (self._folder / "posts" / f"{page.slug}.html").read_bytes() == self._html(page)
                # The last file of all that `put` writes.
                and (self._folder / "index.html").read_bytes() == self._index(self._all())
            )
        except FileNotFoundError:
            return False

    def _rebuild(self, now: datetime) -> list[Page]:
        for folder in (self._folder, self._folder / "posts", self._folder / "media"):
            files.sweep(folder)
        pages = self._all()
        latest = pages[:_IN_FULL]
        files.write(self._folder / "feed.atom", self._atom(latest, now))
        files.write(self._folder / "feed.json", self._json_feed(latest))
        files.write(self._folder / "index.html", self._index(pages))
        return pages

    def _all(self) -> list[Page]:
        """Every post, the latest first."""
        pages = [_read(path) for path in (self._folder / "posts").glob("[!.]*.json")]
        return sorted(pages, key=lambda page: (page.published, page.slug), reverse=True)

    def _rendered(self, template: str, **values: object) -> bytes:
        known = {"site_title": self._title, "site_lang": self._lang, "site_url": self._url}
        return _templates().get_template(template).render({**known, **values}).encode()

    def _html(self, page: Page) -> bytes:
        locale = formats.with_territory(page.lang or self._lang)
        return self._rendered("post.html", page=page, root="../", locale=locale)

    def _index(self, pages: list[Page]) -> bytes:
        locale = formats.with_territory(self._lang)
        shown, older = pages[:_IN_FULL], pages[_IN_FULL:]
        return self._rendered("index.html", pages=shown, older=older, root="", locale=locale)

    def _content(self, page: Page) -> str:
        return str(_templates().get_template("content.html").render(page=page, root=self._url))

    def _id(self, path: str) -> str:
        """An id that stays the same when the site moves."""
        return uuid.uuid5(uuid.NAMESPACE_URL, f"publisher:{self._name}/{path}").urn

    def _atom(self, pages: list[Page], now: datetime) -> bytes:
        feed = FeedGenerator()
        feed.id(self._id(""))
        feed.title(self._title)
        feed.author(name=self._title)
        feed.generator("Publisher")
        feed.language(self._lang)
        feed.link(href=f"{self._url}index.html", rel="alternate")
        feed.link(href=f"{self._url}feed.atom", rel="self")
        feed.updated(max((page.updated for page in pages), default=now))
        for page in pages:
            entry = feed.add_entry(order="append")
            entry.id(self._id(page.slug))
            entry.title(page.heading)
            # feedgen 1.0 loses `rel` in entries, so this is the only link that one can have.
            entry.link(href=f"{self._url}posts/{page.slug}.html")
            entry.published(page.published)
            entry.updated(page.updated)
            entry.content(self._content(page), type="html")
        return bytes(feed.atom_str(pretty=True))

    def _json_feed(self, pages: list[Page]) -> bytes:
        feed = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": self._title,
            "home_page_url": f"{self._url}index.html",
            "feed_url": f"{self._url}feed.json",
            "language": self._lang,
            "authors": [{"name": self._title}],
            "items": [self._json_item(page) for page in pages],
        }
        return json.dumps(feed, ensure_ascii=False, indent=1).encode()

    def _json_item(self, page: Page) -> dict[str, object]:
        item: dict[str, object] = {
            "id": self._id(page.slug),
            "url": f"{self._url}posts/{page.slug}.html",
            "content_html": self._content(page),
            "content_text": page.text,
            "date_published": page.date,
            "language": page.lang or self._lang,
        }
        if page.corrections:
            item["date_modified"] = _dated(page.updated)
        if page.title:
            item["title"] = page.title
        if page.link:
            item["external_url"] = page.link
        if page.picture:
            item["image"] = f"{self._url}{page.picture.file}"
        if page.images:
            item["attachments"] = [
                {
                    "url": f"{self._url}{image.file}",
                    "mime_type": image.media_type,
                    "title": image.alt,
                }
                for image in page.images
            ]
        return item


def _read(path: Path) -> Page:
    try:
        return Page.model_validate_json(path.read_bytes())
    except ValueError:
        raise OSError(errno.EINVAL, _("posts/{file} is damaged", file=path.name)) from None
