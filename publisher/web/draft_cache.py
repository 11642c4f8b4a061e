"""Cache of the parsed drafts, for pages that look at all of them."""

import threading
import time
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
                hint = _("Wait half a minute, and try again. Publishing goes on meanwhile.")
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
