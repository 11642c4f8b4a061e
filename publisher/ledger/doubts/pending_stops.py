"""Pending stops: stops of deliveries that may be out, as a request cannot be called back.

The stop is recorded on the delivery, which stays as it is. Once it is known that the delivery is
not out, it becomes what the stop says, instead of going out; of a thread, the parts that are out
stay out, and the rest does not follow. If it is out after all, the stop came too late; the delivery
keeps it in `stop`, so that a person is notified.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, select

from publisher.base.i18n import _, later
from publisher.ledger.tables import history
from publisher.ledger.transitions import NOT_APPROVED, By, Conflict, change, reread
from publisher.model.deliveries import Delivery, PendingStop
from publisher.model.events import Event
from publisher.model.states import State
from publisher.model.visibility import Visibility

# Why `queue` cancels a delivery: stored untranslated, to be recognised again; screens translate
# them.
GONE = later("its draft is gone")
NOT_ADDRESSED = later("its draft no longer names this account")
UNFINISHED = later("its draft has no `at` any more")
BY_QUEUE = frozenset({GONE, NOT_ADDRESSED, UNFINISHED})

_ASKED = {
    State.CANCELLED: later("cancelled if it is not out"),
    State.HELD: later("held if it is not out"),
    State.REJECTED: later("rejected if it is not out"),
    State.AWAITING_APPROVAL: later("waits for an approval if it is not out"),
    State.FAILED: later("failed if it is not out"),
}
_TAKEN_FOR_NOT_OUT = later(
    "It was thought not to be out, but the platform made it public: it is out."
)
_TOO_LATE = {
    State.SCHEDULED: later(
        "The platform made it public on its own, before Publisher did: it is out, and nothing is "
        "lost. If that was too early, withdraw it."
    ),
    State.FAILED: _TAKEN_FOR_NOT_OUT,
    State.MISSED: _TAKEN_FOR_NOT_OUT,
    State.CANCELLED: later("It was to be cancelled, but that came too late: it is out."),
    State.HELD: later("It was to be held, but that came too late: it is out."),
    State.REJECTED: later("It was rejected, but that came too late: it is out."),
    State.AWAITING_APPROVAL: later(
        "It was to wait for an approval, but that came too late: it is out."
    ),
}
_NOTED, _LIFTED = Event.STOP_NOTED, Event.STOP_LIFTED
_STOPS = frozenset({_NOTED, _LIFTED, Event.HELD, Event.HOLD_LIFTED})
_SINCE = (
    select(history.c.event, history.c.hash)
    .where(history.c.delivery == bindparam("delivery"), history.c.seq >= bindparam("seq"))
    .order_by(history.c.seq)
)


def note_stop(
    connection: Connection,
    delivery: Delivery,
    stop: PendingStop | None,
    by: By,
    **columns: Any,
) -> Delivery:
    """Record what a delivery that may be out becomes if it is not; None: it goes on after all."""
    if delivery.state is State.UNCERTAIN:
        columns["lease_until"] = None  # a worker that reads the platform now has to look again
    if stop is None or stop.state is State.HELD or stop.draft_hold:
        columns["draft_hold"] = stop.draft_hold if stop else None
    state, reason = (stop.state, stop.reason) if stop else (None, None)
    detail = {"if_not_out": state, "reason": reason} if stop else None
    columns |= {"pending_stop": state, "reason": reason}
    return change(connection, delivery, _NOTED if stop else _LIFTED, by, detail=detail, **columns)


def obeyed(delivery: Delivery, target: State) -> tuple[State, Mapping[str, Any]]:
    """The next state of a delivery of which a part is not out: `target`, unless it was stopped.

    Returns the state, and the columns that change with a stop.
    """
    if delivery.pending_stop is None:
        return target, {}
    is_void = delivery.pending_stop not in (State.CANCELLED, State.FAILED)
    return delivery.pending_stop, {"pending_stop": None, **(NOT_APPROVED if is_void else {})}


def in_words(delivery: Delivery, out: int) -> dict[str, Any]:
    """The step's detail about a stop, when it is known that `out` parts of a delivery are out."""
    if delivery.pending_stop is None:
        return {}
    parts = len(delivery.content.parts)
    if out == parts:
        return {"message": _(_TOO_LATE[delivery.pending_stop]), "reason": delivery.reason}
    if out:
        text = _("{out} of {parts} parts are out; the rest is stopped.", out=out, parts=parts)
        return {"message": text, "reason": delivery.reason}
    return {"reason": delivery.reason}


def reason_of(delivery: Delivery) -> str | None:
    """Why a delivery is stopped, or will be if it is not out; None when no reason is known."""
    reason = _(delivery.reason) if delivery.reason else None
    if delivery.pending_stop is None or delivery.state is State.WITHDRAWN:
        return reason
    words = _TOO_LATE if delivery.state is State.PUBLISHED else _ASKED
    told = _(words.get(delivery.pending_stop, words[State.AWAITING_APPROVAL]))
    if delivery.state is State.PUBLISHED and Visibility.of(delivery).is_partial:
        told = str(in_words(delivery, len(delivery.remote_ids))["message"])
    return f"{told} ({reason})" if reason else told


def as_it_stands(connection: Connection, delivery: Delivery) -> Delivery:
    """A delivery that is being sent, with the stops that were recorded since its worker read it.

    `Conflict` when anything else has happened to it, or a stop that took it out of its state.
    """
    current = reread(connection, delivery)
    seen = {"delivery": delivery.id, "seq": delivery.version}
    steps = connection.execute(_SINCE, seen).all()
    # In a ledger that was set back, the worker's step is missing, and another may have its number.
    is_known = bool(steps) and steps[0].hash == delivery.head
    events = {step.event for step in steps[1:]}
    if is_known and current.state is delivery.state and events <= _STOPS:
        return current
    raise Conflict
