"""Targets: a worker gets what a correction or an answer goes below, unless it is held, or waits."""

from datetime import datetime

from sqlalchemy import Connection

from publisher.base.clock import Clock
from publisher.base.errors import LedgerBusy
from publisher.base.i18n import _
from publisher.ledger import corrections
from publisher.ledger.comments import replies
from publisher.ledger.transitions import ACTOR, NOT_APPROVED, By, StateChange, lock_free
from publisher.model.deliveries import Delivery, TargetStanding
from publisher.model.events import Event
from publisher.model.outcomes import Kind
from publisher.model.states import Role, State

_SHORTEST_WAIT, _LONGEST_WAIT = 20.0, 600.0
"""Real seconds until a correction looks again whether the one before it is out: the longer it has
waited, the later. It is claimed 15 seconds before that.
"""


def standing(connection: Connection, delivery: Delivery, now: datetime) -> TargetStanding:
    """How a delivery that has a target stands to it at this moment."""
    if delivery.answers is None:
        return corrections.standing(connection, delivery)
    target = replies.target_of(delivery.answers)
    if delivery.remote_ids:  # a thread that has begun is not cut
        return TargetStanding(target)
    obstacle = replies.obstacle(connection, delivery.account, delivery.answers, now)
    return TargetStanding(obstacle=obstacle) if obstacle else TargetStanding(target)


def aimed(connection: Connection, delivery: Delivery) -> Delivery:
    """A delivery with its target, for whoever looks for it; unchanged if that is not out."""
    if delivery.answers is None:
        return corrections.aimed(connection, delivery)
    return delivery.model_copy(update={"target": replies.target_of(delivery.answers)})


def busy(connection: Connection, delivery: Delivery) -> LedgerBusy | None:
    """Lock what a correction corrects for this transaction; LedgerBusy while somebody changes it.

    Waits for no lock, as others share the transaction.
    """
    if delivery.corrects is None:
        return None
    original = corrections.standing(connection, delivery).original
    if original is None or original.id in lock_free(connection, {original.id}):
        return None
    return LedgerBusy(_("Someone is changing {post} right now.", post=original.post))


def stop(connection: Connection, delivery: Delivery, clock: Clock) -> StateChange | None:
    """The change for what may not go out now; None if it may, or has no target.

    It may not either when its target is not as its request was built for.
    """
    if not delivery.has_target:
        return None
    now = clock.now()
    found = standing(connection, delivery, now)
    if found.obstacle:
        return _held(delivery, found.obstacle, now)
    if found.target is None or found.target != delivery.target:
        return _waiting(delivery, found, clock)
    return None


def take(connection: Connection, delivery: Delivery, clock: Clock) -> Delivery | StateChange:
    """A delivery with its target; the change instead if it may not go out now."""
    now = clock.now()
    found = standing(connection, delivery, now)
    if found.obstacle:
        return _held(delivery, found.obstacle, now)
    if found.target is None:
        return _waiting(delivery, found, clock)
    return delivery.model_copy(update={"target": found.target})


def _held(delivery: Delivery, obstacle: str, now: datetime) -> StateChange:
    columns = {"reason": obstacle, "draft_hold": obstacle, "lease_until": None, **NOT_APPROVED}
    by = By(Role.WORKER, ACTOR, now)
    return StateChange(delivery, Event.HELD, by, State.HELD, {"reason": obstacle}, columns)


def _waiting(delivery: Delivery, found: TargetStanding, clock: Clock) -> StateChange:
    now = clock.now()
    lasted = (now - delivery.not_before).total_seconds() / clock.speed
    wait = clock.ahead(min(max(_SHORTEST_WAIT, lasted / 2), _LONGEST_WAIT)) - now
    message = _(
        "It waits for {post}, which goes first and is not out yet.",
        post=found.waits_for or delivery.corrects,
    )
    columns = {
        "next_check_at": max(now, delivery.not_before) + wait,
        "lease_until": None,
        "error_kind": Kind.UNAVAILABLE,
        "error_message": message,
    }
    detail = {"kind": Kind.UNAVAILABLE, "message": message}
    by = By(Role.WORKER, ACTOR, now)
    return StateChange(delivery, Event.DEFERRED, by, State.SCHEDULED, detail, columns)
