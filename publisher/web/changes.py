"""What queueing would change, for readers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from publisher.language import _
from publisher.models import Delivery, Wish
from publisher.planning import Change, Plan, PlannedChange, wording
from publisher.planning.wording import Piece


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of one delivery."""

    kind: Change
    account: str
    leaves_at: datetime
    was: datetime | None
    """When it was to leave, where that changes."""
    voids: str | None
    """Whose approval becomes void."""
    note: str
    rewordings: Sequence[Sequence[Piece]]
    """Each part of its text that changes, old and new."""


def rows(plan: Plan) -> list[Row]:
    return [_row(change) for change in plan.changes]


def needs_a_word(plan: Plan) -> bool:
    """Whether a person has to agree: more changes than a time, or an approval becomes void."""
    return bool(plan.voided) or any(change.kind is not Change.MOVE for change in plan.changes)


def _row(change: PlannedChange) -> Row:
    planned = change.wish or change.delivery
    assert planned is not None  # noqa: S101 - a change has a wish, a delivery or both
    was = change.delivery.leaves_at if change.wish and change.delivery else None
    leaves = _leaves_at(planned)
    return Row(
        kind=change.kind,
        account=change.account,
        leaves_at=leaves,
        was=was if was != leaves else None,
        voids=change.voids,
        note="" if change.kind is Change.MOVE else _(change.note),
        rewordings=list(_rewordings(change)),
    )


def _leaves_at(planned: Wish | Delivery) -> datetime:
    return max(planned.due_at, planned.embargo_until or planned.due_at)


def _rewordings(change: PlannedChange) -> Iterator[Sequence[Piece]]:
    if change.wish is None or change.delivery is None:
        return
    for old, new in zip_longest(change.delivery.content.parts, change.wish.content.parts):
        before, after = old.text if old else "", new.text if new else ""
        if before != after:
            yield wording.compare(before, after)
