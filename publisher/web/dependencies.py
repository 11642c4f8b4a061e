"""What all routes share: the workspace, caches, the queue of uploads, and addresses of posts."""

import asyncio
import os.path
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Annotated, Self, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

import structlog
from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match
from starlette.types import Scope

from publisher.app import Application
from publisher.base.errors import Busy, PublisherError, UsageError
from publisher.base.i18n import _
from publisher.doctor import Finding
from publisher.doctor.accounts import examine
from publisher.model.posts import Post
from publisher.monitoring.monitor import Monitor
from publisher.settings.schema import WebSettings
from publisher.web.account_connecting import BegunConnections
from publisher.web.address_tests import TestMessages
from publisher.web.authentication import Visitor
from publisher.web.draft_cache import DraftCache, Presence
from publisher.web.draft_differences import DraftDifferences
from publisher.web.media_library import MediaLibrary
from publisher.web.openid_client import Known
from publisher.web.render import Renderer, Toast
from publisher.web.server_sent_events import EventStream

log = structlog.get_logger()

_PREFIX = "account "
_PAUSE = timedelta(minutes=1)
_UPLOADS = 4
"""People whose picture is processed or waits."""

Result = TypeVar("Result")


class Platforms:
    """Cache of the platforms' newest answers; asking costs each platform a request."""

    def __init__(self) -> None:
        self.asked_at: datetime | None = None
        self._findings: Mapping[str, Finding] = {}
        self._asking = threading.Lock()

    def ask(self, app: Application) -> bool:
        """Ask all platforms now, as `publisher doctor` does.

        False if they were asked in the last minute: it costs what the accounts may read there. Who
        comes while somebody else asks waits for that answer.
        """
        with self._asking:
            if self.asked_at and app.clock.now() - self.asked_at < _PAUSE:
                return False
            self._findings = {finding.subject: finding for finding in examine(app, offline=False)}
            self.asked_at = app.clock.now()
            return True

    def finding(self, account: str) -> Finding | None:
        """The platform's last answer about an account; None before the first question."""
        return self._findings.get(_PREFIX + account)

    def forget(self, account: str) -> None:
        """Forget the answer about an account: a person has changed what it was judged by."""
        self._findings = {
            subject: finding
            for subject, finding in self._findings.items()
            if subject != _PREFIX + account
        }


class UploadQueue:
    """Upload queue: cleans one picture at a time, and one for each person.

    Each takes seconds and hundreds of MB. A request that waits holds none of the threads that every
    page needs. Bound to the serving event loop.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._people: set[str] = set()

    async def take(self, person: str, work: Callable[[], Result]) -> Result:
        """Do the work when it is the person's turn. Raises Busy at once if too many wait."""
        if person in self._people:
            raise Busy(_("Another picture of yours is still being prepared."))
        if len(self._people) >= _UPLOADS:
            raise Busy
        self._people.add(person)
        try:
            async with self._turn:
                return await run_in_threadpool(work)
        finally:
            self._people.discard(person)


@dataclass(frozen=True, slots=True)
class Parts:
    """Shared state of the routes: application, settings, renderer, event stream, caches."""

    app: Application
    where: WebSettings
    pages: Renderer
    live: EventStream
    monitor: Monitor
    platforms: Platforms = field(default_factory=Platforms)
    provider: Known = field(default_factory=Known)
    uploads: UploadQueue = field(default_factory=UploadQueue)
    differences: DraftDifferences = field(default_factory=DraftDifferences)
    drafts: DraftCache = field(default_factory=DraftCache)
    presence: Presence = field(default_factory=Presence)
    media: MediaLibrary = field(default_factory=MediaLibrary)
    connections: BegunConnections = field(default_factory=BegunConnections)
    test_messages: TestMessages = field(default_factory=TestMessages)

    def take_keys(self) -> None:
        """Take the keys of accounts that were connected meanwhile, as by `publisher connect`.

        Every request does so: it costs one look at the file, and no page can miss it.
        """
        try:
            changed = self.app.take_keys()
        except PublisherError as error:
            log.warning("the pages go on with the keys that they have", error=str(error))
            return
        for name in changed:
            self.platforms.forget(name)

    def account(self, name: str) -> str | None:
        """The account of that name; None for no name: all of them. Raises UsageError."""
        if name and name not in self.app.accounts():
            raise UsageError(_("There is no account {name}.", name=name))
        return name or None

    def colleagues(self) -> list[str]:
        """The names of all who may log in, and can be mentioned in a note."""
        return [one.name for one in self.app.people.all() if one.disabled_at is None]

    def still_of(self, draft: Post) -> str | None:
        """The address of a small view of a draft's first picture; nothing is decoded for it."""
        if not draft.media:
            return None
        return self.media.index(self.app, self.drafts.drafts(self.app)).still_of(draft)

    def done(self, visitor: Visitor, toast: Toast | str, address: str) -> Response:
        """Answer a change: redirect to `address`, and show the toast there."""
        told = toast if isinstance(toast, Toast) else Toast(toast)
        self.app.sessions.leave_toast(visitor, str(told))
        return RedirectResponse(address, 303)


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    parts.take_keys()
    return parts


Use = Annotated[Parts, Depends(_parts)]


@dataclass(frozen=True, slots=True)
class AddressValues:
    """Values in the address of a page, such as its filters."""

    @classmethod
    def read(cls, query: str) -> Self:
        """The values in a query string that this page knows."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in parse_qsl(query) if name in known})

    def query(self, **more: object) -> str:
        """The query string, with some values changed, and without defaults."""
        defaults = {one.name: one.default for one in fields(self)}
        values = {**asdict(self), **more}
        return urlencode(
            {n: value for n, value in values.items() if value not in ("", defaults[n])}
        )


def post_address(post: str, subpage: str = "") -> str:
    """The path of a post's page, or of a subpage such as `edit`."""
    path = f"/posts/{quote(post)}"
    return f"{path}/{subpage}" if subpage else path


def person_address(name: str) -> str:
    """The path of a person's page."""
    return f"/people/{quote(name, safe='')}"


def inside(address: str, otherwise: str = "/") -> str:
    """An address of these pages, or `otherwise`: prevents open redirects."""
    plain = address.startswith("/") and not address.startswith(("//", "/\\", "/login"))
    return address if plain and address.isprintable() else otherwise


class PostRoute(APIRoute):
    """Route of a post's subpage, `/posts/ID/edit`: unless only a post of that whole name exists."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        if match is Match.NONE:
            return match, found
        parts: Parts = scope["app"].state.parts
        post, name = found["path_params"].get("post"), self.path.rpartition("/")[2]
        if post and _has_draft(parts, f"{post}/{name}") and not _has_draft(parts, post):
            return Match.NONE, {}
        return match, found


def _has_draft(parts: Parts, post: str) -> bool:
    return os.path.isfile(parts.app.settings.posts / f"{post}.md")  # noqa: PTH113 - it raises nothing
