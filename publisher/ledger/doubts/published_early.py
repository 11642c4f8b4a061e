"""Posts that a platform made public on its own: they are recorded, and a person is notified.

`stop` keeps the delivery's state at that time: so a person is notified, as for any stop that came
too late. After the first post that was public before its time, nothing is prepared on its account
any more. What says the same under another name, as a draft that was renamed while the post was
being prepared, is held.
"""

from typing import Any

from sqlalchemy import Connection, or_, select

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.ledger import remote_ids
from publisher.ledger.doubts.pending_stops import in_words, note_stop
from publisher.ledger.doubts.uncertainty import known_out
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import deliveries, not_before
from publisher.ledger.transitions import ACTOR, By, change, reread
from publisher.model.deliveries import Delivery, PendingStop, Prepared
from publisher.model.events import Event
from publisher.model.outcomes import Accepted, Kind
from publisher.model.states import ENDED_UNSENT, WAITING, Role, State

_ON_ITS_WAY = frozenset({State.SCHEDULED, State.PUBLISHING, State.UNCERTAIN})


def publishes_early(connection: Connection, account: str) -> bool:
    """Whether the account's platform made a post public before its time."""
    query = select(deliveries.c.id).where(
        deliveries.c.account == account,
        deliveries.c.pending_stop.is_not(None),  # whatever a person did with it meanwhile
        deliveries.c.published_at < not_before,
    )
    return connection.execute(query.limit(1)).first() is not None


def stopped_by_it(delivery: Delivery) -> State:
    """The value of `stop` for a delivery that the platform made public."""
    if delivery.pending_stop is not None:
        return delivery.pending_stop
    return State.SCHEDULED if delivery.state in _ON_ITS_WAY else delivery.state


def record(
    connection: Connection, clock: Clock, seen: Delivery, prepared: Prepared, receipt: Accepted
) -> Delivery:
    """Record that `seen` is public, whatever a person did with it meanwhile.

    `prepared` is what exists at the platform. What says the same is held. Raises `RemoteIdTaken`
    when another delivery gets the same id at this moment; if another has it already, a person
    decides whose it is.
    """
    current = reread(connection, seen)
    known = {*current.remote_ids, *(current.withdrawn_ids or ())}
    if receipt.remote_id in known:
        return current
    _hold_same_text(connection, seen, clock)
    columns: dict[str, Any] = {"prepared": prepared.model_dump_json(), "lease_until": None}
    if other := remote_ids.holder_of_any(connection, current.account, receipt, besides=current.id):
        message = remote_ids.anothers(receipt.remote_id, other.post)
        columns["prepared"] = prepared.given_up(receipt.remote_ids).model_dump_json()
        return _left_to_a_person(connection, clock, current, receipt.remote_id, columns, message)
    if known or current.content != seen.content:
        message = _(
            "The platform made {id} public on its own, with an earlier text or for a second time. Look "
            "at the account, and delete it there if it must not be out.",
            id=receipt.remote_id,
        )
        return _left_to_a_person(connection, clock, current, receipt.remote_id, columns, message)
    was_doubted = current.doubt_since is not None  # then our own request may have done it
    _target, out = known_out(current, receipt)
    if not was_doubted:
        now = clock.now()  # a platform's time in the future is not used
        since = min(receipt.public_since or now, now)
        out |= {"published_at": since, "pending_stop": stopped_by_it(current)}
    stop = out.get("pending_stop", current.pending_stop)
    parts_out = len(receipt.remote_ids)
    detail = in_words(current.model_copy(update={"pending_stop": stop}), parts_out)
    return change(
        connection, current, Event.PUBLIC_ON_ITS_OWN, By(Role.WORKER, ACTOR, clock.now()),
        target=State.PUBLISHED, detail={**remote_ids.named(receipt), **detail},
        **{**out, **columns, "attempts": current.attempts + 1},
    )  # fmt: skip


def _hold_same_text(connection: Connection, seen: Delivery, clock: Clock) -> None:
    """Hold what else would bring the text of `seen` to its account, unless it is to be repeated.

    What a person holds already is held for this reason now: who releases it must know it. What was
    rejected stays so, and is held once it is edited or approved after all.
    """
    reason = _(
        "{post} says the same, and is already out on {account}: the platform made it public on "
        "its own. Release this one only if the text should appear there twice.",
        post=seen.post,
        account=seen.account,
    )
    by = By(Role.WORKER, ACTOR, clock.now())
    same_text = (
        select(deliveries)
        .where(
            deliveries.c.account == seen.account,
            deliveries.c.fingerprint == seen.content.fingerprint,
            deliveries.c.id != seen.id,
            deliveries.c.repeat.is_(False),
            or_(deliveries.c.manual_hold.is_(None), deliveries.c.manual_hold != reason),
        )
        .order_by(deliveries.c.id)
        .with_for_update()
    )
    detail = {"reason": reason}
    for other in deliveries_in(connection, same_text):
        is_open = other.in_reach or other.may_be_out
        if is_open and State.REJECTED in (other.state, other.pending_stop):
            change(connection, other, Event.HELD, by, detail=detail, manual_hold=reason)
        elif other.in_reach:
            change(
                connection, other, Event.HELD, by, target=State.HELD, detail=detail,
                manual_hold=reason, reason=reason, lease_until=None,
            )  # fmt: skip
        elif other.may_be_out and other.pending_stop is not State.CANCELLED:
            stop = PendingStop(state=State.HELD, reason=reason, draft_hold=other.draft_hold)
            note_stop(connection, other, stop, by, manual_hold=reason)


def _left_to_a_person(
    connection: Connection,
    clock: Clock,
    current: Delivery,
    remote_id: str,
    columns: dict[str, Any],
    message: str,
) -> Delivery:
    """Leave it to a person: the public post has other content, is a second one, or is another's."""
    target = current.state
    if current.state in WAITING or current.state is State.PUBLISHING:
        # Its new text must not go out before a person has looked.
        waits = current.state in (State.AWAITING_APPROVAL, State.REJECTED, State.HELD)
        target = State.UNCERTAIN
        columns |= {
            "doubt_since": current.doubt_since or clock.now(),
            "settled_at": None,
            "absences": 0,
            "pending_stop": current.state if waits else current.pending_stop,
        }
    else:
        columns.pop("prepared")
        if current.state in ENDED_UNSENT:  # it is not known which photos it uses: they stay
            left = current.prepared.given_up((remote_id,)).model_copy(update={"photos": ()})
            clear_at = current.clear_at if left.stays else None
            columns |= {"prepared": left.model_dump_json(), "clear_at": clear_at}
    return change(
        connection, current, Event.LEFT_ALONE, By(Role.WORKER, ACTOR, clock.now()),
        target=target, detail={"id": remote_id, "message": message},
        error_kind=Kind.UNKNOWN_OUTCOME, error_message=message, **columns,
    )  # fmt: skip
