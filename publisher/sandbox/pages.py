"""Timeline pages: HTML mock-ups of the platforms, for people.

They are in English, as all of the sandbox is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from publisher.base import html
from publisher.base.i18n import speaking
from publisher.channels.registry import SPECS, TEMPLATES
from publisher.preview import mockups
from publisher.preview.mockups import Author, PostCard, ShownImage
from publisher.sandbox import profiles
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.connect_guides import guides_to
from publisher.sandbox.platforms import PLATFORMS
from publisher.sandbox.store import Store, StoredMedia, StoredPost

_ARTICLE = "preview/article.html"
"""The mockup where a channel makes a page of a post: the sandbox has the text alone."""


class Timelines:
    """Renders the timelines of one sandbox."""

    def __init__(self, store: Store, *, timezone: str, title: str) -> None:
        self._store = store
        self._zone = ZoneInfo(timezone)
        self._title = title
        self._templates = html.environment("publisher.sandbox", "publisher.preview", *TEMPLATES)

    @speaking("en")
    def index(self) -> str:
        """The start page: accounts, how each is connected, and recorded violations."""
        rows = [
            {
                "name": account.name,
                "channel": PLATFORMS[account.channel].title,
                "title": account.title,
                "address": f"/{PLATFORMS[account.channel].page}/{account.handle}",
                "posts": len(self._store.timeline(account.name)),
                "guides": guides_to(account, self._store.clock),
            }
            for account in self._store.accounts
        ]
        notes = self._store.violations[::-1]
        return self._render("index.html", here="/", rows=rows, violations=notes)

    @speaking("en")
    def timeline(
        self, channel: str, account: SandboxAccount | None, *, self_contained: bool = False
    ) -> str:
        """A channel's posts, newest first; of one account, or of all.

        `self_contained` embeds the pictures, so that the page can be saved as one file.
        """
        platform, spec = PLATFORMS[channel], SPECS[channel]
        accounts = [other for other in self._store.accounts if other.channel == channel]
        shown = [account] if account else accounts
        found = [
            (owner, thread)
            for owner in shown
            for thread in _threads(self._store.timeline(owner.name))
        ]
        found.sort(key=lambda pair: pair[1][-1].dated, reverse=True)
        threads = [
            [self._post(entry, owner, self_contained=self_contained) for entry in thread]
            for owner, thread in found
        ]
        return self._render(
            "timeline.html",
            here=f"/{platform.page}",
            platform=platform,
            mockup=_ARTICLE if spec.page else spec.mockup,
            look=spec.css,
            has_handles=spec.has_handles,
            threads=threads,
            count=sum(len(thread) for thread in threads),
            accounts=[_author(other, self_contained=self_contained) for other in accounts],
            chosen=_author(account, self_contained=self_contained) if account else None,
            self_contained=self_contained,
        )

    def _render(self, template: str, *, self_contained: bool = False, **values: object) -> str:
        return self._templates.get_template(template).render(
            mockup_styles=mockups.styles(),
            session=self._title,
            platforms=PLATFORMS.values(),
            timezone=str(self._zone),
            now=self._when(self._store.clock.now()),
            self_contained=self_contained,
            **values,
        )

    def _when(self, instant: datetime) -> str:
        return mockups.short_time(instant, self._zone)

    def _post(self, entry: StoredPost, owner: SandboxAccount, *, self_contained: bool) -> PostCard:
        return mockups.look(
            entry.channel,
            entry.text,
            post_id=entry.id,
            by=_author(owner, self_contained=self_contained),
            instant=entry.dated,
            when=self._when(entry.dated),
            link=entry.link,
            lang=entry.lang,
            pictures=[_picture(upload, self_contained=self_contained) for upload in entry.media],
            content_warning=entry.content_warning,
            title=next((upload.title for upload in entry.media), None),
        )


def _threads(newest_first: Sequence[StoredPost]) -> Iterable[list[StoredPost]]:
    """Group posts into threads, each in its order."""
    groups: dict[str, list[StoredPost]] = {}
    for entry in reversed(newest_first):
        groups.setdefault(entry.conversation or entry.id, []).append(entry)
    return groups.values()


def _author(account: SandboxAccount, *, self_contained: bool) -> Author:
    picture = (
        mockups.data_uri("image/png", profiles.drawing(account.name))
        if self_contained
        else profiles.address_of(account.name)
    )
    return mockups.author(account.title, account.handle, account.language, picture)


def _picture(upload: StoredMedia, *, self_contained: bool) -> ShownImage:
    source = f"/media/{upload.sha256}"
    is_video = upload.category == "video"
    if self_contained:
        # A video or document would make the page too big to open; it is shown as a box.
        is_box = is_video or upload.category == "document"
        source = "" if is_box else mockups.data_uri(upload.media_type, upload.content)
    return ShownImage(
        src=source,
        alt=upload.alt,
        width=upload.width,
        height=upload.height,
        is_video=is_video,
        pages=upload.pages,
    )
