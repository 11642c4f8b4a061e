"""What queueing would change, for readers."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from publisher.base.formats import exact
from publisher.base.i18n import _
from publisher.model.states import State
from publisher.planning import Change, Plan, PlannedChange, edit_text, word_diff
from publisher.planning.change_details import Aspect
from publisher.planning.word_diff import Piece


@dataclass(frozen=True, slots=True)
class Rewording:
    """One text that changes."""

    label: str
    """What it is; nothing for the text of a post in one part."""
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What becomes of one delivery."""

    kind: Change
    account: str
    leaves_at: datetime
    was: datetime | None
    """When it was to leave, where that changes."""
    voids: str | None
    """Whose approval becomes void."""
    notes: Sequence[str]
    """Why, and what else than words is different."""
    rewordings: Sequence[Rewording]
    takes_out: bool
    """Whether a picture goes that is on the schedule."""
    state: State | None
    """What stands on the schedule; None for what comes onto it."""
    now: bool
    """Whether the draft says `now`, and so no time."""
    late: bool
    """Whether it goes out as soon as it is queued, because its time is over."""


def rows(plan: Plan, zone: tzinfo) -> list[ChangeRow]:
    return [_row(change, zone, late=change in plan.overdue) for change in plan.changes]


def beyond(plan: Plan, zone: tzinfo) -> list[ChangeRow]:
    """In what the drafts differ from what queueing them does not change."""
    return [_row(change, zone) for change in plan.beyond]


def is_risky(plan: Plan) -> bool:
    """Whether a person has to agree who has looked: an approval becomes void, or it goes out late."""
    return bool(plan.voided or plan.overdue)


def needs_a_word(plan: Plan) -> bool:
    """Whether a person has to agree who has not looked: also to more changes than a time."""
    return is_risky(plan) or any(change.kind is not Change.MOVE for change in plan.changes)


def digest(plan: Plan) -> str:
    """Another one when queueing would change anything else than what was shown."""
    changes = [
        (
            change.kind,
            change.post,
            change.account,
            change.note,
            # What is due at once is due later each time that it is looked at.
            change.wish
            and change.wish.model_dump_json(
                exclude={"due_at", "expires_at"} if change.at_once else None
            ),
            change.delivery and change.delivery.version,
            change in plan.overdue,
        )
        for change in plan.changes
    ]
    return hashlib.sha256(json.dumps(changes).encode()).hexdigest()


def _row(change: PlannedChange, zone: tzinfo, *, late: bool = False) -> ChangeRow:
    planned = change.wish or change.delivery
    assert planned is not None  # noqa: S101 - a change has a wish, a delivery or both
    was = change.delivery.leaves_at if change.wish and change.delivery else None
    leaves = planned.leaves_at

    shown = (Aspect.DUE_AT,) if was != leaves else ()
    return ChangeRow(
        kind=change.kind,
        account=change.account,
        leaves_at=leaves,
        was=was if was != leaves else None,
        voids=change.voids,
        notes=[
            note
            for note in (
                _(change.note),
                *edit_text.notes(change, lambda at: exact(at, zone), shown),
            )
            if note
        ],
        rewordings=[
            Rewording(one.label, word_diff.compare(one.old, one.new))
            for one in edit_text.comparisons(change)
        ],
        takes_out=any(
            one.aspect is Aspect.PICTURE and one.old is not None for one in edit_text.of(change)
        ),
        state=change.delivery.state if change.delivery else None,
        now=change.at_once,
        late=late,
    )
