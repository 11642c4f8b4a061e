"""Unread drafts: what a program wrote, and no person has read whole since.

The mark is in the ledger, where no program can take it away, and knows a draft by its name and by
its bytes: one that was renamed or copied keeps it. While it is there, `queue` leaves the draft out
(see `planning/unread.py`); a program may still ask for an approval, by which a person reads it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, or_, select, update

from publisher.ledger import token_bounds
from publisher.ledger.integrity.chain_links import file_of
from publisher.ledger.tables import about, deliveries, history, unread_drafts
from publisher.model.events import Event, by_program
from publisher.model.states import State

_READING = frozenset({Event.DRAFT_MADE, Event.DRAFT_EDITED, Event.DRAFT_READ})
"""Changes for which a person has had the whole draft before them."""
_WRITING = (Event.DRAFT_MADE, Event.DRAFT_EDITED, Event.DRAFT_MOVED)
_QUEUEING = (Event.QUEUED, Event.QUEUED_AGAIN)


@dataclass(frozen=True, slots=True)
class UnreadDraft:
    """A draft as a program left it."""

    post: str
    digest: str
    """SHA-256 of its file, in hexadecimal."""
    person: str
    at: datetime
    program: str = ""

    @property
    def by(self) -> str:
        """Who wrote it, for people."""
        return by_program(self.person, self.program)


def all_unread(connection: Connection) -> list[UnreadDraft]:
    """All of them, by name."""
    columns = unread_drafts.c
    query = select(columns.post, columns.digest, columns.person, columns.at, columns.program)
    return [UnreadDraft(*row) for row in connection.execute(query.order_by(columns.post))]


def is_unread(connection: Connection, post: str, digest: str) -> bool:
    """Whether the post's draft, or a file with these bytes, is unread."""
    return bool(connection.execute(select(exists().where(_known(post, digest)))).scalar())


def is_any_changed(
    connection: Connection, posts: Collection[str], known: Collection[UnreadDraft]
) -> bool:
    """Whether a program has changed one of these posts' drafts since these marks were `known`.

    For whoever holds the turn of `queue`, as a program does that changes a draft.
    """
    return any(one.post in posts and one not in known for one in all_unread(connection))


def follow(connection: Connection, event: Event, draft: UnreadDraft) -> None:
    """Mark a draft that a program changed, or take the mark away where a person read it.

    What a program deletes stays marked: git may bring it back.
    """
    columns, program = unread_drafts.c, token_bounds.program()
    if program and event is not Event.DRAFT_DELETED:
        connection.execute(delete(unread_drafts).where(columns.post == draft.post))
        row = {"post": draft.post, "digest": draft.digest, "person": draft.person, "at": draft.at}
        connection.execute(insert(unread_drafts).values(**row, program=program))
    elif not program and event is Event.DRAFT_MOVED:
        moved = update(unread_drafts).where(columns.post == draft.post)
        connection.execute(moved.values(digest=draft.digest))
    elif not program and event is Event.DRAFT_DELETED:  # its copies stay unread
        connection.execute(delete(unread_drafts).where(columns.post == draft.post))
    elif not program and event in _READING:
        connection.execute(delete(unread_drafts).where(_known(draft.post, draft.digest)))


def follow_approval(connection: Connection, post: str) -> None:
    """Take the mark away if people have approved all that a program asked them to, as it wrote it.

    Not if it has changed the draft since it asked: the approval is of the words before.
    """
    columns, steps = unread_drafts.c, history.c
    if not connection.execute(select(exists().where(columns.post == post))).scalar():
        return
    of_post = deliveries.c.post == post
    waits = select(exists().where(of_post, deliveries.c.state == State.AWAITING_APPROVAL))
    last = select(func.coalesce(func.max(steps.id), 0))
    written = last.where(about(file_of(post)), steps.event.in_(_WRITING))
    asked = last.where(
        steps.delivery.in_(select(deliveries.c.id).where(of_post)), steps.event.in_(_QUEUEING)
    )
    if not connection.execute(waits).scalar() and (
        connection.execute(asked).scalar_one() > connection.execute(written).scalar_one()
    ):
        connection.execute(delete(unread_drafts).where(columns.post == post))


def _known(post: str, digest: str) -> ColumnElement[bool]:
    return or_(unread_drafts.c.post == post, unread_drafts.c.digest == digest)
