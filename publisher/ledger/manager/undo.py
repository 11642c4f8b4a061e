"""Undo: a person takes back what they just decided, as long as nothing has happened since.

What makes it safe is not how soon it comes, but that the decision is the newest step of the
delivery's history: once anybody changed it, or its first request was to leave, it is too late. That
a worker has it in hand already, and prepares it, changes nothing: what is approved when it is due
waits for `UNDO` seconds (see approvals.py), and a worker whose claim is void sends nothing.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _
from publisher.base.stored_messages import told
from publisher.base.text import same_person
from publisher.ledger.limits.spacing import space
from publisher.ledger.manager.approvals import rejected_by, state_to_go_on
from publisher.ledger.manager.commands import Commands
from publisher.ledger.manager.post_holds import Holds
from publisher.ledger.manager.rights import Rank
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import deliveries, history
from publisher.ledger.transitions import NOT_APPROVED, By, change
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.states import OUT_OR_MAYBE, State

_LED_TO: Mapping[str, State] = {
    Event.APPROVED: State.SCHEDULED,
    Event.REJECTED: State.REJECTED,
    Event.HELD: State.HELD,
}
"""The decisions that can be taken back."""
_IN_COURSE = (
    Event.CLAIMED, Event.RELEASED, Event.LEASE_RAN_OUT, Event.PREPARED, Event.READY,
    Event.AT_THE_PLATFORM, Event.DEFERRED, Event.OVERDUE,
)  # fmt: skip
"""Steps on the way to the first request: they decide nothing."""


class _Step(NamedTuple):
    """The newest step of a delivery that is not `_IN_COURSE`."""

    seq: int
    event: str
    actor: str
    source: str
    at: datetime


class Undo(Commands):
    """Takes back approvals, rejections and holds."""

    def possible(self, decided: Sequence[Delivery], actor: str) -> dict[int, int]:
        """The versions, by delivery, of those just `decided` that `take_back` would take back."""
        with self._database.read() as connection:
            steps = _newest_steps(connection, decided)
        return {
            d.id: d.version for d in decided if _is_decision(d, d.version, steps.get(d.id), actor)
        }

    def take_back(self, seen: Mapping[int, int], actor: str, since: datetime) -> list[Delivery]:
        """Take back the decisions that `actor` made since then; all or nothing.

        `seen` are the versions of the deliveries, by their ids, that the decisions left; workers
        may have them in hand since. A post that was rejected before is rejected again, with the
        reason of that time; any other whose approval or rejection is taken back waits for an
        approval if it needs one: an approval that a rejection made void does not come back. Raises
        NotPossible when a delivery is being sent or out, has changed since, or was decided on by
        others or before.
        """
        query = select(deliveries).where(deliveries.c.id.in_(sorted(seen)))
        with self._database.write() as connection:
            found = deliveries_in(connection, query.order_by(deliveries.c.id).with_for_update())
            if not found:
                raise UsageError(_("This is not possible here."))
            steps = _newest_steps(connection, found)
            for delivery in found:
                self._rights.require(
                    connection, actor, _rank(steps.get(delivery.id)), [delivery.account]
                )
            for delivery in found:
                _refuse(delivery, seen[delivery.id], steps.get(delivery.id), actor, since)
            by = self._by(actor)
            back = [self._taken_back(connection, d, steps[d.id], by) for d in found]
            return space(connection, self._clock, back, by)

    def _taken_back(
        self, connection: Connection, delivery: Delivery, step: _Step, by: By
    ) -> Delivery:
        if step.event == Event.HELD:
            holds = Holds(self._database, self._clock, self._rule_of, self._rights)
            return holds.lift(connection, delivery, by)
        event = Event.APPROVAL_TAKEN_BACK
        if step.event == Event.REJECTED:
            event = Event.REJECTION_TAKEN_BACK
        target, reason = State.REJECTED, _earlier_reason(connection, delivery)
        if step.source != State.REJECTED:
            free = delivery.model_copy(update=NOT_APPROVED)
            target, reason = state_to_go_on(free, self._rule_of(delivery.account)), None
        return change(
            connection, delivery, event, by,
            target=target, reason=reason, lease_until=None, **NOT_APPROVED,
        )  # fmt: skip


def _rank(step: _Step | None) -> Rank:
    """The rank that takes a decision back: authors hold what they wrote."""
    return Rank.STAFF if step and step.event == Event.HELD else Rank.MANAGER


def _newest_steps(connection: Connection, found: Collection[Delivery]) -> dict[int, _Step]:
    """The newest step of each, but for those `_IN_COURSE`."""
    steps = history.c
    query = (
        select(steps.delivery, steps.seq, steps.event, steps.actor, steps.source, steps.at)
        .where(
            steps.delivery.in_(sorted(delivery.id for delivery in found)),
            steps.event.not_in(_IN_COURSE),
        )
        .order_by(steps.seq)
    )
    return {row.delivery: _Step(*row[1:]) for row in connection.execute(query)}


def _is_decision(delivery: Delivery, version: int, step: _Step | None, actor: str) -> bool:
    """Whether this step is that person's decision, made by this version, that can be taken back."""
    if step is None or step.seq > version or not same_person(step.actor, actor):
        return False
    # What was held before by others is not to go out because of this.
    was_held = step.event == Event.HELD and step.source == State.HELD
    in_hand = delivery.state is State.PUBLISHING and delivery.in_reach
    state = State.SCHEDULED if in_hand else delivery.state
    return _LED_TO.get(step.event) is state and not was_held


def _refuse(
    delivery: Delivery, version: int, step: _Step | None, actor: str, since: datetime
) -> None:
    place: Mapping[str, Any] = {"post": delivery.post, "account": delivery.account}
    if delivery.state in OUT_OR_MAYBE and not delivery.in_reach:
        raise NotPossible(
            _(
                "It is too late to take that back: {post} to {account} is on its way or out.",
                **place,
            ),
            hint=_(
                "What is on its way can be held until the last moment; what is out can be "
                "withdrawn."
            ),
        )
    if not _is_decision(delivery, version, step, actor):
        raise NotPossible(
            _("Nothing was taken back: {post} to {account} has changed since.", **place),
            hint=_("Look at it again, then decide."),
        )
    if step is None or step.at < since:
        raise NotPossible(
            _(
                "Nothing was taken back: the decision on {post} to {account} was too long ago.",
                **place,
            ),
            hint=_("Look at it again, then decide."),
        )


def _earlier_reason(connection: Connection, delivery: Delivery) -> str | None:
    """Why it was rejected before its newest step."""
    steps = history.c
    query = select(steps.event, steps.actor, steps.detail).where(
        steps.delivery == delivery.id,
        steps.seq < delivery.version,
        steps.event.in_((Event.REJECTED, Event.STOP_NOTED)),
    )
    row = connection.execute(query.order_by(steps.seq.desc()).limit(1)).one_or_none()
    reason = told(json.loads(row.detail).get("reason")) if row else None
    if row is None or reason is None or row.event == Event.STOP_NOTED:
        return reason
    return rejected_by(row.actor, reason)
