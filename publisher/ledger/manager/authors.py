"""Authors of a delivery: none of them may approve it."""

import json
from collections.abc import Collection

from sqlalchemy import Connection, and_, or_, select

from publisher.ledger.manager.draft_edits import writers
from publisher.ledger.tables import deliveries, history
from publisher.model.deliveries import Delivery
from publisher.model.events import Event

AUTHOR = "author"
"""In a step's detail: who queued a text whose draft names no author."""
_QUEUEING = (Event.QUEUED, Event.QUEUED_AGAIN)


def authors(connection: Connection, delivery: Delivery) -> set[str]:
    """Everyone who wrote its post, or one that has the same text for the same account.

    A file that gets another name is another post with the same text: its earlier authors remain
    authors.
    """
    same_text = and_(
        deliveries.c.account == delivery.account,
        deliveries.c.fingerprint == delivery.content.fingerprint,
    )
    query = select(deliveries.c.id, deliveries.c.post, deliveries.c.queued_by)
    rows = connection.execute(query.where(or_(deliveries.c.post == delivery.post, same_text))).all()
    named = {row.queued_by for row in rows if row.queued_by}
    on_the_pages = writers(connection, {row.post for row in rows})
    return named | on_the_pages | _queued_words(connection, [row.id for row in rows])


def _queued_words(connection: Connection, ids: Collection[int]) -> set[str]:
    query = select(history.c.detail).where(
        history.c.delivery.in_(ids), history.c.event.in_(_QUEUEING)
    )
    details = map(json.loads, connection.execute(query).scalars())
    return {detail[AUTHOR] for detail in details if AUTHOR in detail}
