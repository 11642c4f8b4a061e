"""Remote ids: a post of an account, with its id, is one part of one delivery."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, text

from publisher.base.i18n import _
from publisher.ledger.tables import deliveries, ids_out
from publisher.model.outcomes import Accepted

_KEEP = text(
    "INSERT INTO ids_out (account, remote_id, delivery) VALUES (:account, :remote_id, :delivery)"
    " ON CONFLICT (account, remote_id) DO NOTHING"
)


_HOLDER = (
    select(deliveries.c.id, deliveries.c.post, deliveries.c.remote_ids, deliveries.c.withdrawn_ids)
    .join(ids_out, ids_out.c.delivery == deliveries.c.id)
    .where(ids_out.c.account == bindparam("account"), ids_out.c.remote_id == bindparam("remote_id"))
)


class Holder(NamedTuple):
    """The post and part that have an id, also of a withdrawn part; parts count from 1."""

    post: str
    part: int


class Owned(NamedTuple):
    """An id from a platform, with its account and delivery."""

    account: str
    remote_id: str
    delivery: int


def keep(connection: Connection, owned: Sequence[Owned]) -> bool:
    """Store which deliveries these ids belong to; False when another delivery has one of them.

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
) -> Holder | None:
    """Which delivery, other than `besides`, has this id; None when none has it."""
    sought = {"account": account, "remote_id": remote_id}
    row = connection.execute(_HOLDER, sought).one_or_none()
    if row is None or row.id == besides:
        return None
    parts = [*json.loads(row.remote_ids), *json.loads(row.withdrawn_ids or "[]")]
    return Holder(row.post, parts.index(remote_id) + 1)


def holder_of_any(
    connection: Connection, account: str, receipt: Accepted, *, besides: int
) -> Holder | None:
    """Which delivery, other than `besides`, has one of the ids that a platform named."""
    found = (holder(connection, account, one, besides=besides) for one in receipt.remote_ids)
    return next((place for place in found if place), None)


def named(receipt: Accepted) -> dict[str, Any]:
    """A step's detail about what is out: one id, or those of parts that went out together."""
    together = receipt.remote_ids
    return {"ids": list(together)} if receipt.following else {"id": receipt.remote_id}


def anothers(remote_id: str, post: str) -> str:
    """The message about a delivery for which a platform returned an id that `post` already has."""
    return _(
        "The platform gave it the id {id}, which is already on record for {other}. Look at the "
        "account, then record what you saw with `publisher resolve` or `publisher retry`.",
        id=remote_id,
        other=post,
    )
