"""Drafts in the memory of the pages: the parsed ones, and who has which open."""

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from publisher.app import Application
from publisher.base.errors import Busy
from publisher.base.i18n import _
from publisher.drafts import check
from publisher.drafts.consents import Consents
from publisher.drafts.draft_files import newest_change
from publisher.drafts.picture_consents import PictureConsents
from publisher.drafts.session import Session
from publisher.model.posts import Post

_GRAIN = 2.0
"""Seconds: a file that is newer may change again without a change of its timestamps."""
_FADES = 300.0
"""Real seconds after which somebody is not there any more: an open page asks every 30."""
_WAIT = 5.0
"""Seconds that a page waits while another one reads the drafts; each keeps one of few threads."""


@dataclass(frozen=True, slots=True)
class KnownDrafts:
    """The drafts as they were read last, without their problems, which are in one language."""

    session: Session
    posts: Mapping[str, Post]
    """By id."""
    broken: Collection[str]
    """Ids of the drafts with errors."""
    consents: Consents
    said: PictureConsents
    """What is said of the people in each picture."""


class DraftCache:
    """The parsed drafts, valid until a file under posts/ changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: object = None
        self._found: KnownDrafts | None = None

    def drafts(self, app: Application) -> KnownDrafts:
        """The drafts as their files are now; as they were, while another page reads them slowly.

        Raises Busy if they were never read.
        """
        state = _state, youngest = newest_change(app.settings.posts)
        if not self._lock.acquire(timeout=_WAIT):
            if self._found is None:
                hint = _("Wait half a minute, and try again. Publishing continues in the meantime.")
                raise Busy(_("Other drafts are being checked."), hint=hint)
            return self._found
        try:
            if self._found is None or state != self._state:
                is_settled = youngest < time.time() - _GRAIN
                recorded = app.queries.picture_consents()
                read = app.checks.read(app.settings, recorded=recorded)
                self._found = KnownDrafts(
                    read.session,
                    {post.id: post for post in read.posts},
                    read.broken,
                    read.consents,
                    check.said(app.settings, recorded=recorded),
                )
                self._state = state if is_settled else None
            return self._found
        finally:
            self._lock.release()


class Presence:
    """The people who have a draft open, by post, so that two in one draft see each other.

    Kept in the memory of one process of the pages: it helps people, and protects nothing. What is
    saved over a newer version is merged (see compose_merge.py), whoever was seen.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: defaultdict[str, dict[str, float]] = defaultdict(dict)

    def others(self, post: str, person: str) -> list[str]:
        """Note that the person has the draft open; who else has it."""
        now = time.monotonic()
        with self._lock:
            here = {**self._seen[post], person: now}
            self._seen[post] = {name: at for name, at in here.items() if now - at < _FADES}
            return sorted(name for name in self._seen[post] if name != person)

    def leave(self, post: str, person: str) -> None:
        """Note that the person saved it, and has gone."""
        with self._lock:
            self._seen[post].pop(person, None)
            if not self._seen[post]:
                del self._seen[post]
