"""Posts that a platform made public on its own: recorded as it was, and told to a person.

`stop` keeps what the delivery was then: so a person is told, as of any stop that came too late. From
the first post on that was public before its time, nothing is laid ready on its account any more.
"""

from typing import Any

from sqlalchemy import Connection, select

from publisher.clock import Clock
from publisher.language import _
from publisher.ledger.doubts import known_out
from publisher.ledger.moves import ACTOR, change
from publisher.ledger.rows import delivery_of
from publisher.ledger.stops import in_words
from publisher.ledger.tables import deliveries, leaves_at, written
from publisher.models import Delivery, Prepared
from publisher.outcome import Accepted, Kind
from publisher.states import WAITING, Role, State

EVENT = "public on its own"
_ON_ITS_WAY = frozenset({State.SCHEDULED, State.PUBLISHING, State.UNCERTAIN})


def publishes_early(connection: Connection, account: str) -> bool:
    """Whether the account's platform made a post public before its time."""
    query = select(deliveries.c.id).where(
        deliveries.c.account == account,
        deliveries.c.stop == written(State.SCHEDULED),
        deliveries.c.published_at < leaves_at,
    )
    return connection.execute(query.limit(1)).first() is not None


def stopped_by_it(delivery: Delivery) -> State:
    """What `stop` keeps of a delivery that the platform made public."""
    if delivery.stop is not None:
        return delivery.stop
    return State.SCHEDULED if delivery.state in _ON_ITS_WAY else delivery.state


def record(
    connection: Connection, clock: Clock, seen: Delivery, prepared: Prepared, receipt: Accepted
) -> Delivery:
    """Write that `seen` is public, whatever somebody made of it meanwhile.

    `prepared` is what lies at the platform. `Taken` when its id is another delivery's.
    """
    query = select(deliveries).where(deliveries.c.id == seen.id).with_for_update()
    current = delivery_of(connection.execute(query).mappings().one())
    known = {*current.remote_ids, *(current.withdrawn_ids or ())}
    if receipt.remote_id in known:
        return current
    columns: dict[str, Any] = {"prepared": prepared.model_dump_json(), "lease_until": None}
    if known or current.content != seen.content:
        return _left_to_a_person(connection, clock, current, receipt.remote_id, columns)
    was_doubted = current.doubt_since is not None  # then it may have been our own request
    _target, out = known_out(current, receipt)
    if not was_doubted:
        out |= {"published_at": receipt.public_since or clock.now(), "stop": stopped_by_it(current)}
    detail = in_words(current.model_copy(update={"stop": out.get("stop", current.stop)}), 1)
    return change(
        connection, current, EVENT, role=Role.WORKER, actor=ACTOR, at=clock.now(),
        target=State.PUBLISHED, detail={"id": receipt.remote_id, **detail},
        **{**out, **columns, "attempts": current.attempts + 1},
    )  # fmt: skip


def _left_to_a_person(
    connection: Connection, clock: Clock, current: Delivery, remote_id: str, columns: dict[str, Any]
) -> Delivery:
    """What is public is not what the delivery has now, or is one more."""
    message = _(
        "The platform made {id} public on its own, with an earlier text or for a second time. Look "
        "at the account, and delete it there if it must not be out.",
        id=remote_id,
    )
    target = current.state
    if current.state in WAITING or current.state is State.PUBLISHING:
        # Its new text must not follow before somebody has looked.
        waits = current.state in (State.AWAITING_APPROVAL, State.HELD)
        target = State.UNCERTAIN
        columns |= {
            "doubt_since": current.doubt_since or clock.now(),
            "settled_at": None,
            "absences": 0,
            "stop": current.state if waits else current.stop,
        }
    else:
        columns.pop("prepared")
    return change(
        connection, current, "left alone", role=Role.WORKER, actor=ACTOR, at=clock.now(),
        target=target, detail={"id": remote_id, "message": message},
        error_kind=Kind.UNKNOWN_OUTCOME, error_message=message, **columns,
    )  # fmt: skip
