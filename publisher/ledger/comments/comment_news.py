"""News of readers' comments that call for somebody, until somebody has dealt with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from publisher.base.stored_messages import told
from publisher.ledger.tables import comment_readings, history, reader_comments
from publisher.model.events import Event
from publisher.model.reader_comments import CommentState


@dataclass(frozen=True, slots=True)
class CommentNews:
    """Comments that call for somebody. Nothing of their text, which may name a child."""

    step: int
    account: str
    post: str | None
    number: int
    at: datetime
    trouble: str = ""
    """Why the answers of the account are not read as they should be, if that is the news."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A comment that was handed to a person."""

    step: int
    account: str
    post: str | None
    to: str
    by: str
    at: datetime


def handed_over(connection: Connection, since: datetime) -> Iterator[HandedOver]:
    """Those that were handed over since then, and still are."""
    columns = reader_comments.c
    query = (
        select(
            history.c.id, history.c.at, history.c.actor,
            columns.account, columns.post, columns.handed_to,
        )
        .join(history, history.c.id == columns.alarm_step)
        .where(
            # What was hidden meanwhile is theirs to follow all the same.
            columns.handed_to.is_not(None),
            columns.state.not_in([CommentState.SEEN, CommentState.ANSWERED]),
            history.c.event == Event.ANSWER_HANDED_ON,
            history.c.at >= since,
        )
        .order_by(history.c.id)
    )  # fmt: skip
    for row in connection.execute(query):
        yield HandedOver(row.id, row.account, row.post, row.handed_to, row.actor, row.at)


def of_comments(connection: Connection, is_news: ColumnElement[bool]) -> Iterator[CommentNews]:
    """Those that are open, by the step of the history with which they were found."""
    columns = reader_comments.c
    query = (
        select(
            history.c.id, history.c.at, columns.account, columns.post, func.count().label("number")
        )
        .join(history, history.c.id == columns.alarm_step)
        # As the first column of the index has it, of which few rows are so.
        .where(columns.urgency == literal_column("2"), is_news)
        .group_by(history.c.id, history.c.at, columns.account, columns.post)
        .order_by(history.c.id)
    )
    for row in connection.execute(query):
        yield CommentNews(row.id, row.account, row.post, row.number, row.at)
    yield from _unread(connection, is_news)


def _unread(connection: Connection, is_news: ColumnElement[bool]) -> Iterator[CommentNews]:
    """Accounts whose answers are not read, until they are again."""
    columns = comment_readings.c
    query = (
        select(history.c.id, history.c.at, columns.account, func.max(columns.trouble).label("why"))
        .join(history, history.c.id == columns.trouble_step)
        .where(columns.trouble_step.is_not(None), is_news)
        .group_by(history.c.id, history.c.at, columns.account)
        .order_by(history.c.id)
    )
    for row in connection.execute(query):
        yield CommentNews(row.id, row.account, None, 0, row.at, told(row.why) or "")
