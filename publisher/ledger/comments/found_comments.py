"""Comments found: storing what a reading found, each comment once, with what calls for somebody."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from publisher.ledger.comments.comment_wishes import noted
from publisher.ledger.database import Database
from publisher.ledger.rows import chunks
from publisher.ledger.tables import deliveries, ids_out, reader_comments
from publisher.model import alarms
from publisher.model.alarms import CALLED, Sign
from publisher.model.events import Event
from publisher.model.reader_comments import CommentState, ReaderComment, kept_text


def store(
    database: Database,
    connection: Connection,
    account: str,
    comments: Sequence[ReaderComment],
    judged: Mapping[str, Sequence[Sign]],
    now: datetime,
    keep_until: datetime | None = None,
) -> int:
    """Store those that are new; returns how many of them call for somebody.

    `judged`: the signs of each that was unknown, by its id. `keep_until`: until
    when their platform's terms let them be kept; None: they name no time.
    """
    new = [one for one in unknown(connection, account, comments) if one.id in judged]
    posts = _posts_of(connection, account, [one.under for one in new])
    rows = [
        {
            **_row(account, one, posts.get(one.under), judged[one.id], now),
            "keep_until": keep_until,
        }
        for one in new
    ]
    return _insert(database, connection, account, rows, now)


def unknown(
    connection: Connection,
    account: str,
    comments: Sequence[ReaderComment],
) -> list[ReaderComment]:
    """Those that are not known yet, each once."""
    wanted = {one.id: one for one in comments}
    known: set[str] = set()
    for chunk in chunks(sorted(wanted)):
        query = select(reader_comments.c.remote_id).where(
            reader_comments.c.account == account, reader_comments.c.remote_id.in_(chunk)
        )
        known |= set(connection.execute(query).scalars())
    # What we wrote ourselves, as a thread's next part, is no comment.
    own = _posts_of(connection, account, sorted(wanted))
    return [one for key, one in wanted.items() if key not in known and key not in own]


def _insert(
    database: Database,
    connection: Connection,
    account: str,
    rows: list[dict[str, Any]],
    now: datetime,
) -> int:
    """Insert rows; what calls for somebody is one step of the history for each post."""
    if not rows:
        return 0
    calling = [row for row in rows if row["urgency"] == CALLED]
    for post in dict.fromkeys(row["post"] for row in calling):
        its = [row for row in calling if row["post"] == post]
        step = noted(
            connection, account, post, Event.ANSWERS_CALL_FOR_SOMEBODY, now,
            {"account": account, "number": len(its)},
        )  # fmt: skip
        for row in its:
            row["alarm_step"] = step
    database.insert_missing(connection, reader_comments, rows)
    return len(calling)


def _row(
    account: str, comment: ReaderComment, post: str | None, found: Sequence[Sign], now: datetime
) -> dict[str, Any]:
    urgency = alarms.urgency_of(found)
    return {
        "account": account,
        "remote_id": comment.id,
        "post": post,
        "author": comment.author,
        "text": kept_text(comment.text),
        "url": comment.url,
        "written_at": comment.written_at,
        "read_at": now,
        "signs": alarms.as_json(found),
        # Also of what its platform hid: a disclosure can be among it.
        "urgency": urgency if urgency == CALLED or not comment.is_hidden else 0,
        "alarm_step": None,
        "state": CommentState.HIDDEN if comment.is_hidden else CommentState.NEW,
        "checked_at": now,
    }


def _posts_of(connection: Connection, account: str, remote_ids: Sequence[str]) -> Mapping[str, str]:
    """Our posts, by those of the platform's ids that are theirs."""
    return dict(_posts(connection, account, sorted({*remote_ids} - {""})))


def _posts(
    connection: Connection, account: str, remote_ids: Sequence[str]
) -> Iterator[tuple[str, str]]:
    for chunk in chunks(remote_ids):
        query = (
            select(ids_out.c.remote_id, deliveries.c.post)
            .join(deliveries, deliveries.c.id == ids_out.c.delivery)
            .where(ids_out.c.account == account, ids_out.c.remote_id.in_(chunk))
        )
        yield from ((row.remote_id, row.post) for row in connection.execute(query))
