"""News of readers' comments that call for somebody, until somebody has dealt with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from publisher.ledger.tables import history, reader_comments


@dataclass(frozen=True, slots=True)
class CommentNews:
    """Comments that call for somebody. Nothing of their text, which may name a child."""

    step: int
    account: str
    post: str | None
    number: int
    at: datetime


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
