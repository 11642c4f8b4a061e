"""Holds on single posts: a held post does not go out until a person releases it.

The hold is in the delivery's `manual_hold`, separate from what the draft wants (`draft_hold`), and
lasts through edits and all states: what is cancelled, missed or edited meanwhile comes back held.

Whoever wrote a post may hold it, and release what they hold themselves; all else takes a manager.
"""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from publisher.base.i18n import _, later
from publisher.base.stored_messages import told
from publisher.base.text import same_person
from publisher.ledger.doubts.pending_stops import note_stop
from publisher.ledger.manager.approvals import state_to_go_on
from publisher.ledger.manager.authors import authors_of
from publisher.ledger.manager.commands import Accounts, Commands, Posts, Versions
from publisher.ledger.manager.rights import Rank
from publisher.ledger.rows import chunks
from publisher.ledger.tables import history
from publisher.ledger.transitions import By, change
from publisher.model.deliveries import Delivery, PendingStop
from publisher.model.events import Event
from publisher.model.states import ENDED_UNSENT, State
from publisher.model.timing import claim_at

_NOT_TO_HOLD = later("{post} cannot be held: {states}.")
_NOT_HELD = later("{post} is not held by hand, or it may still be out: {states}.")


class Holds(Commands):
    """Holds and releases single posts."""

    def hold(
        self,
        posts: Posts,
        account: Accounts,
        actor: str,
        reason: str,
        versions: Versions = None,
    ) -> list[Delivery]:
        """Hold the deliveries of posts that are not out; all or nothing.

        Those that may be out stay as they are, and are held once it is known that they are not.
        Rejected ones wait already, and are left alone.
        """
        why = _("held by {actor}: {reason}", actor=actor, reason=reason)

        def act(connection: Connection, delivery: Delivery, by: By) -> Delivery:
            detail = {"reason": reason}
            if delivery.in_reach:
                return change(
                    connection, delivery, Event.HELD, by, target=State.HELD,
                    detail=detail, manual_hold=why, reason=why, lease_until=None,
                )  # fmt: skip
            if delivery.pending_stop is None:
                stop = PendingStop(state=State.HELD, reason=why, draft_hold=delivery.draft_hold)
                return note_stop(connection, delivery, stop, by, manual_hold=why)
            return change(connection, delivery, Event.HELD, by, detail=detail, manual_hold=why)

        return self._each(posts, account, actor, can_be_held, _NOT_TO_HOLD, act, versions)

    def release(
        self, posts: Posts, account: Accounts, actor: str, versions: Versions = None
    ) -> list[Delivery]:
        """Release the deliveries of posts that a person holds; all or nothing.

        They go out at their time, or at once if that is over; they wait for an approval if they
        need one, and stay held if their draft says so.
        """
        return self._each(posts, account, actor, can_be_released, _NOT_HELD, self.lift, versions)

    def own(self, actor: str, found: Sequence[Delivery]) -> list[Delivery]:
        """Those that this person may hold as an author, or release as the one who holds them."""
        with self._database.read() as connection:
            return _own(connection, actor, found)

    def _require_right(
        self, connection: Connection, actor: str, wanted: Sequence[Delivery]
    ) -> None:
        own = _own(connection, actor, wanted)
        if others := {d.account for d in wanted if d not in own}:
            self._rights.require(connection, actor, Rank.MANAGER, others)
        self._rights.require(connection, actor, Rank.STAFF, {d.account for d in own})

    def lift(self, connection: Connection, delivery: Delivery, by: By) -> Delivery:
        """Lift a person's hold, in the transaction of a command that may."""
        if delivery.state is not State.HELD:
            return change(connection, delivery, Event.HOLD_LIFTED, by, manual_hold=None)
        return change(
            connection, delivery, Event.HOLD_LIFTED, by,
            target=self._state_without(delivery), manual_hold=None, reason=delivery.draft_hold,
            next_check_at=max(by.at, claim_at(delivery.content, delivery.not_before, self._clock)),
        )  # fmt: skip

    def _state_without(self, delivery: Delivery) -> State:
        if delivery.draft_hold:
            return State.HELD
        return state_to_go_on(delivery, self._rule_of(delivery.account))


def _own(connection: Connection, actor: str, found: Sequence[Delivery]) -> list[Delivery]:
    """Those that they wrote, but for what somebody else holds by hand."""
    written_by = authors_of(connection, [delivery.id for delivery in found])
    written = [d for d in found if any(same_person(actor, one) for one in written_by[d.id])]
    holders = _holders(connection, [d for d in written if d.manual_hold])
    return [d for d in written if not d.manual_hold or same_person(actor, holders.get(d.id, ""))]


def _holders(connection: Connection, held: Iterable[Delivery]) -> dict[int, str]:
    """Who holds each by hand: whose newest step gives the reason that it is held for."""
    reasons = {delivery.id: delivery.manual_hold or "" for delivery in held}
    steps = history.c
    found: dict[int, str] = {}
    for chunk in chunks(sorted(reasons)):
        query = select(steps.delivery, steps.actor, steps.detail).where(
            steps.delivery.in_(chunk), steps.event.in_((Event.HELD, Event.STOP_NOTED))
        )
        for row in connection.execute(query.order_by(steps.seq)):
            reason = told(json.loads(row.detail).get("reason"))
            if reason and reason in reasons[row.delivery]:
                found[row.delivery] = row.actor
    return found


def can_be_held(delivery: Delivery) -> bool:
    """Whether it can be held: it would or might go out; a second hold changes the reason."""
    if delivery.may_be_out:
        return delivery.pending_stop not in (State.AWAITING_APPROVAL, State.REJECTED)
    return delivery.in_reach and delivery.state is not State.REJECTED


def can_be_released(delivery: Delivery) -> bool:
    """Whether it can be released: a person holds it, and it is known not to be out."""
    return delivery.manual_hold is not None and delivery.state in {State.HELD, *ENDED_UNSENT}
