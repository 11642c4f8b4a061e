"""Answers to readers in the ledger: whether one may go out now, and what its comment becomes then.

An answer stands on its own once its intent is on record: a comment that is hidden after that was
answered first. So no lock is needed, unlike for corrections.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, update

from publisher.base.i18n import _
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import deliveries, reader_comments
from publisher.model.content import Target
from publisher.model.deliveries import Delivery
from publisher.model.reader_comments import CommentState
from publisher.model.states import State

_HIDDEN = frozenset({CommentState.HIDING, CommentState.HIDDEN})
_DELETED = frozenset({CommentState.DELETING, CommentState.DELETED})
_MAY_BE_ANSWERED = frozenset({CommentState.NEW, CommentState.SEEN, CommentState.HANDED})


@dataclass(frozen=True, slots=True)
class AnsweredComment:
    """A reader's comment, as far as an answer to it depends on it. Its words are foreign."""

    number: int
    id: str
    """At the platform."""
    author: str
    text: str
    url: str
    post: str | None
    written_at: datetime
    is_private: bool
    obstacle: str | None
    """Why no answer goes out now, with what to do."""


def find(connection: Connection, account: str, named: str) -> AnsweredComment | None:
    """The comment to an account with this id or address; None if none is stored.

    An id before an address: what a reader's address says is the platform's affair. None also if
    several have the address: nobody knows which is meant.
    """
    table = reader_comments.c
    query = select(reader_comments).where(
        table.account == account, or_(table.remote_id == named, table.url == named)
    )
    rows = connection.execute(query).all()
    row = next((one for one in rows if one.remote_id == named), rows[0] if len(rows) == 1 else None)
    if row is None or not named:
        return None
    return AnsweredComment(
        number=row.id,
        id=row.remote_id,
        author=row.author,
        text=row.text,
        url=row.url,
        post=row.post,
        written_at=row.written_at,
        is_private=is_private(row.signs),
        obstacle=_obstacle(connection, account, row),
    )


def is_private(signs: str) -> bool:
    """Whether stored signs say that a comment is a message to us alone."""
    return '["private"' in signs


def obstacle(connection: Connection, account: str, comment: str) -> str | None:
    """Why a comment cannot be answered now, with what to do; None if it can."""
    query = select(reader_comments).where(
        reader_comments.c.account == account, reader_comments.c.remote_id == comment
    )
    row = connection.execute(query).first()
    if row is None:
        return _(
            "What the reader wrote is not here any more: it was deleted on its platform, or is older "
            "than the settings keep it. Nothing is sent. Cancel this; if it is still there, answer "
            "it on its platform."
        )
    return _obstacle(connection, account, row)


def target_of(comment: str) -> Target:
    """What an answer goes below."""
    return Target(remote_ids=(comment,), url=None)


def answers_of(
    connection: Connection, comments: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str], list[Delivery]]:
    """The answers to comments, by account and the comment's id; the earliest due comes first."""
    ids, wanted = sorted({comment for _account, comment in comments}), set(comments)
    query = select(deliveries).where(deliveries.c.answers.in_(ids))
    found: dict[tuple[str, str], list[Delivery]] = {}
    for one in sorted(deliveries_in(connection, query), key=lambda one: (one.due_at, one.id)):
        if one.answers and (one.account, one.answers) in wanted:
            found.setdefault((one.account, one.answers), []).append(one)
    return found


def mark_answered(connection: Connection, delivery: Delivery, at: datetime) -> Any:
    """Mark the comment that a delivery answers, which is out now, as answered.

    Returns its row; None if it is not here, or was hidden or deleted meanwhile.
    """
    table = reader_comments.c
    return connection.execute(
        update(reader_comments)
        .where(
            table.account == delivery.account,
            table.remote_id == delivery.answers,
            table.state.in_(sorted(_MAY_BE_ANSWERED)),
        )
        .values(
            state=CommentState.ANSWERED,
            urgency=0,
            changed_by=delivery.approved_by or delivery.queued_by,
            changed_at=at,
            trouble=None,
        )
        .returning(table.post)
    ).first()


def _obstacle(connection: Connection, account: str, row: Any) -> str | None:
    if is_private(row.signs):
        return _(
            "It is a private message: Publisher answers in public alone. Answer it on its platform, "
            "and cancel this."
        )
    if row.state in _DELETED:
        return _("What the reader wrote was deleted by us. Nothing is sent. Cancel this.")
    if row.state in _HIDDEN:
        return _(
            "What the reader wrote is hidden. Nothing is sent: who cannot see it would not "
            "understand the answer. Cancel this, or show it again on its platform and answer it "
            "there."
        )
    if row.post is None:
        return None
    query = select(deliveries.c.state, deliveries.c.withdrawn_ids).where(
        deliveries.c.post == row.post, deliveries.c.account == account
    )
    post = connection.execute(query).first()
    if post is not None and (post.state == State.WITHDRAWN or post.withdrawn_ids is not None):
        return _(
            "{post}, below which the reader wrote, is withdrawn, or somebody has begun to. Nothing "
            "is sent. Cancel this.",
            post=row.post,
        )
    return None
