"""Cache of queued posts that differ from their drafts, for the dashboard."""

import threading
import time
from collections.abc import Sequence
from itertools import groupby

from publisher.app import Application
from publisher.base.errors import PublisherError
from publisher.drafts.draft_files import COMPARED, newest_change
from publisher.planning import PlannedChange

_REST = 10
"""An open page asks after each event. Comparing takes at most about one tenth of the time."""

_Post = Sequence[PlannedChange]


class DraftDifferences:
    """The last result, valid until drafts or ledger change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: object = None
        self._found: Sequence[_Post] = ()
        self._rests_until = 0.0

    def posts(self, app: Application) -> Sequence[_Post] | None:
        """The changes of each queued post; None if too many drafts would have to be read."""
        number, youngest = newest_change(app.settings.posts)
        if number > COMPARED:
            return None
        state = app.queries.mark(), number, youngest
        with self._lock:
            begun = time.monotonic()
            if state == self._state or begun < self._rests_until:
                return self._found
            self._found, self._state = _compared(app), state
            ended = time.monotonic()
            self._rests_until = ended + _REST * (ended - begun)
            return self._found


def _compared(app: Application) -> Sequence[_Post]:
    try:
        changes = app.planner.plan().changes
    except PublisherError:  # problems of drafts are shown on the drafts' pages
        return ()
    queued = sorted((c for c in changes if c.delivery), key=lambda change: change.post)
    return [list(of_post) for _, of_post in groupby(queued, lambda change: change.post)]
