"""What `queue` would change: the plan as a value."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from publisher.base.i18n import later, plural
from publisher.ledger.enqueue import StoredPicture
from publisher.model.models import Delivery, Problem, Severity, Stop, Wish
from publisher.model.states import State
from publisher.planning.costs import NOTHING, Cost

_NEWS = timedelta(days=1)
"""For so long after its expiry, what was missed is told of."""


class Change(StrEnum):
    """What queueing does to one delivery. Scripts read the values; people, translated, by `_`."""

    ADD = later("add")
    EDIT = later("edit")
    MOVE = later("move")
    HOLD = later("hold")
    RELEASE = later("release")
    RESTORE = later("restore")
    CANCEL = later("cancel")
    STOP = later("stop")
    """It may be out, so that it changes only once it is known that it is not."""
    GO_ON = later("go on")
    """It was to be stopped, and need not be any more."""


def counted(kind: Change, number: int) -> str:
    """How many changes are of that kind, for people: `2 edited`."""
    return {
        Change.ADD: plural("{number} added", "{number} added", number),
        Change.EDIT: plural("{number} edited", "{number} edited", number),
        Change.MOVE: plural("{number} moved", "{number} moved", number),
        Change.HOLD: plural("{number} held", "{number} held", number),
        Change.RELEASE: plural("{number} released", "{number} released", number),
        Change.RESTORE: plural("{number} restored", "{number} restored", number),
        Change.CANCEL: plural("{number} cancelled", "{number} cancelled", number),
        Change.STOP: plural("{number} stopped if not out", "{number} stopped if not out", number),
        Change.GO_ON: plural(
            "{number} not stopped any more", "{number} not stopped any more", number
        ),
    }[kind]


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One line of a plan."""

    kind: Change
    post: str
    account: str
    wish: Wish | None = None
    """What is wanted; None for CANCEL, STOP and GO_ON."""
    delivery: Delivery | None = None
    """What stands in the ledger; None for ADD."""
    note: str = ""
    anchor: str | None = None
    """The agenda item that the draft's time hangs on."""
    embargo_anchor: str | None = None
    """The agenda item that its embargo hangs on."""
    stop: Stop | None = None
    """What becomes of it if it is not out, for STOP."""
    at_once: bool = False
    """Whether the draft says `now`, so that its time is that of the comparison."""

    @property
    def is_new(self) -> bool:
        """Whether it comes onto the schedule."""
        return self.kind in (Change.ADD, Change.RESTORE)

    @property
    def concerns_a_stop(self) -> bool:
        """Whether it changes only what becomes of the delivery if it is not out."""
        return self.kind in (Change.STOP, Change.GO_ON)

    @property
    def voids(self) -> str | None:
        """Whose approval the change makes void."""
        if self.delivery is None or self.concerns_a_stop:
            return None
        return self.delivery.approved_by


class Stopped(NamedTuple):
    """What its draft wants, and what still does not go out, because it was stopped."""

    post: str
    account: str
    state: str
    """`cancelled`, `held`, `rejected` or `missed`."""
    by_hand: bool
    """Whether a person stopped it, and not its draft or the agenda."""
    reason: str | None
    until: datetime | None
    """When it does not matter any more: it expires, or was missed a day ago."""

    @classmethod
    def of(cls, delivery: Delivery) -> "Stopped | None":
        """None for what is not stopped."""
        state, until = delivery.state, delivery.expires_at
        if state not in (State.CANCELLED, State.HELD, State.REJECTED, State.MISSED):
            return None
        if state is State.MISSED and until is not None:
            until += _NEWS
        by_hand = state is not State.HELD or delivery.halt is not None
        return cls(
            delivery.post,
            delivery.account,
            str(state),
            by_hand,
            delivery.reason,
            until,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What `queue` would change, and what is in its way."""

    changes: tuple[PlannedChange, ...]
    problems: tuple[Problem, ...]
    pictures: Mapping[str, StoredPicture] = field(default_factory=dict)
    cost: Cost = NOTHING
    """On X, of what is added to the schedule."""
    cost_of_edits: Decimal = Decimal()
    """How much more X charges for what was on the schedule already, in US dollars; below 0: less."""
    on_schedule: int = 0
    """How many deliveries wait in the ledger, those of other drafts as well."""
    undated: int = 0
    """How many drafts say no time, so that nothing of them goes onto the schedule."""
    overdue: tuple[PlannedChange, ...] = ()
    """What goes out as soon as it is queued, because its time is over."""
    repeated: tuple[PlannedChange, ...] = ()
    """What says `at: now` and may be out already, under another name or in other words."""
    stopped: tuple[Stopped, ...] = ()
    """What is not changed and does not go out either, though its draft wants it."""
    as_queued: tuple[Delivery, ...] = ()
    """What goes out with the text and time of before, because its draft has errors now."""
    beyond: tuple[PlannedChange, ...] = ()
    """In what drafts differ from what queueing them does not change: what is out, and what a person
    took off the schedule.
    """

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    @property
    def voided(self) -> tuple[PlannedChange, ...]:
        """The changes that make an approval void."""
        return tuple(change for change in self.changes if change.voids)

    @property
    def doubted(self) -> tuple[PlannedChange, ...]:
        """The changes of what may be out already, and so is given to a person."""
        return tuple(c for c in self.changes if c.wish and c.wish.state is State.UNCERTAIN)

    @property
    def cancelled(self) -> tuple[PlannedChange, ...]:
        return tuple(change for change in self.changes if change.kind is Change.CANCEL)

    @property
    def cancels_most(self) -> bool:
        """Whether so much goes off the schedule that drafts may have got lost."""
        return len(self.cancelled) > self.on_schedule / 2

    @property
    def in_numbers(self) -> str:
        """How many changes there are of each kind, for people: `1 added, 2 held`."""
        numbers = Counter(change.kind for change in self.changes)
        return ", ".join(counted(kind, numbers[kind]) for kind in Change if numbers[kind])
