"""What `queue` would change: the plan as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from publisher.ledger.ledger import StoredPicture
from publisher.models import Delivery, Problem, Severity, Wish


class Change(StrEnum):
    """What queueing does to one delivery."""

    ADD = "add"
    EDIT = "edit"
    MOVE = "move"
    HOLD = "hold"
    RELEASE = "release"
    RESTORE = "restore"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One line of a plan."""

    kind: Change
    post: str
    account: str
    wish: Wish | None = None
    """What is wanted; None for CANCEL."""
    delivery: Delivery | None = None
    """What stands in the ledger; None for ADD."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What `queue` would change, and what is in its way."""

    changes: tuple[PlannedChange, ...]
    problems: tuple[Problem, ...]
    pictures: Mapping[str, StoredPicture] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)
