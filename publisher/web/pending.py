"""What a draft says that the schedule does not: as the planner sees it, for every page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from publisher.app import Application
from publisher.drafts.editing import Manuscript
from publisher.ledger.manager.post_holds import can_be_held
from publisher.model.models import Delivery, Problem
from publisher.model.states import ENDED_UNSENT, State
from publisher.planning import Change, Plan
from publisher.web import plan_view
from publisher.web.plan_view import ChangeRow


@dataclass(frozen=True, slots=True)
class Pending:
    """What becomes of a post when its draft is queued."""

    rows: Sequence[ChangeRow]
    """Empty: the schedule is as the draft says, as far as it can be read."""
    broken: bool
    """Whether errors keep it from being queued."""
    shown: str
    """The digest of what queueing would change."""
    problems: Sequence[Problem]
    """What is wrong with the draft, and what stands against queueing it as it is."""
    beyond: Sequence[ChangeRow]
    """What the draft says, and queueing does not change: it is out, or a person took it off."""
    stands: bool
    """Whether anything of the post may still go out as it is on the schedule."""
    holdable: Collection[str]
    """The accounts on which a person may keep it back."""

    @property
    def touched(self) -> Collection[str]:
        """The accounts on whose schedule anything would change."""
        return {row.account for row in self.rows}

    @property
    def accounts(self) -> Collection[str]:
        """Those that would get something else to show than the ledger has for them."""
        kinds = (Change.ADD, Change.EDIT, Change.RESTORE, Change.STOP)
        return {row.account for row in self.rows if row.kind in kinds}

    @property
    def out(self) -> Sequence[ChangeRow]:
        """Those of `beyond` whose readers see what was published."""
        return [row for row in self.beyond if row.state is State.PUBLISHED]

    @property
    def retried(self) -> Sequence[ChangeRow]:
        """What the draft says else than what a retry sends."""
        return [
            row
            for row in (*self.rows, *self.beyond)
            if row.state in ENDED_UNSENT and (row.rewordings or row.notes or row.was)
        ]


def of(
    app: Application,
    draft: Manuscript | None,
    standing: Sequence[Delivery],
    plan: Plan | None = None,
) -> Pending:
    """`draft`: None where it cannot be read; `standing`: what the ledger has of its post.

    `plan`: what queueing `draft` changes, where that was asked already.
    """
    if draft and plan is None:
        plan = app.planner.plan([draft.path])
    zone = app.session().zone
    return Pending(
        rows=plan_view.rows(plan, zone) if plan else (),
        broken=plan is None or bool(plan.errors),
        shown=plan_view.digest(plan) if plan else "",
        problems=plan.problems if plan else (),
        beyond=plan_view.beyond(plan, zone) if plan else (),
        stands=any(delivery.in_reach or delivery.may_be_out for delivery in standing),
        holdable=[d.account for d in standing if can_be_held(d) and not d.halt],
    )
