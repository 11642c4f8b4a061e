"""Queries for the news of single people: what happened of which a person may have to be told."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal_column, or_, select

from publisher.ledger.comments.comment_news import handed_over, of_comments
from publisher.ledger.integrity.chain_links import post_of
from publisher.ledger.news.notice_addresses import NoticeAddress, Topic, due_service
from publisher.ledger.news.outbox import stuck
from publisher.ledger.rows import chunks
from publisher.ledger.tables import deliveries, history, not_before, notices, written
from publisher.ledger.transitions import ACTOR
from publisher.model.events import Event
from publisher.model.states import State

# As in the partial index, which the planner does not find for bound values.
_TOLD: ColumnElement[bool] = literal_column("history.event IN ('approved', 'note added')")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened, of which it is still open who is told."""

    topic: Topic
    step: int
    at: datetime
    actor: str
    post: str
    account: str | None = None
    delivery: tuple[int, int] = (0, 0)
    """Its id and version."""
    due_at: datetime | None = None
    state: State | None = None
    is_partly_out: bool = False
    """Whether a part of what is in trouble is out."""
    mentions: Sequence[str] = ()


_COLUMNS = (
    deliveries.c.id,
    deliveries.c.version,
    deliveries.c.post,
    deliveries.c.account,
    deliveries.c.state,
    deliveries.c.remote_ids,
    not_before.label("due_at"),
    history.c.id.label("step"),
    history.c.at,
    history.c.actor,
)


def waiting(connection: Connection, settled: datetime) -> Iterator[Happening]:
    """Deliveries that wait for an approval, each with the step with which it began to."""
    later = history.alias()
    begun = (
        select(func.max(later.c.seq))
        .where(
            later.c.delivery == deliveries.c.id,
            later.c.target == State.AWAITING_APPROVAL,
            or_(later.c.source.is_(None), later.c.source != later.c.target),
            later.c.event != Event.APPROVAL_TAKEN_BACK,  # it waits as before
        )
        .scalar_subquery()
    )
    query = (
        select(*_COLUMNS)
        .join_from(
            deliveries,
            history,
            and_(history.c.delivery == deliveries.c.id, history.c.seq == begun),
        )
        .where(deliveries.c.state == written(State.AWAITING_APPROVAL), history.c.at <= settled)
    )
    return _read(connection, query, Topic.WAITS)


def approved(connection: Connection, since: datetime, until: datetime) -> Iterator[Happening]:
    """Deliveries that were approved in that time, and still are."""
    is_this = and_(history.c.delivery == deliveries.c.id, history.c.at == deliveries.c.approved_at)
    query = (
        select(*_COLUMNS)
        .join_from(history, deliveries, is_this)
        .where(
            _TOLD, history.c.event == Event.APPROVED, history.c.at >= since, history.c.at <= until
        )
    )
    return _read(connection, query, Topic.APPROVED)


def called(connection: Connection, since: datetime) -> Iterator[Happening]:
    """Readers' comments that call for somebody and are open, and those handed to a person."""
    for one in of_comments(connection, history.c.at >= since):
        post = one.post or ""
        yield Happening(Topic.COMMENTS, one.step, one.at, ACTOR, post, one.account)
    for handed in handed_over(connection, since):
        yield Happening(
            Topic.COMMENTS, handed.step, handed.at, handed.by, handed.post or "", handed.account,
            mentions=[handed.to],
        )  # fmt: skip


def noted(connection: Connection, since: datetime) -> Iterator[Happening]:
    columns = history.c
    query = select(columns.id, columns.at, columns.actor, columns.account, columns.detail).where(
        _TOLD, columns.event == Event.NOTED, columns.at >= since
    )
    for row in connection.execute(query):
        if mentions := json.loads(row.detail).get("mentions"):
            yield Happening(
                Topic.MENTIONED, row.id, row.at, row.actor, post_of(row.account), mentions=mentions
            )


def troubles(connection: Connection, since: datetime, settled: datetime) -> Iterator[Happening]:
    """Deliveries that failed, were missed, are uncertain, or were sent back since then.

    Those that were sent back after `settled` are left out.
    """
    query = stuck(history.c.at >= since).with_only_columns(*_COLUMNS)
    for one in _read(connection, query, Topic.TROUBLE):
        if one.state is State.REJECTED:
            if one.at <= settled:
                yield replace(one, topic=Topic.REJECTED, state=None)
        elif one.state in (State.FAILED, State.MISSED, State.UNCERTAIN):
            yield one


def _read(connection: Connection, query: Select[Any], topic: Topic) -> Iterator[Happening]:
    """The happenings of a query for `_COLUMNS`."""
    for row in connection.execute(query):
        yield Happening(
            topic=topic,
            step=row.step,
            at=row.at,
            actor=row.actor,
            post=row.post,
            account=row.account,
            delivery=(row.id, row.version),
            due_at=row.due_at,
            state=State(row.state) if topic is Topic.TROUBLE else None,
            is_partly_out=topic is Topic.TROUBLE and row.remote_ids != "[]",
        )


def told_by(
    connection: Connection, addresses: Sequence[NoticeAddress], steps: Sequence[int]
) -> Mapping[str, set[int]]:
    """Those of the steps that each service, by its name, has told."""
    names = [name for one in addresses for name in (one.service, due_service(one.service))]
    told: dict[str, set[int]] = {name: set() for name in names}
    for chunk in chunks(sorted({*steps})):
        query = select(notices.c.service, notices.c.step).where(
            notices.c.step.in_(chunk), notices.c.service.in_(names)
        )
        for row in connection.execute(query):
            told[row.service].add(row.step)
    return told
