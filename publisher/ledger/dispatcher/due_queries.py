"""The dispatcher's queries, which run several times a second and are built once.

To build a statement takes longer than SQLite or PostgreSQL need to answer it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    bindparam,
    select,
    update,
)

from publisher.ledger.database import Database
from publisher.ledger.tables import deliveries, written
from publisher.model.deliveries import Claim


class DueQueries:
    """A query for deliveries that wait for something, in an order.

    What changes from poll to poll is a `bindparam` in the conditions; its values are Python's.
    """

    def __init__(
        self,
        *conditions: ColumnElement[bool],
        order: Sequence[Column[Any]],
        columns: Sequence[Column[Any] | Table] = (deliveries,),
    ) -> None:
        first = select(deliveries.c.id).where(*conditions).order_by(order[0]).limit(written(1))
        self.is_there = first.scalar_subquery().is_not(None)
        """Whether anything waits, as a part of another statement.

        Not EXISTS: PostgreSQL expects that to end soon, by its statistics over all deliveries, and
        reads the whole table for what is not there. The order leads it to the partial index.
        """
        self._look = select(self.is_there)
        chosen = select(*columns).where(*conditions).order_by(*order).limit(bindparam("most"))
        self._lock = chosen.with_for_update(skip_locked=True)

    def any(self, connection: Connection, values: Mapping[str, Any]) -> bool:
        """Whether anything waits; takes no lock, because mostly nothing does."""
        return bool(connection.execute(self._look, values).scalar())

    def lock(
        self, connection: Connection, values: Mapping[str, Any], most: int
    ) -> Sequence[RowMapping]:
        """Lock and return up to `most` rows; rows locked by another transaction are skipped."""
        # A separate statement: PostgreSQL may evaluate a locking subquery more than once.
        return connection.execute(self._lock, {**values, "most": most}).mappings().all()

    def claim(
        self, database: Database, values: Mapping[str, Any], most: int, **until: datetime
    ) -> list[Claim]:
        """Claim up to `most`; `until` is the column that says when each waits again.

        If the process that claims one dies, or the broker loses the message, another one claims it
        then. This is no step of the history: nothing has happened yet.
        """
        with database.write() as connection:
            rows = self.lock(connection, values, most)
            if ids := [row["id"] for row in rows]:
                connection.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(until))
        return [Claim(delivery=row["id"], version=row["version"]) for row in rows]
