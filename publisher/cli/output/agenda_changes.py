"""Output of agenda changes: what `agenda move`, `cancel`, `restore` and `import` would change."""

from collections.abc import Iterator, Sequence
from datetime import timedelta, tzinfo
from typing import Any

from publisher.agenda import Proposal
from publisher.agenda.changes import ChangeKind, ItemChange
from publisher.base.formats import instant_text
from publisher.base.i18n import _, plural
from publisher.cli.output import console
from publisher.drafts.times import AgendaItem
from publisher.model.posts import Post
from publisher.model.states import State, state_name
from publisher.planning.impact import Clash, Dragged, Effects

_SIGNS = {
    ChangeKind.ADD: ("+", "green"),
    ChangeKind.MOVE: (">", "yellow"),
    ChangeKind.CANCEL: ("!", "red"),
    ChangeKind.RESTORE: ("+", "green"),
    ChangeKind.EDIT: ("~", "yellow"),
}


def print_all(proposal: Proposal, effects: Effects, zone: tzinfo) -> None:
    """Print the items, the posts that they move, and the problems that this causes."""
    for change in proposal.changes:
        for line in _lines(change, zone):
            console.print_prose(line, "    ")
    if known := [
        c.after.name for c in proposal.changes if c.before and c.after.uid != c.before.uid
    ]:
        sign = console.paint("~", "yellow")
        line = _("From now on matched by the UID of their event: {items}", items=", ".join(known))
        console.print_prose(f"{sign} {line}", "    ")
    dragged = effects.dragged
    console.print_line()
    if not dragged:
        console.print_prose(_("No posts are affected."))
    else:
        if len(proposal.changes) == 1:
            hang = plural("{number} post hangs on it:", "{number} posts hang on it:", len(dragged))
        else:
            hang = plural(
                "{number} post hangs on them:", "{number} posts hang on them:", len(dragged)
            )
        console.print_line(console.paint(hang, "bold"))
        _print_posts(dragged, zone, several=len(proposal.changes) > 1)
        console.print_prose(console.times_of(zone))
    _print_problems(effects)


def _print_posts(dragged: Sequence[Dragged], zone: tzinfo, *, several: bool) -> None:
    """`several`: more than one item changes, so that each post names its own."""
    from rich.text import Text

    from publisher.cli.output.listing import Listing

    table = Listing((_("Was"), _("Becomes"), _("State"), _("Post")))
    for one in dragged:
        post = Text(one.after.id)
        if several:
            on = dict.fromkeys(filter(None, (one.after.anchor, one.after.embargo_anchor)))
            post.append("\n" + _("on {items}", items=", ".join(on)), style="dim")
        for note in one.notes:
            post.append(f"\n{note.text}", style="red" if note.severe else "dim")
        was = one.before.not_before
        table.add_row(
            "" if was is None else console.minute(was, zone),
            _becomes(one, zone),
            _states(one),
            post,
        )
    table.print()


def _becomes(one: Dragged, zone: tzinfo) -> Any:
    from rich.text import Text

    leaves = one.after.not_before
    if one.stays:
        return Text(_("stays"), style="dim")
    if one.after.held:
        return Text(_("held"), style="red")
    if leaves is None:
        return Text("")
    return Text(console.minute(leaves, zone), style="green" if one.before.held else "yellow")


def _states(one: Dragged) -> str:
    """The states of all its deliveries, each once."""
    known = {delivery.account for delivery in one.deliveries}
    states = [state_name(delivery.state) for delivery in one.deliveries]
    if not known.issuperset(one.accounts):
        states.append(_("not queued"))
    return ", ".join(dict.fromkeys(states))


def _print_problems(effects: Effects) -> None:
    from publisher.cli.output import problems

    found, clashes = effects.problems, effects.clashes
    if found or clashes:
        console.print_line()
        console.print_prose(console.paint(_("This causes problems:"), "red"))
    if found:
        problems.print_text(found)
    for clash in clashes:
        console.print_prose(f"  {_sentence(clash)}", "    ")


def _sentence(clash: Clash) -> str:
    minutes = clash.gap // timedelta(minutes=1)
    said = (
        _("{account} gets {first} and {second} within {minutes} min.")
        if clash.gap
        else _("{account} gets {first} and {second} at the same time.")
    )
    return said.format(
        account=clash.account, first=clash.first, second=clash.second, minutes=minutes or 1
    )


def _lines(change: ItemChange, zone: tzinfo) -> Iterator[str]:
    """A line for each change of an item."""
    before, after = change.before, change.after
    for kind in change.kinds:
        sign, colour = _SIGNS[kind]
        name = f"{console.paint(sign, colour)} {after.name}"
        if before is None:
            place = f", {after.place}" if after.place else ""
            said = console.printable(f"{after.title}, {span(after, zone)}{place}")
            new = (
                _("{item} is new (cancelled): {what}")
                if after.cancelled
                else _("{item} is new: {what}")
            )
            yield new.format(item=name, what=said)
        elif kind is ChangeKind.MOVE:
            yield _(
                "{item} moves from {before} to {after}",
                item=name,
                before=span(before, zone),
                after=span(after, zone),
            )
        elif kind is ChangeKind.CANCEL:
            yield _("{item} is cancelled: its posts are held", item=name)
        elif kind is ChangeKind.RESTORE:
            yield _("{item} takes place after all: its posts are released", item=name)
        elif edited := list(_edited(before, after)):
            yield _("{name}: {value}", name=name, value="; ".join(edited))


def _edited(before: AgendaItem, after: AgendaItem) -> Iterator[str]:
    if before.title != after.title:
        yield _("gets another title: {text}", text=console.printable(after.title or _("none")))
    if before.place != after.place:
        yield _("gets another place: {text}", text=console.printable(after.place or _("none")))


def span(item: AgendaItem, zone: tzinfo) -> str:
    """Format an item's time in `zone`: `Mon 2016-03-07 09:00-18:00`."""
    starts = item.starts_at.astimezone(zone)
    begin = f"{console.day(starts, zone)} {starts:%H:%M}"
    if item.ends_at is None:
        return begin
    ends = item.ends_at.astimezone(zone)
    if ends.date() == starts.date():
        return f"{begin}-{ends:%H:%M}"
    return f"{begin} - {console.day(ends, zone)} {ends:%H:%M}"


def as_json(
    proposal: Proposal, effects: Effects, notes: Sequence[str], *, written: bool
) -> dict[str, Any]:
    """All that `print_all` shows, and the notes, for scripts; instants in UTC."""
    return {
        "changes": [
            {
                "item": change.after.name,
                "kinds": change.kinds,
                "before": change.before and item_json(change.before),
                "after": item_json(change.after),
            }
            for change in proposal.changes
        ],
        "posts": [_post_json(one) for one in effects.dragged],
        "problems": [problem.model_dump(mode="json") for problem in effects.problems],
        "clashes": [
            {
                "account": clash.account,
                "posts": [clash.first, clash.second],
                "gap_s": clash.gap.total_seconds(),
            }
            for clash in effects.clashes
        ],
        "notes": list(notes),
        "written": written,
    }


def item_json(item: AgendaItem) -> dict[str, Any]:
    """An agenda item for scripts; instants in UTC."""
    return {
        "item": item.name,
        "title": item.title,
        "starts_at": instant_text(item.starts_at),
        "ends_at": instant_text(item.ends_at),
        "place": item.place,
        "cancelled": item.cancelled,
        "uid": item.uid,
    }


def _post_json(one: Dragged) -> dict[str, Any]:
    return {
        "post": one.after.id,
        "accounts": list(one.accounts),
        "before": _plan_json(one.before),
        "after": _plan_json(one.after),
        "stays": one.stays,
        "deliveries": [
            {"account": d.account, "state": State(d.state), "approved_by": d.approved_by}
            for d in one.deliveries
        ],
        "notes": [note.text for note in one.notes],
    }


def _plan_json(post: Post) -> dict[str, Any]:
    return {
        "due_at": instant_text(post.due_at),
        "embargo_until": instant_text(post.embargo_until),
        "held": post.held,
    }
