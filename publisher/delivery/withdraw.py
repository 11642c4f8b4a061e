"""Withdrawal: deletes a post from its platforms, part by part, on record."""

from dataclasses import dataclass

import structlog

from publisher.base.errors import (
    AccountElsewhere,
    ConfigurationError,
    CredentialsMissing,
    NotPossible,
    PublisherError,
)
from publisher.base.i18n import _, joined, later
from publisher.channels.pool import ChannelOf
from publisher.delivery.identity import KeyCheck
from publisher.delivery.threads import Lanes
from publisher.ledger.manager.commands import Accounts
from publisher.ledger.manager.consent_holds import Safeguards
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.withdrawals import WITHDRAWABLE, Withdrawals
from publisher.ledger.transitions import ACTOR, Conflict
from publisher.model.deliveries import Claim, Delivery
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Refused,
    StillOut,
    Unknown,
)
from publisher.model.states import ENDED_UNSENT, State, state_name

log = structlog.get_logger()

_MAY_COME_BACK = later(
    "It is deleted, but an earlier request, whose answer was lost, may make it public once more."
)
_UNCLEAR = {
    State.UNCERTAIN: later(
        "It may be out. If it is not, it is held. If it is, run this command again once that is "
        "known."
    ),
    State.PUBLISHING: later(
        "It is going out right now. If it does not go out, it is held. If it does, run this "
        "command again."
    ),
}
_PARTLY_OUT = later("A part of it is out, and the rest waits. Cancel it, then withdraw it.")


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The result of the withdrawal of one delivery."""

    delivery: Delivery
    problem: str | None = None
    """Why a part may still be out; it is tried again, and a second withdrawal does no harm."""


class Withdrawal:
    """Deletes posts that are out."""

    def __init__(
        self,
        control: Control,
        withdrawals: Withdrawals,
        safeguards: Safeguards,
        channel_of: ChannelOf,
        identity: KeyCheck,
        lanes: Lanes,
    ) -> None:
        """`identity` checks whose keys an account has; `lanes` has the threads of workers."""
        self._identity = identity
        self._control = control
        self._withdrawals = withdrawals
        self._safeguards = safeguards
        self._channel_of = channel_of
        self._lanes = lanes

    def withdraw(self, post: str, account: Accounts, *, actor: str, reason: str) -> list[Withdrawn]:
        """Delete a post from its platforms; a thread from its end.

        Each part is on record as soon as the platform confirms that it is deleted, and the delivery
        is withdrawn with the last. A worker tries again to delete what is left, and a person may
        withdraw it again at any time. A failure of one delivery does not stop the others. Raises
        NotPossible when nothing of the post is out.
        """
        done: list[Withdrawn] = []
        for delivery in self._control.withdrawable(post, account, actor):
            done.append(self._take_down(delivery, actor, reason))
            if done[-1].delivery.state is State.WITHDRAWN:
                done += self._take_down_below(delivery, actor, reason)
        return done

    def _take_down_below(self, delivery: Delivery, actor: str, reason: str) -> list[Withdrawn]:
        """Delete the corrections that went out below a deleted post; see `Withdrawals`."""
        try:
            below = self._withdrawals.below(delivery)
        except PublisherError as error:  # a worker takes them down
            return [Withdrawn(delivery, _remedy(error))]
        return [
            self._take_down(one, actor, reason, begun=one.withdrawn_ids is not None)
            if one.state in WITHDRAWABLE
            else Withdrawn(one, _(_UNCLEAR.get(one.state, _PARTLY_OUT)))
            for one in below
        ]

    def showing(self, consent: str) -> list[Delivery]:
        """Deliveries that a withdrawal of this consent concerns: out, or still to go out."""
        over = (*ENDED_UNSENT, State.WITHDRAWN)
        found = self._safeguards.showing(consent)
        return [d for d in found if d.remote_ids or d.state not in over]

    def withdraw_consent(
        self, consent: str, *, actor: str, reason: str
    ) -> tuple[list[Delivery], list[Withdrawn]]:
        """Hold all that shows a picture of this consent and is not out; delete what is out.

        Returns the held deliveries, and the results of the others. A delivery that is uncertain or
        being sent is among the latter with its problem, and is held once it is known not to be out.
        """
        held = self._safeguards.hold(consent, reason, actor)
        showing = self._safeguards.showing(consent)
        out = [
            d
            for d in showing
            if d.remote_ids
            and d.state in WITHDRAWABLE
            and not d.content.edits  # gone with its post
        ]
        unclear = [d for d in showing if d.state in (State.UNCERTAIN, State.PUBLISHING)]
        return held, [
            *(self._take_down(delivery, actor, reason) for delivery in out),
            *(Withdrawn(delivery, _(_UNCLEAR[delivery.state])) for delivery in unclear),
        ]

    def found_gone(
        self, post: str, account: Accounts, *, actor: str, reason: str
    ) -> list[Withdrawn]:
        """Record a person's word that what could not be withdrawn is no longer on the account.

        For what Publisher can never delete, because the account or its keys are gone. Nothing is
        deleted. Raises NotPossible when no withdrawal has begun.
        """
        found = self._control.withdrawable(post, account, actor)
        begun = [delivery for delivery in found if delivery.withdrawn_ids is not None]
        if not begun:
            raise NotPossible(
                _("Nobody has tried to withdraw {post}.", post=post),
                hint=_("Without --gone, Publisher deletes it."),
            )
        done = []
        for delivery in begun:
            try:
                gone = self._withdrawals.found_gone(delivery, actor, reason)
            except Conflict:
                current = self._withdrawals.current(delivery)
                done.append(Withdrawn(current, _moved(current)))
            else:
                done.append(Withdrawn(gone))
        return done

    def go_on(self, claim: Claim) -> None:
        """Retry an incomplete withdrawal. A claim that is no longer valid does no harm."""
        if taken := self._withdrawals.take(claim):
            self._lanes.start(taken[0].account, lambda: self._go_on_if_taken(claim))

    def _go_on_if_taken(self, claim: Claim) -> None:
        """After a wait in the lane, check that the claim is still valid."""
        if taken := self._withdrawals.take(claim):
            delivery, reason = taken
            self._delete(delivery, ACTOR, reason, begun=True)

    def _take_down(
        self, delivery: Delivery, actor: str, reason: str, *, begun: bool = False
    ) -> Withdrawn:
        try:
            return self._delete(delivery, actor, reason, begun=begun)
        except PublisherError as error:  # the ledger is away: nothing is deleted without a record
            return Withdrawn(delivery, _remedy(error))

    def _delete(
        self, delivery: Delivery, actor: str, reason: str, *, begun: bool = False
    ) -> Withdrawn:
        """Delete part by part; if another process does the same, go on from its state.

        A part that is gone may be deleted again.
        """
        while delivery.state in WITHDRAWABLE:
            try:
                if not begun:
                    delivery = self._withdrawals.begin(delivery, actor, reason)
                    begun = True
                outcome = self._ask(delivery)
                if isinstance(outcome, Accepted) and self._withdrawals.may_come_back(delivery):
                    outcome = Deferred(Kind.UNAVAILABLE, _(_MAY_COME_BACK), limits=outcome.limits)
                if not isinstance(outcome, Accepted):
                    message = _not_gone(delivery, outcome)
                    return Withdrawn(
                        self._withdrawals.failed(delivery, actor, outcome, message), message
                    )
                delivery = self._withdrawals.deleted(delivery, actor, reason, outcome)
            except Conflict:
                delivery = self._withdrawals.current(delivery)
        return Withdrawn(delivery, _moved(delivery))

    def _ask(self, delivery: Delivery) -> Outcome:
        """Ask the platform to delete the last part that is out."""
        try:
            with self._channel_of(delivery.account) as channel:
                # With another owner's keys it may look deleted.
                if stranger := self._identity.check(delivery.account, channel):
                    return stranger
                return channel.withdraw(delivery.remote_ids[-1], delivery.prepared)
        except (ConfigurationError, CredentialsMissing) as problem:
            if isinstance(problem, AccountElsewhere):
                return Deferred(Kind.UNAVAILABLE, _remedy(problem))
            return AccountSuspended(Kind.AUTH, _remedy(problem))
        except PublisherError:
            raise  # the ledger is away
        except Exception:
            # A channel must not raise; if it does, the part may still have been deleted.
            log.exception("a channel raised", delivery=delivery.id, channel=delivery.channel)
            return Unknown(
                _("Publisher failed while it deleted the post; the error in its log says more.")
            )


def _not_gone(delivery: Delivery, outcome: Deferred | AccountSuspended | Refused | Unknown) -> str:
    """The message about the last part that may be out; without a number if it is not a thread."""
    reason, is_thread = outcome.message, len(delivery.content.parts) > 1
    if isinstance(outcome, StillOut) and is_thread:
        return _(
            "Part {number} is still out: delete it by hand now. {reason} Publisher tries again by "
            "itself.",
            number=len(delivery.remote_ids),
            reason=reason,
        )
    if isinstance(outcome, StillOut):
        return _(
            "It is still out: delete it by hand now. {reason} Publisher tries again by itself.",
            reason=reason,
        )
    if not is_thread:
        return _("It may still be out: {reason} Publisher tries again by itself.", reason=reason)
    return _(
        "Part {number} may still be out: {reason} Publisher tries again by itself.",
        number=len(delivery.remote_ids),
        reason=reason,
    )


def _moved(delivery: Delivery) -> str | None:
    if delivery.state is State.WITHDRAWN:
        return None
    return _(
        "Someone else changed it in the meantime: it is now {state}. Look at it, then withdraw "
        "it again.",
        state=state_name(delivery.state),
    )


def _remedy(problem: PublisherError) -> str:
    return joined(*problem.args[:1], problem.hint or "")
