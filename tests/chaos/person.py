"""The person who looks after a run: resumes accounts, and queues again what was held."""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from publisher.app import Application
from publisher.base.errors import LedgerUnavailable, NotPossible
from publisher.model.states import State
from tests.chaos import drafts

_BETWEEN = 1.0  # seconds between two looks
_SOON = timedelta(seconds=2)
_NAME = "the person"


class Person:
    """Looks once a second, and does what messages ask for."""

    def __init__(self, app: Application, posts: Path) -> None:
        self._app, self._posts = app, posts
        self._next_look = 0.0

    def look(self) -> None:
        """Do what there is to do; to be called all the time."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _BETWEEN
        with suppress(LedgerUnavailable, NotPossible):
            self._resume_accounts()
            self._queue_corrections()

    def _resume_accounts(self) -> None:
        for status in self._app.queries.accounts():
            if status.needs_person:
                self._app.control.resume(status.account, _NAME)

    def _queue_corrections(self) -> None:
        """Queue corrections again that were held until what they correct is out, and now it is."""
        for held in self._app.queries.deliveries(state=State.HELD):
            originals = self._app.queries.deliveries(post=held.corrects, account=held.account)
            if any(one.state is State.PUBLISHED for one in originals):
                draft = self._posts / f"{held.post}.md"
                drafts.put_off(draft, datetime.now(UTC) + _SOON)
                self._app.planner.queue([draft], actor=_NAME)
                return  # one at a look: its draft may be that of other accounts, too
