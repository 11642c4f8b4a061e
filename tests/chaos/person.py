"""The person who looks after a run: resumes accounts, queues again what was held, and decides."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from publisher.app import Application
from publisher.base.errors import LedgerUnavailable, NotPossible
from publisher.ledger.transitions import Conflict
from publisher.model.deliveries import Delivery
from publisher.model.states import State
from tests.chaos import corrections, drafts
from tests.chaos.verdict import Post, public

_BETWEEN = 1.0  # seconds between two looks
_SOON = timedelta(seconds=2)
_NAME = "the person"


class Person:
    """Looks once a second, and does what messages ask for."""

    def __init__(self, app: Application, posts: Path, public: Callable[[], Sequence[Post]]) -> None:
        """`public`: what the platforms show."""
        self._app, self._posts, self._public = app, posts, public
        self._next_look = 0.0

    @property
    def is_asked(self) -> bool:
        """Whether anything waits for what a person says."""
        return any(map(_is_forgotten, self._app.queries.deliveries(state=State.UNCERTAIN)))

    def look(self) -> None:
        """Do what there is to do; to be called all the time."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _BETWEEN
        with suppress(LedgerUnavailable, NotPossible, Conflict):
            self._resume_accounts()
            self._queue_corrections()
            self._decide()

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

    def _decide(self) -> None:
        """Say of what the ledger has forgotten, and nobody finds, whether it is out.

        It was read twice by then, a minute apart: no request of it is under way any more.
        """
        deliveries = self._app.queries.deliveries()
        asked = [one for one in deliveries if _is_forgotten(one)]
        shown = list(filter(public, self._public())) if asked else []
        originals = {(one.post, one.account): one for one in deliveries}
        for one in asked:
            ids = _next_ids(one, originals.get((one.corrects or "", one.account)), shown)
            with suppress(NotPossible, Conflict):
                if ids:
                    self._app.control.resolve(one.post, one.account, ids, _NAME)
                else:
                    self._app.control.retry(one.post, one.account, _NAME)


def _is_forgotten(delivery: Delivery) -> bool:
    """Whether a ledger that was set back left it to a person."""
    is_left = delivery.state is State.UNCERTAIN and delivery.settled_at is None
    return is_left and delivery.intent_at is None and delivery.doubt_since is not None


def _next_ids(
    delivery: Delivery, original: Delivery | None, shown: Sequence[Post]
) -> tuple[str, ...]:
    """The ids of its next parts, as somebody sees them who looks at the account."""
    if delivery.content.edits:
        named = original.remote_ids[:1] if original else ()
        words = delivery.content.parts[0].text
        return tuple(post["id"] for post in shown if post["id"] in named and post["text"] == words)
    ids: list[str] = []
    parent = next(reversed(delivery.remote_ids), corrections.above(delivery, original))
    for part in delivery.content.parts[len(delivery.remote_ids) :]:
        seen = (delivery.account, part.text, parent)
        found = [p for p in shown if (p["account"], p["text"], p["in_reply_to"]) == seen]
        if not found:
            break
        ids.append(parent := found[0]["id"])
    return tuple(ids)
