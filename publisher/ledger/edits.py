"""Who changed which draft on the web pages: steps about a file, in a chain of its own.

Such a step stands in the history like one about an account, under the file's name: a draft need
not be queued to be edited, and no account's name holds a slash.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select

from publisher.clock import Clock
from publisher.ledger.database import Database
from publisher.ledger.moves import note, step
from publisher.ledger.tables import history

REWORDED, MOVED = "draft edited", "draft moved"
PICTURE_ADDED, PICTURE_EDITED, PICTURE_REMOVED = (
    "picture added",
    "picture edited",
    "picture removed",
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


class Edits:
    """Keeps the record of what is done to drafts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @contextmanager
    def recorded(
        self, post: str, event: str, detail: Mapping[str, Any], actor: str
    ) -> Iterator[None]:
        """Note that a draft is changed in this block; nothing is noted when the block raises."""
        with self._database.write() as connection:
            now = self._clock.now()
            entry = step(None, event, now, actor, detail=detail, account=_file_of(post))
            note(connection, [entry])
            yield


def _file_of(post: str) -> str:
    return f"posts/{post}.md"
