"""Plan: the changes that `queue` would make, as a value."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from publisher.base.i18n import later, plural
from publisher.ledger.enqueue import StoredPicture
from publisher.ledger.picture_consents import PictureConsent
from publisher.ledger.unread_drafts import UnreadDraft
from publisher.model.deliveries import Delivery, PendingStop, Wish
from publisher.model.problems import FORESEEN, LEFT_OUT
from publisher.model.states import State
from publisher.model.values import Problem, Severity
from publisher.planning.costs import NOTHING, Cost

_NEWS = timedelta(days=1)
"""How long after its expiry a missed delivery is reported."""


class Change(StrEnum):
    """The kind of change to one delivery. Scripts read the values; people read translations."""

    ADD = later("add")
    EDIT = later("edit")
    MOVE = later("move")
    HOLD = later("hold")
    RELEASE = later("release")
    RESTORE = later("restore")
    CANCEL = later("cancel")
    STOP = later("stop")
    """It may be out: it is held or cancelled once it is known that it is not."""
    GO_ON = later("continue")
    """Its pending stop is dropped."""


def counted(kind: Change, number: int) -> str:
    """Format a number of changes of one kind, for people: `2 edited`."""
    return {
        Change.ADD: plural("{number} added", "{number} added", number),
        Change.EDIT: plural("{number} edited", "{number} edited", number),
        Change.MOVE: plural("{number} moved", "{number} moved", number),
        Change.HOLD: plural("{number} held", "{number} held", number),
        Change.RELEASE: plural("{number} released", "{number} released", number),
        Change.RESTORE: plural("{number} restored", "{number} restored", number),
        Change.CANCEL: plural("{number} cancelled", "{number} cancelled", number),
        Change.STOP: plural("{number} stopped if not out", "{number} stopped if not out", number),
        Change.GO_ON: plural("{number} no longer stopped", "{number} no longer stopped", number),
    }[kind]


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One change of a plan: a post on an account."""

    kind: Change
    post: str
    account: str
    wish: Wish | None = None
    """The desired state; None for CANCEL, STOP and GO_ON."""
    delivery: Delivery | None = None
    """The state in the ledger; None for ADD."""
    note: str = ""
    anchor: str | None = None
    """The agenda item that the draft's time is relative to."""
    embargo_anchor: str | None = None
    """The agenda item that its embargo is relative to."""
    pending_stop: PendingStop | None = None
    """The pending stop, for STOP: applied if it is not out."""
    at_once: bool = False
    """Whether the draft says `now`: its time is that of the comparison."""

    @property
    def is_new(self) -> bool:
        """Whether the delivery is new on the schedule."""
        return self.kind in (Change.ADD, Change.RESTORE)

    @property
    def is_held(self) -> bool:
        """Whether it does not go out then: `note` says why."""
        by_hand = self.delivery is not None and self.delivery.manual_hold is not None
        return self.wish is not None and (self.wish.state is State.HELD or by_hand)

    @property
    def awaits_approval(self) -> bool:
        """Whether somebody has to approve it then."""
        waits = self.wish is not None and self.wish.state is State.AWAITING_APPROVAL
        return waits and not self.is_held

    @property
    def concerns_a_stop(self) -> bool:
        """Whether it changes only the delivery's pending stop."""
        return self.kind in (Change.STOP, Change.GO_ON)

    @property
    def voids(self) -> str | None:
        """The person whose approval the change makes void."""
        if self.delivery is None or self.concerns_a_stop:
            return None
        return self.delivery.approved_by


class Stopped(NamedTuple):
    """A delivery that its draft wants, and that does not go out because it was stopped."""

    post: str
    account: str
    state: str
    """`cancelled`, `held`, `rejected` or `missed`."""
    by_hand: bool
    """Whether a person stopped it, rather than its draft or the agenda."""
    reason: str | None
    until: datetime | None
    """When the report ends: at its expiry, or one day after it was missed."""

    @classmethod
    def of(cls, delivery: Delivery) -> "Stopped | None":
        """The stop of a delivery; None if it is not stopped."""
        state, until = delivery.state, delivery.expires_at
        if state not in (State.CANCELLED, State.HELD, State.REJECTED, State.MISSED):
            return None
        if state is State.MISSED and until is not None:
            until += _NEWS
        by_hand = state is not State.HELD or delivery.manual_hold is not None
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
    """The changes that `queue` would make, with problems, costs and warnings."""

    changes: tuple[PlannedChange, ...]
    problems: tuple[Problem, ...]
    pictures: Mapping[str, StoredPicture] = field(default_factory=dict)
    consents: frozenset[PictureConsent] = frozenset()
    """What is known of the pictures, for the ledger to keep."""
    cost: Cost = NOTHING
    """The cost on X of new deliveries."""
    cost_of_edits: Decimal = Decimal()
    """Change in X's charges for deliveries already on the schedule, in US dollars."""
    answers_per_day: Decimal = Decimal()
    """The most that reading the answers to new deliveries costs in a day, in US dollars."""
    on_schedule: int = 0
    """Number of waiting deliveries in the ledger, including those of other drafts."""
    undated: int = 0
    """Number of drafts without a time, which are not put on the schedule."""
    overdue: tuple[PlannedChange, ...] = ()
    """Changes that go out as soon as they are queued, because their time is over."""
    repeated: tuple[PlannedChange, ...] = ()
    """Changes of `at: now` drafts that may be out already, under another name or wording."""
    stopped: tuple[Stopped, ...] = ()
    """Deliveries that do not change and do not go out, although their drafts want it."""
    as_queued: tuple[Delivery, ...] = ()
    """Deliveries that go out as queued before, because their drafts have errors now, or no person
    has read them.
    """
    unread: tuple[UnreadDraft, ...] = ()
    """What programs wrote, and is left out until a person has read it."""
    beyond: tuple[PlannedChange, ...] = ()
    """Differences that queueing does not apply: the post is out, or a person took it off the
    schedule.
    """

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    marks: tuple[UnreadDraft, ...] = ()
    """All that programs wrote and nobody had read, before the drafts of this plan were."""

    @property
    def left_out(self) -> tuple[Problem, ...]:
        """Why drafts, or their parts for some accounts, are not queued though they have no error.

        What they answer or correct is not there, or needs nothing, or no person has read them since
        a program wrote them.
        """
        warnings = (p for p in self.problems if p.severity is Severity.WARNING)
        return tuple(p for p in warnings if p.code in LEFT_OUT)

    @property
    def foreseen(self) -> tuple[Problem, ...]:
        """The warnings that are no fault of a draft, which whoever queues it is told too."""
        return tuple(problem for problem in self.problems if problem.code in FORESEEN)

    @property
    def overtaken(self) -> tuple[str, ...]:
        """The posts that go out as they were queued, as their drafts say something else by now."""
        kept = (c for c in self.changes if c.delivery and c.kind in (Change.EDIT, Change.MOVE))
        return tuple(sorted({change.post for change in kept}))

    @property
    def not_as_out(self) -> tuple[str, ...]:
        """The posts whose drafts say something else than is out."""
        out = (c for c in self.beyond if c.delivery and c.delivery.state is State.PUBLISHED)
        return tuple(sorted({change.post for change in out}))

    @property
    def is_as_drafted(self) -> bool:
        """Whether the schedule is as the drafts say."""
        return not (self.changes or self.stopped or self.left_out)

    @property
    def voided(self) -> tuple[PlannedChange, ...]:
        """The changes that make an approval void."""
        return tuple(change for change in self.changes if change.voids)

    @property
    def doubted(self) -> tuple[PlannedChange, ...]:
        """The changes that make a delivery uncertain, because it may be out already."""
        return tuple(c for c in self.changes if c.wish and c.wish.state is State.UNCERTAIN)

    @property
    def cancelled(self) -> tuple[PlannedChange, ...]:
        return tuple(change for change in self.changes if change.kind is Change.CANCEL)

    @property
    def cancels_most(self) -> bool:
        """Whether it cancels more than half of the schedule: drafts may have been lost."""
        return len(self.cancelled) > self.on_schedule / 2

    @property
    def in_numbers(self) -> str:
        """The number of changes of each kind, for people: `1 added, 2 held`."""
        numbers = Counter(change.kind for change in self.changes)
        return ", ".join(counted(kind, numbers[kind]) for kind in Change if numbers[kind])
