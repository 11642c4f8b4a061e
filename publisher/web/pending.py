"""Pending changes of a draft: its differences from the schedule, as the planner finds them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from publisher.app import Application
from publisher.drafts.editing import Manuscript
from publisher.ledger.manager.post_holds import can_be_held
from publisher.model.deliveries import Delivery
from publisher.model.states import ENDED_UNSENT, State
from publisher.model.values import Problem
from publisher.planning import Change, Plan
from publisher.web import plan_view
from publisher.web.plan_view import ChangeRow


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


def of(app: Application, draft: Manuscript | None, standing: Sequence[Delivery]) -> Pending:
    """Find the pending changes of a draft; None: it cannot be read. `standing`: its deliveries."""
    return of_plan(app, app.planner.plan([draft.path]) if draft else None, standing)


def of_plan(app: Application, plan: Plan | None, standing: Sequence[Delivery] = ()) -> Pending:
    """The pending changes of a draft, if the changes of queueing it are known already."""
    zone = app.session().zone
    return Pending(
        rows=plan_view.rows(plan, zone) if plan else (),
        broken=plan is None or bool(plan.errors),
        shown=plan_view.digest(plan) if plan else "",
        problems=plan.problems if plan else (),
        beyond=plan_view.beyond(plan, zone) if plan else (),
        stands=any(delivery.in_reach or delivery.may_be_out for delivery in standing),
        holdable=[d.account for d in standing if can_be_held(d) and not d.manual_hold],
    )
