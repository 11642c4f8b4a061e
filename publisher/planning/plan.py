"""What `queue` would change: the plan as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from publisher.language import later
from publisher.ledger.ledger import StoredPicture
from publisher.models import Delivery, Problem, Severity, Stop, Wish
from publisher.planning.costs import NOTHING, Cost


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
    stop: Stop | None = None
    """What becomes of it if it is not out, for STOP."""

    @property
    def concerns_a_stop(self) -> bool:
        """Whether it changes only what becomes of the delivery if it is not out."""
        return self.kind in (Change.STOP, Change.GO_ON)

    @property
    def voids(self) -> str | None:
        """Whose approval the change makes void."""
        if self.delivery is None or self.wish is None:
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

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    @property
    def voided(self) -> tuple[PlannedChange, ...]:
        """The changes that make an approval void."""
        return tuple(change for change in self.changes if change.voids)
