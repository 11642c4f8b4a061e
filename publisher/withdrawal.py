"""Taking a post down from its platforms, part by part, on record."""

from collections.abc import Callable
from dataclasses import dataclass

from publisher.channels.base import Channel
from publisher.language import _, later
from publisher.ledger.control import WITHDRAWABLE, Control
from publisher.ledger.safeguards import Safeguards
from publisher.models import Delivery
from publisher.outcome import Accepted
from publisher.states import State

_UNCLEAR = {
    State.UNCERTAIN: later("It may be out: resolve it first, then withdraw it."),
    State.PUBLISHING: later("It is going out at this moment: withdraw it once it is out."),
}


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What became of one delivery."""

    delivery: Delivery
    problem: str | None = None
    """Why something of it may still be out; withdrawing again does no harm."""


class Withdrawal:
    """Deletes what is out."""

    def __init__(
        self, control: Control, safeguards: Safeguards, channel_of: Callable[[str], Channel]
    ) -> None:
        self._control = control
        self._safeguards = safeguards
        self._channel_of = channel_of

    def withdraw(
        self, post: str, account: str | None, *, actor: str, reason: str
    ) -> list[Withdrawn]:
        """Delete a post from its platforms; a thread from its end, so that nothing hangs loose.

        Each delivery is on record as withdrawn only when the platform confirmed every part.
        NotPossible when nothing of the post is out.
        """
        return [
            self._take_down(delivery, actor, reason)
            for delivery in self._control.withdrawable(post, account)
        ]

    def withdraw_consent(
        self, consent: str, *, actor: str, reason: str
    ) -> tuple[list[Delivery], list[Withdrawn]]:
        """Hold whatever shows a picture of this consent and is not out; take down what is.

        Gives what was held, and what became of the others; what may be out without being known,
        or is on its way at this moment, is among these with its problem.
        """
        held = self._safeguards.hold(consent, reason, actor)
        showing = self._safeguards.showing(consent)
        out = [d for d in showing if d.remote_ids and d.state in WITHDRAWABLE]
        unclear = [d for d in showing if d.state in (State.UNCERTAIN, State.PUBLISHING)]
        return held, [
            *(self._take_down(delivery, actor, reason) for delivery in out),
            *(Withdrawn(delivery, _(_UNCLEAR[delivery.state])) for delivery in unclear),
        ]

    def _take_down(self, delivery: Delivery, actor: str, reason: str) -> Withdrawn:
        channel = self._channel_of(delivery.account)
        for number, remote_id in reversed(list(enumerate(delivery.remote_ids, 1))):
            outcome = channel.withdraw(remote_id)
            if not isinstance(outcome, Accepted):
                message = _("Part {number}: {reason}", number=number, reason=outcome.message)
                return Withdrawn(self._control.not_withdrawn(delivery, actor, message), message)
        return Withdrawn(self._control.withdrawn(delivery, actor, reason))
