"""Deliveries that a person reported as published: the instant of their publication is unknown.

The ledger has the instant of the request in its place. A lateness by that would be made up.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from publisher.ledger.rows import chunks
from publisher.ledger.tables import history
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.states import State


def reported() -> Select[Any]:
    """The ids of those deliveries, as far as their history is not in an archive."""
    return select(history.c.delivery).where(
        history.c.event == Event.RESOLVED,
        history.c.target == State.PUBLISHED,
        history.c.delivery.is_not(None),
    )


def marked(connection: Connection, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """The same deliveries; those that a person reported say so."""
    out = [one.id for one in deliveries if one.published_at]
    found: set[int] = set()
    for chunk in chunks(out):
        query = reported().where(history.c.delivery.in_(chunk))
        found.update(connection.execute(query).scalars())
    return [
        one.model_copy(update={"is_reported": True}) if one.id in found else one
        for one in deliveries
    ]
