"""Whose each id is that a platform gave: one post of an account is one part of one delivery."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, select, text, tuple_

from publisher.ledger.tables import deliveries, ids_out

_KEEP = text(
    "INSERT INTO ids_out (account, remote_id, delivery) VALUES (:account, :remote_id, :delivery)"
    " ON CONFLICT (account, remote_id) DO NOTHING"
)


_HOLDERS = (
    select(
        ids_out.c.account,
        ids_out.c.remote_id,
        deliveries.c.id,
        deliveries.c.post,
        deliveries.c.remote_ids,
        deliveries.c.withdrawn_ids,
    )
    .join(ids_out, ids_out.c.delivery == deliveries.c.id)
    .where(tuple_(ids_out.c.account, ids_out.c.remote_id).in_(bindparam("sought", expanding=True)))
)


class Place(NamedTuple):
    """Where an id stands in the ledger, also of a part that was withdrawn; parts count from 1."""

    delivery: int
    post: str
    part: int


class Owned(NamedTuple):
    """An id that a platform gave, and whose it is."""

    account: str
    remote_id: str
    delivery: int


def keep(connection: Connection, owned: Sequence[Owned]) -> bool:
    """Write down whose these ids are; False when another delivery has one of them.

    Waits for a transaction that writes the same one.
    """
    if not owned:
        return True
    rows = [one._asdict() for one in owned]
    if connection.execute(_KEEP, rows).rowcount == len(rows):
        return True
    return not any(
        holder(connection, one.account, one.remote_id, besides=one.delivery) for one in owned
    )


def holder(
    connection: Connection, account: str, remote_id: str, *, besides: int | None = None
) -> Place | None:
    """Which delivery, other than `besides`, has this id; None when none has it."""
    place = holders(connection, [(account, remote_id)]).get((account, remote_id))
    return None if place is None or place.delivery == besides else place


def holders(
    connection: Connection, sought: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Place]:
    """Which deliveries have these ids, each named with its account."""
    if not sought:
        return {}
    return {
        (row["account"], row["remote_id"]): Place(row["id"], row["post"], _part(row))
        for row in connection.execute(_HOLDERS, {"sought": sought}).mappings()
    }


def _part(row: RowMapping) -> int:
    parts = [*json.loads(row["remote_ids"]), *json.loads(row["withdrawn_ids"] or "[]")]
    return parts.index(row["remote_id"]) + 1
