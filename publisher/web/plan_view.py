"""Plan for readers: the changes that queueing would make."""

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
class ChangeRow:
    """The change of one delivery."""

    kind: Change
    account: str
    not_before: datetime
    was: datetime | None
    """The old time, if it changes."""
    voids: str | None
    """The person whose approval becomes void."""
    notes: Sequence[str]
    """The reason, and differences other than texts."""
    rewordings: Sequence[tuple[str, Sequence[Piece]]]
    """The name (empty for the text of a post in one part) and word diff of each text."""
    takes_out: bool
    """Whether a scheduled picture is removed."""
    state: State | None
    """The state on the schedule; None for a new delivery."""
    now: bool
    """Whether the draft says `now` instead of a time."""
    late: bool
    """Whether it goes out as soon as it is queued, because its time is over."""


def rows(plan: Plan, zone: tzinfo) -> list[ChangeRow]:
    return [_row(change, zone, late=change in plan.overdue) for change in plan.changes]


def beyond(plan: Plan, zone: tzinfo) -> list[ChangeRow]:
    """Differences between drafts and ledger that queueing does not apply."""
    return [_row(change, zone) for change in plan.beyond]


def is_risky(plan: Plan) -> bool:
    """Whether a person who saw the plan must confirm: it voids an approval, or a post is late."""
    return bool(plan.voided or plan.overdue)


def needs_a_word(plan: Plan) -> bool:
    """Whether a person who has not seen the plan must confirm: also for more than a new time."""
    return is_risky(plan) or any(change.kind is not Change.MOVE for change in plan.changes)


def digest(plan: Plan) -> str:
    """Digest of a plan: it differs if queueing would change anything else than was shown."""
    changes = [
        (
            change.kind,
            change.post,
            change.account,
            change.note,
            # A post that is due at once has a later time in each plan.
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
    was = change.delivery.not_before if change.wish and change.delivery else None
    leaves = planned.not_before
    shown = (Aspect.DUE_AT,) if was != leaves else ()
    return ChangeRow(
        kind=change.kind,
        account=change.account,
        not_before=leaves,
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
            (one.label, word_diff.compare(one.old, one.new))
            for one in edit_text.comparisons(change)
        ],
        takes_out=any(
            one.aspect is Aspect.PICTURE and one.old is not None for one in edit_text.of(change)
        ),
        state=change.delivery.state if change.delivery else None,
        now=change.at_once,
        late=late,
    )
