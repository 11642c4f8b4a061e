"""Visibility: what the public sees of a delivery, in numbers and in words.

Log, history, status, report, pages, notices, API and webhooks all say it from here, so that none of
them calls published what is not out, or missed what readers see half of.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from publisher.base.i18n import _, later
from publisher.model.deliveries import Delivery
from publisher.model.states import State

_NOT_OUT = {
    State.AWAITING_APPROVAL: later("waits for approval, will not leave before"),
    State.REJECTED: later("rejected: will not leave as it is"),
    State.HELD: later("held: will not leave as it is"),
    State.SCHEDULED: later("on the schedule: nothing is out yet"),
    State.PUBLISHING: later("about to leave"),
    State.UNCERTAIN: later("uncertain: it may be out or not"),
    State.FAILED: later("failed: nothing is out"),
    State.MISSED: later("missed: nothing is out"),
    State.CANCELLED: later("cancelled: nothing is out"),
    State.WITHDRAWN: later("withdrawn: nothing is out any more"),
    State.PUBLISHED: later("out; where is not known"),
}
_REST = {
    State.SCHEDULED: later("the rest follows"),
    State.PUBLISHING: later("the rest follows"),
    State.AWAITING_APPROVAL: later("the rest waits"),
    State.REJECTED: later("the rest waits"),
    State.HELD: later("the rest waits"),
    State.UNCERTAIN: later("whether the rest is out is not known"),
}
"""What becomes of the other parts of a thread; in all other states they do not follow."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """What the public sees of a delivery."""

    state: State
    parts: int
    """Of the thread, its first comment included; 1 for a post alone."""
    out: int
    """Number of parts that are public, as far as is known: the first ones."""
    since: datetime | None
    """When the first part went out; None: nothing did, or it is not known when."""
    is_being_sent: bool = False
    is_being_withdrawn: bool = False

    @classmethod
    def of(cls, delivery: Delivery) -> "Visibility":
        return cls(
            state=delivery.state,
            parts=len(delivery.content.parts),
            out=len(delivery.remote_ids),
            since=None if delivery.is_reported else delivery.published_at,
            is_being_sent=delivery.state is State.PUBLISHING and delivery.may_be_out,
            is_being_withdrawn=delivery.withdrawn_ids is not None,
        )

    @property
    def is_partial(self) -> bool:
        """Whether the public sees a part of it, and not all."""
        return 0 < self.out < self.parts

    @property
    def is_half_out(self) -> bool:
        """Whether a part of it is out, and the rest does not follow by itself."""
        return self.is_partial and self.state not in (State.SCHEDULED, State.PUBLISHING)

    @property
    def needs_words(self) -> bool:
        """Whether its state alone does not say what the public sees."""
        failed = self.state in (State.FAILED, State.MISSED)
        return failed or self.is_partial or (self.is_being_withdrawn and self.out > 0)

    @property
    def count(self) -> str:
        """How many parts are out: `2 of 3 parts out`."""
        return _("{out} of {parts} parts out", out=self.out, parts=self.parts)

    def in_words(self, spell: Callable[[datetime], str]) -> str:
        """What the public sees, as the end of a sentence; `spell` formats an instant."""
        if not self.out:
            return _("is being sent, may be out") if self.is_being_sent else _(_NOT_OUT[self.state])
        rest = self._rest()
        if not rest:
            return self._begun(spell)
        return _("{parts}; {rest}", parts=self._begun(spell), rest=rest)

    def _begun(self, spell: Callable[[datetime], str]) -> str:
        if self.out < self.parts:
            if self.since is None:
                return self.count
            time = spell(self.since)
            return _(
                "{out} of {parts} parts out since {time}",
                out=self.out, parts=self.parts, time=time,
            )  # fmt: skip
        if self.since is None:
            return _("out; when it left is not known")
        return _("out since {time}", time=spell(self.since))

    def _rest(self) -> str:
        if self.is_being_withdrawn:
            return _("it is being withdrawn")
        if not self.is_partial:
            return ""
        return _(_REST.get(self.state, later("the rest does not follow")))


def in_utc(instant: datetime) -> str:
    """An instant as programs are told it, for `Visibility.in_words`."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
