"""What `queue` would change: the plan as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from publisher.language import later
from publisher.ledger.ledger import StoredPicture
from publisher.models import Delivery, Problem, Severity, Stop, Wish
from publisher.planning.costs import NOTHING, Cost

_FEW = 5
"""So many deliveries are cancelled without a question, if nobody approved them."""


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
    is_whole: bool = True
    """As the library that it was made from."""
    on_schedule: int = 0
    """How many deliveries wait in the ledger, those of other drafts as well."""
    undated: int = 0
    """How many drafts say no time, so that nothing of them goes onto the schedule."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    @property
    def voided(self) -> tuple[PlannedChange, ...]:
        """The changes that make an approval void."""
        return tuple(change for change in self.changes if change.voids)

    @property
    def cancelled(self) -> tuple[PlannedChange, ...]:
        return tuple(change for change in self.changes if change.kind is Change.CANCEL)

    @property
    def cancels_most(self) -> bool:
        """Whether so much goes off the schedule that drafts may have got lost."""
        number = len(self.cancelled)
        return number > _FEW and number > self.on_schedule / 2
