"""Authors of a delivery: none of them may approve it."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from publisher.ledger.manager.draft_edits import writers_of
from publisher.ledger.rows import chunks
from publisher.ledger.tables import deliveries, history, written_by
from publisher.model.deliveries import Delivery
from publisher.model.events import Event

AUTHOR = "author"
"""In a step's detail: who queued a text whose draft names no author."""
_QUEUEING = (Event.QUEUED, Event.QUEUED_AGAIN)
_COLUMNS = (
    deliveries.c.id,
    deliveries.c.post,
    deliveries.c.account,
    deliveries.c.fingerprint,
    written_by,
)


def authors(connection: Connection, delivery: Delivery) -> set[str]:
    """Everyone who wrote its post, or one that has the same text for the same account.

    A file that gets another name is another post with the same text: its earlier authors remain
    authors.
    """
    return authors_of(connection, [delivery.id])[delivery.id]


def authors_of(connection: Connection, ids: Collection[int]) -> dict[int, set[str]]:
    """The `authors` of many deliveries, by their ids."""
    asked = _rows(connection, deliveries.c.id, ids)
    of_posts = _rows(connection, deliveries.c.post, {row.post for row in asked})
    alike = _rows(connection, deliveries.c.fingerprint, {row.fingerprint for row in asked})
    by_post, by_text = defaultdict(list), defaultdict(list)
    for row in of_posts:
        by_post[row.post].append(row)
    for row in alike:
        by_text[row.account, row.fingerprint].append(row)
    known = {row.id: row for row in [*of_posts, *alike]}
    on_the_pages: dict[str, list[str]] = {}
    for chunk in chunks(sorted({row.post for row in known.values()})):
        on_the_pages |= writers_of(connection, chunk)
    queued = _queued_words(connection, sorted(known))
    return {
        row.id: {
            name
            for other in (*by_post[row.post], *by_text[row.account, row.fingerprint])
            for name in (
                *([other.written_by] if other.written_by else ()),
                *on_the_pages.get(other.post, ()),
                *queued[other.id],
            )
        }
        for row in asked
    }


def _rows(connection: Connection, column: ColumnElement[Any], values: Collection[Any]) -> list[Any]:
    return [
        row
        for chunk in chunks(sorted(values))
        for row in connection.execute(select(*_COLUMNS).where(column.in_(chunk)))
    ]


def _queued_words(connection: Connection, ids: Sequence[int]) -> Mapping[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for chunk in chunks(ids):
        query = select(history.c.delivery, history.c.detail).where(
            history.c.delivery.in_(chunk), history.c.event.in_(_QUEUEING)
        )
        for row in connection.execute(query):
            if (name := json.loads(row.detail).get(AUTHOR)) is not None:
                found[row.delivery].add(name)
    return found
