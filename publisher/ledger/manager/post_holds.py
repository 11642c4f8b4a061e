"""Holds on single posts: a held post does not go out until a person releases it.

The hold is in the delivery's `manual_hold`, separate from what the draft wants (`draft_hold`), and
lasts through edits and all states: what is cancelled, missed or edited meanwhile comes back held.
"""

from collections.abc import Callable

from sqlalchemy import Connection

from publisher.base.clock import Clock
from publisher.base.i18n import _, later
from publisher.ledger.database import Database
from publisher.ledger.manager.approvals import RuleOf, is_approved
from publisher.ledger.manager.rights import EVERYBODY, Rank, Rights
from publisher.ledger.manager.selection import Accounts, chosen
from publisher.ledger.pending_stops import note_stop
from publisher.ledger.transitions import change
from publisher.model.deliveries import Delivery, PendingStop
from publisher.model.events import Event
from publisher.model.states import ENDED_UNSENT, Role, State
from publisher.model.timing import claim_at

_LIFTED = Event.HOLD_LIFTED
_NOT_TO_HOLD = later("Nothing of {post} can be held: {states}.")
_NOT_HELD = later("Nothing of {post} is held by hand, or it may be out still: {states}.")


class Holds:
    """Holds and releases single posts."""

    def __init__(
        self, database: Database, clock: Clock, rule_of: RuleOf, rights: Rights = EVERYBODY
    ) -> None:
        self._database = database
        self._clock = clock
        self._rule_of = rule_of
        self._rights = rights

    def hold(self, post: str, account: Accounts, actor: str, reason: str) -> list[Delivery]:
        """Hold a post's deliveries that are not out; all or nothing.

        Those that may be out stay as they are, and are held once it is known that they are not.
        Rejected ones wait already, and are left alone.
        """
        why = _("held by {actor}: {reason}", actor=actor, reason=reason)

        def act(connection: Connection, delivery: Delivery) -> Delivery:
            now, detail = self._clock.now(), {"reason": reason}
            if delivery.in_reach:
                return change(
                    connection, delivery, Event.HELD, role=Role.MANAGER, actor=actor, at=now,
                    target=State.HELD, detail=detail, manual_hold=why, reason=why, lease_until=None,
                )  # fmt: skip
            if delivery.pending_stop is None:
                stop = PendingStop(state=State.HELD, reason=why, draft_hold=delivery.draft_hold)
                return note_stop(
                    connection,
                    delivery,
                    stop,
                    role=Role.MANAGER,
                    actor=actor,
                    at=now,
                    manual_hold=why,
                )
            return change(
                connection, delivery, Event.HELD, role=Role.MANAGER, actor=actor, at=now,
                detail=detail, manual_hold=why,
            )  # fmt: skip

        return self._each(post, account, actor, can_be_held, _NOT_TO_HOLD, act)

    def release(self, post: str, account: Accounts, actor: str) -> list[Delivery]:
        """Release a post's deliveries that a person holds; all or nothing.

        They go out at their time, or at once if that is over; they wait for an approval if they
        need one, and stay held if their draft says so.
        """

        def act(connection: Connection, delivery: Delivery) -> Delivery:
            now = self._clock.now()
            if delivery.state is not State.HELD:
                return change(
                    connection, delivery, _LIFTED, role=Role.MANAGER, actor=actor, at=now,
                    manual_hold=None,
                )  # fmt: skip
            return change(
                connection, delivery, _LIFTED, role=Role.MANAGER, actor=actor, at=now,
                target=self._state_without(delivery), manual_hold=None, reason=delivery.draft_hold,
                next_check_at=max(now, claim_at(delivery.content, delivery.not_before, self._clock)),
            )  # fmt: skip

        return self._each(post, account, actor, can_be_released, _NOT_HELD, act)

    def _state_without(self, delivery: Delivery) -> State:
        if delivery.draft_hold:
            return State.HELD
        approved = is_approved(delivery, self._rule_of(delivery.account))
        return State.SCHEDULED if approved else State.AWAITING_APPROVAL

    def _each(
        self,
        post: str,
        account: Accounts,
        actor: str,
        concerns: Callable[[Delivery], bool],
        refusal: str,
        act: Callable[[Connection, Delivery], Delivery],
    ) -> list[Delivery]:
        with self._database.write() as connection:
            wanted = chosen(connection, post, account, concerns, refusal)
            self._rights.require(connection, actor, Rank.MANAGER, {d.account for d in wanted})
            return [act(connection, delivery) for delivery in wanted]


def can_be_held(delivery: Delivery) -> bool:
    """Whether it can be held: it would or might go out; a second hold changes the reason."""
    if delivery.may_be_out:
        return delivery.pending_stop not in (State.AWAITING_APPROVAL, State.REJECTED)
    return delivery.in_reach and delivery.state is not State.REJECTED


def can_be_released(delivery: Delivery) -> bool:
    """Whether it can be released: a person holds it, and it is known not to be out."""
    return delivery.manual_hold is not None and delivery.state in {State.HELD, *ENDED_UNSENT}
