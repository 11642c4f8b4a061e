"""Edits of drafts on the web pages: who changed which file, as steps in a chain per file.

In the history such a step looks like one about an account, with the file's name: a draft can be
edited before it is queued, and no account's name contains a slash.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from publisher.base.text import same_person
from publisher.ledger.database import Turn
from publisher.ledger.manager.commands import Commands
from publisher.ledger.manager.rights import Rank
from publisher.ledger.tables import about, history
from publisher.ledger.transitions import note_account
from publisher.model.events import Event

REWORDED, MOVED = Event.DRAFT_EDITED, Event.DRAFT_MOVED
MADE, DELETED = Event.DRAFT_MADE, Event.DRAFT_DELETED
_WRITING = (
    MADE,
    REWORDED,
    # Of ledgers that an earlier version wrote:
    Event.PICTURE_ADDED,
    Event.PICTURE_EDITED,
    Event.PICTURE_REMOVED,
)
"""The events that make a person an author."""
_RECENT = 5_000
"""The newest steps of the history, among which a form that was sent before is looked for."""
_FOLDER, _ENDING = "posts/", ".md"


def about_draft(post: str) -> ColumnElement[bool]:
    """Steps about a post's draft, and the notes on the post."""
    return about(file_of(post))


def writers(connection: Connection, posts: Collection[str]) -> set[str]:
    """People who changed the text or pictures of these posts' drafts on the web pages."""
    return {name for names in writers_of(connection, posts).values() for name in names}


def writers_of(connection: Connection, posts: Collection[str]) -> dict[str, list[str]]:
    """`writers` by post, in the order of their first change; only posts that were changed."""
    ids = {file_of(post): post for post in posts}
    query = select(history.c.account, history.c.actor).where(
        history.c.delivery.is_(None),
        history.c.account.in_(ids),
        history.c.event.in_(_WRITING),
    )
    found: dict[str, list[str]] = {}
    for file, actor in connection.execute(query.order_by(history.c.id)):
        known = found.setdefault(ids[file], [])
        if not any(same_person(actor, one) for one in known):
            known.append(actor)
    return found


class MadeBefore(Exception):
    """The draft of a form is there already: the form was sent twice."""

    def __init__(self, post: str) -> None:
        super().__init__(post)
        self.post = post


class Edits(Commands):
    """Records edits of drafts, and checks the right to make them."""

    @contextmanager
    def recorded(
        self,
        post: str,
        event: Event,
        detail: Mapping[str, Any],
        actor: str,
        accounts: Collection[str],
    ) -> Iterator[None]:
        """Record that a draft is changed in this block; nothing is recorded when the block raises.

        `accounts` are those that the draft goes to. Raises NotPermitted when `actor` may not do
        this, and MadeBefore as `require_new`, of the `form` in the detail of a new draft.
        """
        with self._database.write() as connection:
            self._require(connection, event, actor, accounts)
            if event is MADE:
                self._database.take_turns(connection, Turn.DRAFTS)
                _require_new(connection, actor, detail.get("form"))
            note_account(connection, file_of(post), event, self._clock.now(), actor, detail)
            yield

    def require(self, event: Event, actor: str, accounts: Collection[str]) -> None:
        """Raise NotPermitted when `actor` may not do this to a draft for these accounts."""
        with self._database.read() as connection:
            self._require(connection, event, actor, accounts)

    def require_new(self, actor: str, form: str) -> None:
        """Raise MadeBefore if `actor` made a draft by the form with this fingerprint just now."""
        with self._database.read() as connection:
            _require_new(connection, actor, form)

    def _require(
        self, connection: Connection, event: Event, actor: str, accounts: Collection[str]
    ) -> None:
        if event in _WRITING:
            self._rights.require_writing(connection, actor, accounts)
        else:
            self._rights.require(connection, actor, Rank.STAFF, accounts)


def _require_new(connection: Connection, actor: str, form: str | None) -> None:
    if not form:
        return
    step, other = history.c, history.alias().c
    is_deleted = select(other.id).where(
        other.account == step.account, other.event == DELETED, other.id > step.id
    )
    query = select(step.account).where(
        step.id > select(func.max(other.id)).scalar_subquery() - _RECENT,
        step.event == MADE,
        step.actor == actor,
        step.detail.contains(form, autoescape=True),
        ~is_deleted.exists(),
    )
    if file := connection.execute(query.limit(1)).scalar():
        raise MadeBefore(post_of(file))


def file_of(post: str) -> str:
    """The `account` of the steps about a post's draft."""
    return f"{_FOLDER}{post}{_ENDING}"


def post_of(account: str) -> str:
    """The post of such an `account`."""
    return account.removeprefix(_FOLDER).removesuffix(_ENDING)
