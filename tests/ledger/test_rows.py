"""Deliveries as rows: what is told of a change is what is stored, though nothing is read back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from publisher.ledger import rows
from publisher.ledger.database import Database
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import Instant, deliveries
from publisher.model.content import Content, Part
from publisher.model.deliveries import Prepared
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.ledger.tables.columns")

AT = datetime(2016, 3, 7, 10, 0, 0, 123456, tzinfo=UTC)
KEPT = {"id", "post", "account"}
"""Columns that no change of a delivery sets."""
VALUES: dict[str, Any] = {
    "state": State.UNCERTAIN,
    "pending_stop": State.CANCELLED,
    "content": Content(parts=(Part(text="Ż\u2028 «é»"),), lang="pl", title="t").model_dump_json(),
    "prepared": Prepared(draft_id="7", media_ids={"a": "1"}, prepared_at=AT).model_dump_json(),
    "remote_ids": '["1", "2"]',
    "withdrawn_ids": '["3"]',
    "repeat": True,
}


def value_for(name: str) -> Any:
    if name in VALUES:
        return VALUES[name]
    kind = deliveries.c[name].type
    return AT if isinstance(kind, Instant) else kind.python_type(7)


@pytest.mark.parametrize("name", sorted({*deliveries.c.keys()} - KEPT))
def test_a_delivery_after_a_change_is_its_row(
    database: Database, ledger: Ledger, queries: Queries, clock: ManualClock, name: str
) -> None:
    """Whatever column is set, and also when it is emptied again."""
    add(ledger, wish(clock))
    (before,) = queries.deliveries()
    values = [value_for(name), *([None] if deliveries.c[name].nullable else [])]
    for value in values:
        told = rows.after(before, {name: value})
        with database.write() as connection:
            connection.execute(update(deliveries).values({name: value}))
            (row,) = connection.execute(select(deliveries)).mappings()
            stored = rows.delivery_of(row)
        assert told == stored
        assert rows.after(stored, {name: value}) == stored
