"""What a draft says that the schedule does not: as the planner sees it, for every page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from publisher.app import Application
from publisher.drafts.editing import Manuscript
from publisher.ledger.manager.post_holds import can_be_held
from publisher.model.models import Delivery
from publisher.planning import Change, Plan
from publisher.web import plan_view
from publisher.web.plan_view import Row


@dataclass(frozen=True, slots=True)
class Pending:
    """What becomes of a post when its draft is queued."""

    rows: Sequence[Row]
    """Empty: the schedule is as the draft says, as far as it can be read."""
    broken: bool
    """Whether errors keep it from being queued."""
    seen: str
    """The digest of the draft that was compared."""
    stands: bool
    """Whether anything of the post may still go out as it is on the schedule."""
    can_be_held: bool

    @property
    def accounts(self) -> Collection[str]:
        """Those that would get something else to show than the ledger has for them."""
        kinds = (Change.ADD, Change.EDIT, Change.RESTORE, Change.STOP)
        return {row.account for row in self.rows if row.kind in kinds}


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
    return Pending(
        rows=plan_view.rows(plan, app.session().zone) if plan else (),
        broken=plan is None or bool(plan.errors),
        seen=draft.digest if draft else "",
        stands=any(delivery.in_reach or delivery.may_be_out for delivery in standing),
        can_be_held=any(can_be_held(delivery) and not delivery.halt for delivery in standing),
    )
