"""Answers to readers in the ledger: whether one may go out now, and what its comment becomes then.

An answer stands on its own once its intent is on record: a comment that is hidden after that was
answered first. So no lock is needed, unlike for corrections.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from publisher.base.i18n import _
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import about, deliveries, history, may_be_kept, reader_comments
from publisher.model import alarms
from publisher.model.alarms import CALLED
from publisher.model.content import Target
from publisher.model.deliveries import Delivery
from publisher.model.reader_comments import PRIVATE, CommentState
from publisher.model.states import State

_HIDDEN = frozenset({CommentState.HIDING, CommentState.HIDDEN})
_DELETED = frozenset({CommentState.DELETING, CommentState.DELETED})
_MAY_BE_ANSWERED = frozenset({CommentState.NEW, CommentState.SEEN, CommentState.HANDED})

_PARTS = re.compile(r"[A-Za-z0-9]+")
"""Parts of an id or an address."""


@dataclass(frozen=True, slots=True)
class AnsweredComment:
    """A reader's comment, as far as an answer to it depends on it. Its words are foreign."""

    id: str
    """At the platform."""
    author: str
    text: str
    url: str
    written_at: datetime
    obstacle: str | None
    """Why no answer goes out now, with what to do."""


def find(connection: Connection, account: str, named: str, now: datetime) -> AnsweredComment | None:
    """The comment to an account with this id or address; None if none is stored.

    An id before an address: what a reader's address says is the platform's affair. None also if
    several have the address: nobody knows which is meant.
    """
    table = reader_comments.c
    query = select(reader_comments).where(
        table.account == account,
        or_(table.remote_id == named, table.url == named),
        may_be_kept(now),
    )
    rows = connection.execute(query).all()
    row = next((one for one in rows if one.remote_id == named), rows[0] if len(rows) == 1 else None)
    if row is None or not named:
        return None
    return AnsweredComment(
        id=row.remote_id,
        author=row.author,
        text=row.text,
        url=row.url,
        written_at=row.written_at,
        obstacle=_obstacle(connection, account, row),
    )


def obstacle(connection: Connection, account: str, comment: str, now: datetime) -> str | None:
    """Why a comment cannot be answered now, with what to do; None if it can."""
    query = select(reader_comments).where(
        reader_comments.c.account == account,
        reader_comments.c.remote_id == comment,
        may_be_kept(now),
    )
    row = connection.execute(query).first()
    if row is None:
        return _(
            "The reader's comment is no longer here: it was deleted on its platform, or is older "
            "than the settings allow Publisher to keep it. Nothing is sent. Cancel this; if the "
            "comment is still there, answer it on its platform."
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


def is_its_comment(connection: Connection, delivery: Delivery, remote_id: str) -> bool:
    """Whether an id is that of the comment that a delivery answers: also a part of its id or of
    its address, which people copy.
    """
    if delivery.answers is None:
        return False
    table = reader_comments.c
    query = select(table.url).where(
        table.account == delivery.account, table.remote_id == delivery.answers
    )
    names = (delivery.answers, connection.execute(query).scalar() or "")
    return any(remote_id in (name, *_PARTS.findall(name)) for name in names)


def follow(connection: Connection, before: Delivery, after: Delivery, by: str, at: datetime) -> Any:
    """Have the comment follow a change of an answer to it: answered once it is out, and open again
    when it is withdrawn, unless another answer to it is out.

    Returns the row of a comment that is as it should be now, with its new state; None if there is
    none, or it was hidden or deleted meanwhile.
    """
    if after.answers is None or after.state is before.state:
        return None
    if after.state is State.PUBLISHED:
        by, given = after.approved_by or after.written_by or by, {"urgency": 0, "trouble": None}
        return _change(connection, after, _MAY_BE_ANSWERED, CommentState.ANSWERED, by, at, given)
    if after.state is not State.WITHDRAWN or _is_answered(connection, after):
        return None
    row = _change(connection, after, {CommentState.ANSWERED}, CommentState.NEW, by, at, {})
    if row is not None:
        its = update(reader_comments).where(reader_comments.c.id == row.id)
        connection.execute(its.values(urgency=alarms.urgency_of(alarms.of_json(row.signs))))
    return row


def call(connection: Connection, comment: int, chain: str) -> None:
    """Call somebody with the last step of this chain, if the comment calls for somebody."""
    step = select(func.max(history.c.id)).where(about(chain)).scalar_subquery()
    its = update(reader_comments).where(
        reader_comments.c.id == comment, reader_comments.c.urgency == CALLED
    )
    connection.execute(its.values(alarm_step=step))


def _is_answered(connection: Connection, besides: Delivery) -> bool:
    query = select(deliveries.c.id).where(
        deliveries.c.account == besides.account,
        deliveries.c.answers == besides.answers,
        deliveries.c.state == State.PUBLISHED,
        deliveries.c.id != besides.id,
    )
    return connection.execute(query).first() is not None


def _change(
    connection: Connection,
    answer: Delivery,
    source: Collection[CommentState],
    target: CommentState,
    by: str | None,
    at: datetime,
    values: Mapping[str, Any],
) -> Any:
    table = reader_comments.c
    its = update(reader_comments).where(
        table.account == answer.account,
        table.remote_id == answer.answers,
        table.state.in_(sorted(source)),
    )
    changed = its.values(state=target, changed_by=by, changed_at=at, **values)
    return connection.execute(
        changed.returning(table.id, table.post, table.state, table.signs)
    ).first()


def _obstacle(connection: Connection, account: str, row: Any) -> str | None:
    if alarms.is_private(alarms.of_json(row.signs)):
        return _(PRIVATE)
    if row.state in _DELETED:
        return _("We deleted the reader's comment. Nothing is sent. Cancel this.")
    if row.state in _HIDDEN:
        return _(
            "The reader's comment is hidden. Nothing is sent: people who cannot see the comment "
            "would not understand the answer. Cancel this, or show the comment again on its "
            "platform and answer it there."
        )
    if row.post is None:
        return None
    query = select(deliveries.c.state, deliveries.c.withdrawn_ids).where(
        deliveries.c.post == row.post, deliveries.c.account == account
    )
    post = connection.execute(query).first()
    if post is not None and (post.state == State.WITHDRAWN or post.withdrawn_ids is not None):
        return _(
            "{post}, below which the reader wrote, is withdrawn, or someone has begun to "
            "withdraw it. Nothing is sent. Cancel this.",
            post=row.post,
        )
    return None
