"""What `plan` and `queue` print."""

from datetime import tzinfo
from typing import Any

from publisher.app import instant_text
from publisher.cli import output, tables
from publisher.models import Delivery, Wish
from publisher.planning import Change, Plan, PlannedChange

_SIGNS = {
    Change.ADD: ("+", "green", "added"),
    Change.EDIT: ("~", "yellow", "edited"),
    Change.MOVE: (">", "yellow", "moved"),
    Change.HOLD: ("!", "red", "held"),
    Change.RELEASE: ("+", "green", "released"),
    Change.RESTORE: ("+", "green", "restored"),
    Change.CANCEL: ("-", "red", "cancelled"),
}


def print_changes(plan: Plan, zone: tzinfo) -> None:
    """One line for each delivery that changes."""
    if not plan.changes:
        return
    from rich.text import Text

    table = output.list_table(("Change", "Due", "Account", "Post"))
    for change in plan.changes:
        sign, colour, _ = _SIGNS[change.kind]
        post = Text(change.post)
        for note in (tables.embargo_note(_planned(change), zone), _note(change, zone)):
            if note:
                post.append(f"\n{output.printable(note)}", style="dim")
        due = output.minute(tables.leaves_at(_planned(change)), zone)
        table.add_row(Text(f"{sign} {change.kind}", style=colour), due, change.account, post)
    output.print_table(table)
    output.print_line(output.times_of(zone))


def summary(plan: Plan, *, done: bool) -> str:
    """One line: what was written, or would be, or why nothing was."""
    if plan.errors and not done:
        errors = output.count_of(len(plan.errors), "error")
        return f"Nothing is written: {errors}. Mend the drafts, or use --keep-going."
    left_out = ""
    if plan.errors:
        files = output.count_of(len({problem.file for problem in plan.errors}), "draft")
        left_out = f" {files} with errors left out."
    if not plan.changes:
        return f"Nothing to change: the schedule is as the drafts say.{left_out}"
    counts = [
        f"{number} {word}"
        for kind, (_, _, word) in _SIGNS.items()
        if (number := sum(change.kind is kind for change in plan.changes))
    ]
    what = output.count_of(len(plan.changes), "delivery", "deliveries")
    verb = "Queued" if done else "Would change"
    return f"{verb}: {what} ({', '.join(counts)}).{left_out}"


def as_json(plan: Plan) -> dict[str, Any]:
    """`{"changes": […], "problems": […]}`."""
    return {
        "changes": [
            {
                "change": change.kind,
                "post": change.post,
                "account": change.account,
                "due_at": instant_text(_planned(change).due_at),
                "note": change.note or None,
            }
            for change in plan.changes
        ],
        "problems": [problem.model_dump(mode="json") for problem in plan.problems],
    }


def _planned(change: PlannedChange) -> Wish | Delivery:
    planned = change.wish or change.delivery
    if planned is None:
        raise ValueError("a change has a wish, a delivery or both")
    return planned


def _note(change: PlannedChange, zone: tzinfo) -> str:
    """What is different, in a few words."""
    wish, delivery = change.wish, change.delivery
    if wish is None or delivery is None or change.kind not in (Change.EDIT, Change.MOVE):
        return change.note
    if wish.doubt:
        return change.note
    notes = []
    if wish.due_at != delivery.due_at:
        notes.append(f"was {output.minute(delivery.due_at, zone)}")
    if wish.content.parts != delivery.content.parts:
        notes.append("another text or picture")
    return ", ".join(notes) or change.note
