"""Website channel: an Atom feed, a JSON feed and HTML pages in a folder, for any web server.

    <site_root>/<account>/index.html, feed.atom, feed.json
                          posts/<slug>.html, posts/<slug>.json
                          media/<digest>.<ext>
    <site_root>.ready/<account>/<slug>/<digest>.<ext>

The second folder, which no web server serves, holds the pictures of posts that are not out yet. A
post's JSON file is the source of truth; pages and feeds are made from these files, under a lock.
Sending a post again writes the same files again.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from publisher.base import files
from publisher.base.clock import Clock
from publisher.base.errors import ConfigurationError, why
from publisher.base.i18n import _
from publisher.channels import edits
from publisher.channels.base import MediaReader, NotPrepared
from publisher.channels.engagement import EngagementReading
from publisher.channels.health import Health
from publisher.channels.outgoing import Action, Objection
from publisher.model.accounts import Account, Owner
from publisher.model.capabilities import Capabilities
from publisher.model.content import Captions, Picture, edit_mark
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    Answer,
    Deferred,
    Kind,
    Outcome,
    Sighting,
    Unknown,
)
from publisher.platforms.site.pages import Image, Page, PageCorrection, Pages, profile_of
from publisher.platforms.site.spec import SITE

_SLUG = re.compile(r"[a-z0-9][a-z0-9._~-]{0,99}")
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
}


class Site:
    """The channel of one account: its folder on the website."""

    capabilities: ClassVar[Capabilities] = SITE

    def __init__(
        self,
        account: Account,
        site_root: Path,
        *,
        patience: timedelta,
        clock: Clock,
    ) -> None:
        """`patience`: real time to wait while another worker writes to the same folder."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", account.name):
            raise ConfigurationError(
                _(
                    "The account {account!r} cannot have a folder with this name on the website.",
                    account=account.name,
                ),
                hint=_("In publisher.toml, use letters, digits, hyphens, dots and underscores."),
            )
        self._account = account
        self._folder = site_root / account.name
        self._ready_folder = site_root.with_name(f"{site_root.name}.ready") / account.name
        self._url = (account.url or "").rstrip("/")
        self._pages = Pages(account, self._folder, self._url)
        self._patience = patience.total_seconds()
        self._clock = clock

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Store the pictures where no web server serves them; see `Channel.prepare`."""
        if parcel.content.edits:  # its page has the pictures
            return prepared
        ready = self._ready(slug(parcel.post))
        try:
            self._remove_served_pictures()
            for picture in parcel.content.pictures:
                if not (ready / _file_name(picture)).exists():
                    ready.mkdir(parents=True, exist_ok=True)
                    files.write(ready / _file_name(picture), read_media(picture.digest))
                if told := picture.captions:
                    files.write(ready / _captions_name(told), told.data)
            folder = ready.name if ready.exists() else None
        except OSError as error:
            raise NotPrepared(_unwritable(error)) from None
        return prepared.model_copy(update={"folder": folder})

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        """Delete prepared pictures; see `Channel.clear`."""
        try:
            with suppress(FileNotFoundError):
                shutil.rmtree(self._ready(slug(parcel.post)))
        except OSError as error:
            raise NotPrepared(_unwritable(error), prepared) from None
        return Prepared()

    def ready(
        self,
        parcel: Parcel,
        prepared: Prepared,  # noqa: ARG002  what is prepared is on the disk
        sent: tuple[str, ...],  # noqa: ARG002  there are no threads
    ) -> Action:
        """What writes the post's page, and the feeds with it; see `Channel.ready`."""
        publish = self._correct if parcel.content.edits else self._publish
        return Action(lambda objection: publish(parcel, objection))

    def _publish(self, parcel: Parcel, objection: Objection) -> Outcome:
        page = self._page(parcel)
        try:
            self._make_folders()
            with files.locked(self._folder / ".lock", self._patience):
                if objected := objection():  # the wait for the lock may have been long
                    return objected
                if missing := self._move_pictures(parcel, page.slug):
                    return Deferred(
                        Kind.UNAVAILABLE,
                        _(
                            "The picture {missing} is missing from the website's folder. "
                            "Publisher will prepare it again.",
                            missing=missing,
                        ),
                    )
                self._pages.put(page, now=self._clock.now())
        except OSError as error:
            return _unwritable(error, begun=self._pages.has(page.slug))
        return Accepted(page.slug, url=self._address(page.slug))

    def _correct(self, parcel: Parcel, objection: Objection) -> Outcome:
        """Rewrite the page that an edit changes, which then shows when and why."""
        slug_of_post = edits.post_id(parcel)
        try:
            with files.locked(self._folder / ".lock", self._patience):
                if objected := objection():
                    return objected
                page = self._pages.get(slug_of_post)
                if page is None:
                    return edits.post_gone()
                corrected = page.corrected(self._page(parcel), self._correction(parcel, page))
                self._pages.put(corrected, now=self._clock.now())
        except OSError as error:
            return _unwritable(error, begun=True)
        return edits.carried_out(parcel)

    def _correction(self, parcel: Parcel, page: Page) -> PageCorrection:
        """What readers see of an edit that is made now."""
        return PageCorrection(
            id=edit_mark(parcel.post, parcel.content),
            at=self._clock.now(),
            reason=parcel.content.reason or "",
            was="\n\n".join(filter(None, (page.title, page.text))),
        )

    def _find_edit(self, parcel: Parcel) -> Sighting:
        """Check that the page has the correction, and all that lists it shows it.

        What is partly written counts as absent: sending it again completes it.
        """
        page, mark = self._pages.get(edits.post_id(parcel)), edit_mark(parcel.post, parcel.content)
        has_it = page is not None and mark in {one.id for one in page.corrections}
        if page is None or not has_it or not self._pages.show(page):
            return Absent(may_come=False)
        return edits.carried_out(parcel)

    def judge(
        self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...], answer: Answer
    ) -> Outcome:
        raise NotImplementedError  # there are no requests

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:  # noqa: ARG002
        return outcome

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,  # noqa: ARG002
        sent: tuple[str, ...],
        since: datetime,  # noqa: ARG002  a page has an id, so its date does not matter
        taken: Collection[str] = (),  # noqa: ARG002  and no other delivery has that id
    ) -> Sighting:
        """Check that the page is there, and all that lists it; see `Channel.find`.

        A page that is only partly written counts as absent: sending it again completes it.
        """
        page = self._page(parcel)
        try:
            if parcel.content.edits:
                return self._find_edit(parcel)
            if sent or not self._pages.show(page):
                return Absent(may_come=False)
        except OSError as error:
            return Deferred(
                Kind.UNAVAILABLE,
                _(
                    "The website's folder cannot be read ({reason}). Check its permissions. "
                    "Whether the page shows is not known yet; Publisher will look for it again.",
                    reason=why(error),
                ),
            )
        return Accepted(page.slug, url=self._address(page.slug))

    def withdraw(
        self,
        remote_id: str,
        prepared: Prepared,  # noqa: ARG002  the pictures go with the page
    ) -> Outcome:
        if not _SLUG.fullmatch(remote_id):
            return Accepted(remote_id)  # no page can have that name
        try:
            self._make_folders()
            with files.locked(self._folder / ".lock", self._patience):
                self._pages.remove(remote_id, now=self._clock.now())
        except OSError as error:
            return _unwritable(error, begun=True)
        return Accepted(remote_id)

    @property
    def owner_id(self) -> None:
        """None: there are no keys."""

    def owner(self) -> Owner:
        return Owner(id=self._folder.name)

    def examine(self) -> Health:
        """Check that the folders of the website and its pictures can be written."""
        for folder in (self._folder, self._ready_folder):
            there = next(above for above in (folder, *folder.parents) if above.exists())
            if not os.access(there, os.W_OK):
                return Health(
                    _("The user that runs Publisher cannot write to {there}.", there=there)
                )
        return Health(profile=profile_of(self._account))

    def engagement(self, remote_ids: Sequence[str]) -> EngagementReading:  # noqa: ARG002
        """Nothing: files count no readers; see `Channel.engagement`."""
        return EngagementReading({})

    def _address(self, post_slug: str) -> str:
        """The page's URL, or its path under the site's root if that has no URL yet."""
        return f"{self._url or self._folder.name}/posts/{post_slug}.html"

    def _page(self, parcel: Parcel) -> Page:
        content = parcel.content
        return Page(
            slug=slug(parcel.post),
            text="\n\n".join(part.text.strip() for part in content.parts if part.text.strip()),
            images=tuple(
                Image(
                    file=f"media/{_file_name(picture)}",
                    media_type=picture.media_type,
                    width=picture.width,
                    height=picture.height,
                    alt=picture.alt,
                    credit=picture.credit,
                    captions=f"media/{_captions_name(told)}" if told else None,
                    spoken=told.lang if told else None,
                )
                for picture in parcel.content.pictures
                for told in [picture.captions]
            ),
            link=content.link,
            title=content.title,
            lang=content.lang,
            published=parcel.due_at,
        )

    def _make_folders(self) -> None:
        for name in ("posts", "media"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)

    def _ready(self, post_slug: str) -> Path:
        return self._ready_folder / post_slug

    def _remove_served_pictures(self) -> None:
        """Delete pictures that earlier versions stored where web servers might serve them.

        Those that are still needed are stored again, from the ledger.
        """
        with suppress(FileNotFoundError):
            shutil.rmtree(self._folder / ".ready")

    def _move_pictures(self, parcel: Parcel, post_slug: str) -> str | None:
        """Move the pictures to where pages find them; returns the name of a missing one."""
        ready, media = self._ready(post_slug), self._folder / "media"
        for picture in parcel.content.pictures:
            told = picture.captions
            for name in (_file_name(picture), *([_captions_name(told)] if told else [])):
                if (ready / name).exists():
                    files.move(ready / name, media / name)
                elif not (media / name).exists():
                    return picture.name
        if ready.exists():
            files.sync(media)
            for left_over in ready.iterdir():  # of an earlier version of the post
                left_over.unlink()
            ready.rmdir()
        return None


def slug(post: str) -> str:
    """A file name for a post's id; two ids never have the same one."""
    if _PLAIN.fullmatch(post):
        return post
    plain = re.sub(r"[^a-z0-9._-]+", "-", post.lower()).strip("-._")[:80] or "post"
    return f"{plain}~{hashlib.sha256(post.encode()).hexdigest()[:12]}"


def _file_name(picture: Picture) -> str:
    return f"{picture.digest}.{_EXTENSIONS[picture.media_type]}"


def _captions_name(captions: Captions) -> str:
    return f"{captions.digest}.vtt"


def _unwritable(error: OSError, *, begun: bool = False) -> Deferred | Unknown:
    """The outcome of a file error; `begun`: the post may be partly visible already."""
    problem = _(
        "The website's folder cannot be used ({reason}). Check its permissions and the free space.",
        reason=why(error),
    )
    if begun:
        return Unknown(_("{problem} The page may already show.", problem=problem))
    return Deferred(Kind.UNAVAILABLE, _("{problem} Publisher will try again.", problem=problem))
