"""What `plan` and `queue` print."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from publisher.app import instant_text
from publisher.cli import output, tables
from publisher.models import Delivery, Wish
from publisher.planning import Change, Plan, PlannedChange, wording
from publisher.planning.costs import Cost

if TYPE_CHECKING:
    from rich.text import Text

_CONTEXT = 5
"""Words that are shown on each side of a change."""

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
    """One line for each delivery that changes, in the order in which they go out."""
    if not plan.changes:
        return
    from rich.text import Text

    table = output.list_table(("Change", "Due", "Account", "Post"))
    for change in sorted(plan.changes, key=_order):
        sign, colour, _ = _SIGNS[change.kind]
        post = Text(change.post)
        for note in (tables.embargo_note(_planned(change), zone), _note(change, zone)):
            if note:
                post.append(f"\n{output.printable(note)}", style="dim")
        for line in _rewording(change):
            post.append("\n").append_text(line)
        if change.voids:
            post.append(f"\nthe approval by {change.voids} becomes void", style="red")
        due = output.minute(tables.leaves_at(_planned(change)), zone)
        table.add_row(Text(f"{sign} {change.kind}", style=colour), due, change.account, post)
    output.print_table(table)
    output.print_line(output.times_of(zone))
    if plan.cost.posts:
        output.print_line(_price(plan.cost))


def _price(cost: Cost) -> str:
    posts = output.count_of(cost.posts, "post")
    linked = f"{cost.with_link or 'none'} of them with a link" if cost.posts > 1 else "with a link"
    with_link = f", {linked}" if cost.posts > 1 or cost.with_link else ""
    return f"X charges about ${cost.amount:.2f} for {posts}{with_link}."


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
                "was_due_at": _was_due_at(change),
                "anchor": change.anchor,
                "voids_approval_by": change.voids,
                "note": change.note or None,
            }
            for change in plan.changes
        ],
        "cost_on_x": {
            "posts": plan.cost.posts,
            "with_link": plan.cost.with_link,
            "usd": str(plan.cost.amount),
        },
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
        by = f", moves with {change.anchor}" if change.anchor else ""
        notes.append(f"was {output.minute(delivery.due_at, zone)}{by}")
    if _pictures(wish) != _pictures(delivery):
        notes.append("other pictures or alternative texts")
    if wish.content.link != delivery.content.link:
        notes.append(f"link was {delivery.content.link or 'none'}")
    return "; ".join(notes) or change.note


def _pictures(planned: Wish | Delivery) -> list[tuple[str, str]]:
    return [(p.digest, p.alt) for part in planned.content.parts for p in part.pictures]


def _was_due_at(change: PlannedChange) -> str | None:
    if change.wish is None or change.delivery is None:
        return None
    is_moved = change.wish.due_at != change.delivery.due_at
    return instant_text(change.delivery.due_at) if is_moved else None


def _order(change: PlannedChange) -> tuple[datetime, str, str]:
    return tables.leaves_at(_planned(change)), change.post, change.account


def _rewording(change: PlannedChange) -> "Iterator[Text]":
    """Each part whose words change, old and new in one line; long stretches that stay are cut."""
    wish, delivery = change.wish, change.delivery
    if wish is None or delivery is None:
        return
    of_both = zip_longest(delivery.content.parts, wish.content.parts)
    for number, (old, new) in enumerate(of_both, 1):
        before, after = old.text if old else "", new.text if new else ""
        if before != after:
            several = len(wish.content.parts) > 1 or len(delivery.content.parts) > 1
            yield _reworded(before, after, f"{number}: " if several else "")


def _reworded(before: str, after: str, label: str) -> "Text":
    from rich.text import Text

    line = Text(label)
    for mark, words in wording.compare(before, after):
        plain = output.printable(" ".join(words.split()))
        match mark:
            case wording.Mark.SAME:
                line.append(f"{_middle_cut(plain)} ", style="dim")
            case wording.Mark.REMOVED:
                line.append(f"[-{plain}-]", style="red").append(" ")
            case wording.Mark.ADDED:
                line.append(f"{{+{plain}+}}", style="green").append(" ")
    line.rstrip()
    return line


def _middle_cut(text: str) -> str:
    words = text.split(" ")
    if len(words) <= 2 * _CONTEXT:
        return text
    return " ".join([*words[:_CONTEXT], "…", *words[-_CONTEXT:]])
