"""The one place where a delivery changes: compare-and-set, and a step in the history with it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from publisher.ledger.tables import deliveries, history
from publisher.models import Claim, Content, Delivery, Prepared
from publisher.states import Role, State, may_move

ACTOR = "publisher"
"""Who made a step that no person made."""


class Moved(Exception):
    """The delivery is not as the caller saw it: somebody else was faster."""


def change(
    connection: Connection,
    delivery: Delivery,
    event: str,
    *,
    role: Role,
    actor: str,
    at: datetime,
    target: State | None = None,
    detail: Mapping[str, Any] | None = None,
    **columns: Any,
) -> Delivery:
    """Change one delivery and note the step; `Moved` if it is no longer as `delivery` says.

    `target` None keeps the state. `columns` are columns of the table, in their stored form.
    """
    state = target or delivery.state
    if state is not delivery.state and not may_move(role, delivery.state, state):
        raise AssertionError(f"{role} may not take {delivery.state} to {state}")
    row = (
        connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id == delivery.id,
                deliveries.c.state == delivery.state,
                deliveries.c.version == delivery.version,
            )
            .values(state=state, version=delivery.version + 1, **columns)
            .returning(*deliveries.c)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise Moved
    note(
        connection,
        [step(delivery.id, event, at, actor, source=delivery.state, target=state, detail=detail)],
    )
    return delivery_of(row)


def step(
    delivery: int | None,
    event: str,
    at: datetime,
    actor: str,
    *,
    source: State | None = None,
    target: State | None = None,
    detail: Mapping[str, Any] | None = None,
    account: str | None = None,
) -> dict[str, Any]:
    """A row of the history: about a delivery, or about an account when `delivery` is None."""
    return {
        "delivery": delivery,
        "account": account,
        "at": at,
        "event": event,
        "source": source,
        "target": target,
        "actor": actor,
        "detail": json.dumps(detail or {}, ensure_ascii=False, default=str),
    }


def note(connection: Connection, steps: Sequence[Mapping[str, Any]]) -> None:
    """Append to the history, in the transaction of what it tells."""
    if steps:
        connection.execute(insert(history), list(steps))


def claimed(connection: Connection, claim: Claim) -> Delivery | None:
    """The delivery that a claim is about; None when the claim is worth nothing any more."""
    query = select(deliveries).where(
        deliveries.c.id == claim.delivery,
        deliveries.c.version == claim.version,
        deliveries.c.state == State.PUBLISHING,
    )
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else delivery_of(row)


def delivery_of(row: RowMapping) -> Delivery:
    """A row of `deliveries` as a model."""
    values = {name: value for name, value in row.items() if name != "fingerprint"}
    values["state"] = State(values["state"])
    values["content"] = Content.model_validate_json(values["content"])
    values["prepared"] = Prepared.model_validate_json(values["prepared"])
    values["remote_ids"] = tuple(json.loads(values["remote_ids"]))
    return Delivery(**values)
