"""Conversion between rows of the ledger and deliveries."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select

from publisher.base.stored_messages import told
from publisher.ledger.integrity import hash_chain
from publisher.ledger.tables import deliveries
from publisher.model.content import Content
from publisher.model.deliveries import Delivery, Prepared
from publisher.model.states import State

_AT_ONCE = 500  # values in one statement
_T = TypeVar("_T")
_COLUMNS = tuple(deliveries.c.keys())
_AS_STORED = frozenset(
    {"content", "prepared", "remote_ids", "withdrawn_ids", "fingerprint", "error_message"}
)


def remote_ids_of(stored: str) -> tuple[str, ...]:
    """The remote ids in a row."""
    return tuple(json.loads(stored))


_READ: Mapping[str, Callable[[str], Any]] = {
    "state": State,
    "pending_stop": State,
    "content": Content.model_validate_json,
    "prepared": Prepared.model_validate_json,
    "remote_ids": remote_ids_of,
    "withdrawn_ids": remote_ids_of,
    "error_message": told,
}


def delivery_of(row: RowMapping | Mapping[str, Any]) -> Delivery:
    """A row of `deliveries` as a model."""
    columns = {str(name): value for name, value in row.items()}
    return Delivery(**_values(columns), as_stored=_kept(columns))


def deliveries_in(connection: Connection, query: Select[Any]) -> list[Delivery]:
    """The deliveries that a query for whole rows finds."""
    return [delivery_of(row) for row in connection.execute(query).mappings()]


def chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Chunks small enough for one statement's parameters."""
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]


def after(delivery: Delivery, columns: Mapping[str, Any]) -> Delivery:
    """The delivery after its row gets these columns, in their stored form; nothing is read."""
    kept = {name: value for name, value in delivery.as_stored.items() if name not in columns}
    update = {**_values(columns), "as_stored": {**kept, **_kept(columns)}}
    return delivery.model_copy(update=update)


def said(delivery: Delivery) -> dict[str, Any]:
    """The columns of a delivery as they are, for its digest."""
    stored = delivery.as_stored
    return {column: stored.get(column) or getattr(delivery, column) for column in _COLUMNS}


def _values(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _READ[name](value) if name in _READ and value is not None else value
        for name, value in columns.items()
        if name != "fingerprint"
    }


def _kept(columns: Mapping[str, Any]) -> dict[str, str]:
    kept = {name: columns[name] for name in _AS_STORED if columns.get(name) is not None}
    return hash_chain.shortened(kept)
