"""Taken slots: no two posts of an account get one slot, however many people queue at once."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, select

from publisher.ledger.tables import deliveries
from publisher.ledger.transitions import Conflict
from publisher.model.deliveries import Wish
from publisher.model.states import ENDED_UNSENT

TAKES_ITS_TIME: ColumnElement[bool] = deliveries.c.state.not_in(sorted(ENDED_UNSENT))
"""Deliveries whose time no post in a slot gets: all that are out or may still go out."""


def refuse_taken(connection: Connection, wishes: Iterable[Wish]) -> None:
    """Raise `Conflict` when the slot of one of these new times was taken since it was chosen."""
    for wish in wishes:
        other = select(deliveries.c.id).where(
            deliveries.c.account == wish.account,
            deliveries.c.due_at == wish.due_at,
            deliveries.c.post != wish.post,
            TAKES_ITS_TIME,
        )
        if wish.in_slot and connection.execute(other.limit(1)).first():
            raise Conflict
