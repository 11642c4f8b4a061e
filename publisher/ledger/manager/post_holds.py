"""Holds on single posts: a held post does not go out until a person releases it.

The hold is in the delivery's `manual_hold`, separate from what the draft wants (`draft_hold`), and
lasts through edits and all states: what is cancelled, missed or edited meanwhile comes back held.
"""

from sqlalchemy import Connection

from publisher.base.i18n import _, later
from publisher.ledger.manager.approvals import state_to_go_on
from publisher.ledger.manager.commands import Accounts, Commands, Posts, Versions
from publisher.ledger.pending_stops import note_stop
from publisher.ledger.transitions import By, change
from publisher.model.deliveries import Delivery, PendingStop
from publisher.model.events import Event
from publisher.model.states import ENDED_UNSENT, State
from publisher.model.timing import claim_at

_NOT_TO_HOLD = later("Nothing of {post} can be held: {states}.")
_NOT_HELD = later("Nothing of {post} is held by hand, or it may be out still: {states}.")


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


def can_be_held(delivery: Delivery) -> bool:
    """Whether it can be held: it would or might go out; a second hold changes the reason."""
    if delivery.may_be_out:
        return delivery.pending_stop not in (State.AWAITING_APPROVAL, State.REJECTED)
    return delivery.in_reach and delivery.state is not State.REJECTED


def can_be_released(delivery: Delivery) -> bool:
    """Whether it can be released: a person holds it, and it is known not to be out."""
    return delivery.manual_hold is not None and delivery.state in {State.HELD, *ENDED_UNSENT}
