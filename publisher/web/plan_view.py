"""Plan for readers: the changes that queueing would make, and what of a draft is not queued."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from publisher.app import Application
from publisher.base.formats import exact
from publisher.base.i18n import _
from publisher.drafts.editing import Manuscript
from publisher.ledger.manager.post_holds import can_be_held
from publisher.model.deliveries import Delivery, Wish
from publisher.model.states import ENDED_UNSENT, State
from publisher.model.values import Problem
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
    is_undecided: bool = False
    """Whether a person must say if there was another ledger, which may have published it."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The changes to a post's deliveries when its draft is queued."""

    rows: Sequence[ChangeRow]
    """Empty: the schedule matches the draft, as far as it can be read."""
    broken: bool
    """Whether errors prevent queueing."""
    shown: str
    """The digest of the changes that queueing would make."""
    problems: Sequence[Problem]
    """Problems of the draft, and reasons against queueing it as it is."""
    left_out: bool
    """Whether a problem that is no error keeps it off the schedule."""
    beyond: Sequence[ChangeRow]
    """Differences that queueing does not apply: the post is out, or a person removed it."""
    stands: bool
    """Whether a delivery may still go out, or may be out, as the schedule has it."""
    holdable: Collection[str]
    """The accounts on which a person may hold it."""

    @property
    def touched(self) -> Collection[str]:
        """The accounts whose schedule would change."""
        return {row.account for row in self.rows}

    @property
    def accounts(self) -> Collection[str]:
        """The accounts that would get other content than the ledger has."""
        kinds = (Change.ADD, Change.EDIT, Change.RESTORE, Change.STOP)
        return {row.account for row in self.rows if row.kind in kinds}

    @property
    def out(self) -> Sequence[ChangeRow]:
        """The rows of `beyond` whose old content is published."""
        return [row for row in self.beyond if row.state is State.PUBLISHED]

    @property
    def retried(self) -> Sequence[ChangeRow]:
        """The rows in which the draft differs from what a retry would send."""
        return [
            row
            for row in (*self.rows, *self.beyond)
            if row.state in ENDED_UNSENT and (row.rewordings or row.notes or row.was)
        ]


def pending(app: Application, draft: Manuscript | None, standing: Sequence[Delivery]) -> Pending:
    """Find the pending changes of a draft; None: it cannot be read. `standing`: its deliveries."""
    return pending_of(app, app.planner.plan([draft.path]) if draft else None, standing)


def pending_of(app: Application, plan: Plan | None, standing: Sequence[Delivery] = ()) -> Pending:
    """The pending changes of a draft, if the changes of queueing it are known already."""
    zone = app.session().zone
    return Pending(
        rows=rows(plan, zone) if plan else (),
        broken=plan is None or bool(plan.errors),
        shown=digest(plan) if plan else "",
        problems=plan.problems if plan else (),
        left_out=plan is not None and bool(plan.left_out),
        beyond=beyond(plan, zone) if plan else (),
        stands=any(delivery.in_reach or delivery.may_be_out for delivery in standing),
        holdable=[d.account for d in standing if can_be_held(d) and not d.manual_hold],
    )


def rows(plan: Plan, zone: tzinfo) -> list[ChangeRow]:
    return [
        replace(
            _row(change, zone, late=change in plan.overdue),
            is_undecided=change in plan.undecided,
        )
        for change in plan.changes
    ]


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


def since_approval(delivery: Delivery, approved: Delivery, zone: tzinfo) -> ChangeRow:
    """What was changed of a delivery since it was `approved`."""
    now = Wish.model_validate(delivery.model_dump(include=set(Wish.model_fields)))
    change = PlannedChange(Change.EDIT, delivery.post, delivery.account, now, approved)
    return _row(change, zone)


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
