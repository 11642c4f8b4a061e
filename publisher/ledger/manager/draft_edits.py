"""Who changed which draft on the web pages: steps about a file, in a chain of its own.

Such a step stands in the history like one about an account, under the file's name: a draft need
not be queued to be edited, and no account's name holds a slash.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select

from publisher.base.clock import Clock
from publisher.base.text import same_person
from publisher.ledger.database import Database
from publisher.ledger.manager.rights import EVERYBODY, Rank, Rights
from publisher.ledger.tables import history
from publisher.ledger.transitions import note, step
from publisher.model.events import Event

REWORDED, MOVED = Event.DRAFT_EDITED, Event.DRAFT_MOVED
PICTURE_ADDED, PICTURE_EDITED, PICTURE_REMOVED = (
    Event.PICTURE_ADDED,
    Event.PICTURE_EDITED,
    Event.PICTURE_REMOVED,
)
_WRITING = (REWORDED, PICTURE_ADDED, PICTURE_EDITED, PICTURE_REMOVED)
"""What makes somebody an author."""


def about_draft(post: str) -> ColumnElement[bool]:
    """Steps about a post's draft."""
    return and_(history.c.delivery.is_(None), history.c.account == _file_of(post))


def writers(connection: Connection, posts: Collection[str]) -> set[str]:
    """Who has changed the words or pictures of these posts' drafts on the web pages."""
    query = select(history.c.actor).where(
        history.c.delivery.is_(None),
        history.c.account.in_([_file_of(post) for post in posts]),
        history.c.event.in_(_WRITING),
    )
    return set(connection.execute(query).scalars())


def writers_of(connection: Connection, posts: Collection[str]) -> dict[str, list[str]]:
    """The same by post, in the order in which they first did; only posts that anybody changed."""
    ids = {_file_of(post): post for post in posts}
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


class Edits:
    """Keeps the record of what is done to drafts."""

    def __init__(self, database: Database, clock: Clock, rights: Rights = EVERYBODY) -> None:
        self._database = database
        self._clock = clock
        self._rights = rights

    @contextmanager
    def recorded(
        self,
        post: str,
        event: Event,
        detail: Mapping[str, Any],
        actor: str,
        accounts: Collection[str],
    ) -> Iterator[None]:
        """Note that a draft is changed in this block; nothing is noted when the block raises.

        `accounts` are those that the draft goes to. NotPermitted where `actor` may not do this.
        """
        with self._database.write() as connection:
            self._require(connection, event, actor, accounts)
            now = self._clock.now()
            entry = step(None, event, now, actor, detail=detail, account=_file_of(post))
            note(connection, [entry])
            yield

    def require(self, event: Event, actor: str, accounts: Collection[str]) -> None:
        """NotPermitted where `actor` may not do this to a draft that goes to these accounts."""
        with self._database.read() as connection:
            self._require(connection, event, actor, accounts)

    def _require(
        self, connection: Connection, event: Event, actor: str, accounts: Collection[str]
    ) -> None:
        if event in _WRITING:
            self._rights.require_writing(connection, actor, accounts)
        else:
            self._rights.require(connection, actor, Rank.STAFF, accounts)


def _file_of(post: str) -> str:
    return f"posts/{post}.md"
