"""Plan as data, for scripts and programs: `publisher plan --json`, and the API."""

from datetime import datetime
from typing import Any

from publisher.base.formats import instant_text
from publisher.model.deliveries import Delivery, Wish
from publisher.planning import edit_text
from publisher.planning.change_details import Detail
from publisher.planning.plan import Plan, PlannedChange


def as_json(plan: Plan) -> dict[str, Any]:
    """A plan as data: `changes`, `cost_on_x`, `stopped`, `as_queued` and `problems`."""
    return {
        "changes": [
            {
                "change": change.kind,
                "post": change.post,
                "account": change.account,
                "due_at": instant_text(_planned(change).due_at),
                "was_due_at": _was_due_at(change),
                "anchor": change.anchor,
                "voids_approval_by": change.voids,
                "note": change.note or None,
                "changed": [_in_json(detail) for detail in edit_text.of(change)],
            }
            for change in plan.changes
        ],
        "cost_on_x": {
            "posts": plan.cost.posts,
            "with_link": plan.cost.with_link,
            "alt_texts": plan.cost.alt_texts,
            "readings": plan.cost.readings,
            "usd": str(plan.cost.amount),
            "usd_of_edits": str(plan.cost_of_edits),
        },
        "stopped": [
            {"post": one.post, "account": one.account, "state": one.state, "reason": one.reason}
            for one in plan.stopped
        ],
        "as_queued": [
            {
                "post": delivery.post,
                "account": delivery.account,
                "not_before": instant_text(delivery.not_before),
            }
            for delivery in plan.as_queued
        ],
        "problems": [problem.model_dump(mode="json") for problem in plan.problems],
    }


def _planned(change: PlannedChange) -> Wish | Delivery:
    planned = change.wish or change.delivery
    if planned is None:
        raise ValueError("a change has a wish, a delivery or both")
    return planned


def _in_json(detail: Detail) -> dict[str, Any]:
    """A detail: `{"what": "alt", "number": 1, "from": "…", "to": "…"}`, instants in UTC."""
    number = {} if detail.number is None else {"number": detail.number}
    old, new = (
        instant_text(value) if isinstance(value, datetime) else value
        for value in (detail.old, detail.new)
    )
    return {"what": detail.aspect, **number, "from": old, "to": new}


def _was_due_at(change: PlannedChange) -> str | None:
    if change.wish is None or change.delivery is None:
        return None
    is_moved = change.wish.due_at != change.delivery.due_at
    return instant_text(change.delivery.due_at) if is_moved else None
