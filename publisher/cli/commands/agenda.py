"""Commands about the agenda: agenda list, move, cancel, restore."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from publisher.base import clock, formats, progress
from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.base.text import suggestion
from publisher.cli import arguments
from publisher.cli.options import DryRun, Json, Yes
from publisher.cli.output import console

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from publisher.agenda.changes import ItemChange
    from publisher.agenda.session_file import SessionFile
    from publisher.drafts.times import AgendaItem
    from publisher.planning.impact import Effects
    from publisher.settings.settings import Settings

Items = Annotated[
    list[str],
    typer.Argument(metavar="ITEM...", help="The items' names, as `agenda list` shows them."),
]


def list_items(context: typer.Context, *, as_json: Json = False) -> None:
    """Show the items by time, each with the number of its posts."""
    from publisher.drafts import check
    from publisher.planning.impact import anchored

    settings = arguments.settings(context)
    session = session_file(settings).session
    with progress.shown():
        library, __ = check.check(settings)
    posts = anchored(library.posts)
    items = sorted(session.agenda.values(), key=lambda item: (item.starts_at, item.name))
    if as_json:
        from publisher.cli.output.agenda_changes import item_json

        console.print_json(
            [{**item_json(i), "posts": [post.id for post in posts.get(i.name, ())]} for i in items]
        )
    elif items:
        _print_items(items, {name: len(its) for name, its in posts.items()}, session.zone)
    else:
        console.print_prose(_("The agenda has no items. List them in posts/session.yaml."))


def _print_items(items: "Sequence[AgendaItem]", posts: dict[str, int], zone: "ZoneInfo") -> None:
    from rich.text import Text

    from publisher.cli.output import listing

    columns = (_("time"), _("item"), _("posts"), _("title"))
    rows = []
    for item in items:
        title = Text(console.printable(item.title or ""))
        if item.place:
            title.append(f"\n{console.printable(item.place)}", style="dim")
        if item.cancelled:
            title = Text(_("cancelled: its posts are held") + "\n", style="red") + title
        number = formats.posts(posts.get(item.name, 0))
        cells = (_clock(item, zone), item.name, number, title)
        rows.append((console.day(item.starts_at, zone), cells))
    listing.print_by_day(columns, rows)
    console.print_line()
    console.print_prose(console.times_of(zone))


def _clock(item: "AgendaItem", zone: "ZoneInfo") -> str:
    starts = item.starts_at.astimezone(zone)
    if item.ends_at is None:
        return f"{starts:%H:%M}"
    ends = item.ends_at.astimezone(zone)
    days = (ends.date() - starts.date()).days
    return f"{starts:%H:%M}-{ends:%H:%M}" + (f" +{days}d" if days else "")


def move(
    context: typer.Context,
    items: Items,
    *,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help='Set its new start, such as "2016-03-08 09:00". A date alone keeps the time '
            'of day; "18:30" alone keeps the date.',
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN", help="Move it later by this much: 1d, 1h30m; or earlier: -45m."
        ),
    ] = None,
    keep_end: Annotated[
        bool, typer.Option("--keep-end", help="Leave the end where it is; otherwise it moves too.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Move items, and every post that hangs on them.

    It shows what moves with them, then asks. Only the times in posts/session.yaml change: run
    `publisher queue` afterwards to put the posts on the schedule again.
    """
    if (to is None) is (by is None):
        raise UsageError(
            _("Give either --to or --by."), hint=_('For example: --to "2016-03-08 09:00".')
        )
    if to is not None and len(items) > 1:
        raise UsageError(_("--to moves one item only."), hint=_("To move several, use --by."))
    file = session_file(arguments.settings(context))
    span = None if by is None else _span(by)
    changes = [_moved(item, to, span, file, keep_end=keep_end) for item in _named(items, file)]
    carry_out(
        context, file, changes, yes=yes, dry_run=dry_run, as_json=as_json,
        notes=list(_inside(changes, file)),
    )  # fmt: skip


def cancel(
    context: typer.Context,
    items: Items,
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Cancel items, and hold every post that hangs on them.

    It shows which ones, then asks. Only posts/session.yaml changes: run `publisher queue`
    afterwards to hold the posts. `publisher agenda restore` undoes it.
    """
    file = session_file(arguments.settings(context))
    changes = _cancelled(items, file, cancelled=True)
    carry_out(context, file, changes, yes=yes, dry_run=dry_run, as_json=as_json)


def restore(
    context: typer.Context,
    items: Items,
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Undo a cancellation, and release the posts.

    It shows which ones, then asks. Only posts/session.yaml changes: run `publisher queue`
    afterwards to put the posts on the schedule.
    """
    file = session_file(arguments.settings(context))
    changes = _cancelled(items, file, cancelled=False)
    carry_out(context, file, changes, yes=yes, dry_run=dry_run, as_json=as_json)


def carry_out(
    context: typer.Context,
    file: "SessionFile",
    changes: "Sequence[ItemChange]",
    *,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    notes: Sequence[str] = (),
) -> None:
    """Show what the changes bring, ask, and save them; `notes` are sentences to be shown as
    well.
    """
    from publisher.agenda import propose
    from publisher.cli.output import agenda_changes, problems
    from publisher.planning import impact

    if as_json and not yes and not dry_run:
        message = _("With --json, no questions are asked.")
        raise UsageError(message, hint=_("Add --yes, or --dry-run to look first."))
    app = arguments.looking(context)

    def found() -> "Effects":
        return impact.effects(
            app.settings, app.queries, app.clock.now(), proposal.before, proposal.after
        )

    wanted, zone = [change for change in changes if change.kinds], file.session.zone
    with progress.shown():
        proposal = propose(file, wanted)
        if proposal.problems:
            problems.print_text(proposal.problems)
            told = _("Nothing was changed: posts/session.yaml would have these problems.")
            console.print_prose(told)
            raise typer.Exit(1)
        effects = found()
    writes = bool(wanted) and not dry_run
    if as_json:
        if writes:
            proposal.save()
        console.print_json(agenda_changes.as_json(proposal, effects, notes, written=writes))
        return
    if wanted:
        agenda_changes.print_all(proposal, effects, zone)
    for note in notes:
        console.print_line()
        console.print_prose(note)
    if not writes:
        console.print_prose(_("Nothing was changed.") if wanted else _("Nothing to change."))
        return
    console.print_line()
    if not yes:
        _agree(effects, found, lambda new: agenda_changes.print_all(proposal, new, zone))
    proposal.save()
    console.print_prose(
        _("posts/session.yaml is changed. Run `publisher queue` to bring the schedule into line.")
    )


def _agree(
    shown: "Effects", impact: Callable[[], "Effects"], show: Callable[["Effects"], None]
) -> None:
    """Ask until what it brings is what was shown; `Abort` when the answer is no."""
    while True:
        arguments.confirm(_("Change posts/session.yaml?"))
        present = impact()
        if present == shown:
            return
        shown = present
        console.print_prose(_("This would now change something other than what was shown:"))
        show(present)
        console.print_line()


def session_file(settings: "Settings") -> "SessionFile":
    """The session as it is; one with errors ends the command, because nothing can be built on
    it.
    """
    from publisher.agenda import session_file as file
    from publisher.cli.output import problems

    found = file.read(settings.posts)
    if found.errors:
        problems.print_text(found.errors)
        console.print_prose(_("Correct posts/session.yaml first; nothing was changed."))
        raise typer.Exit(1)
    return found


def _named(names: Sequence[str], file: "SessionFile") -> "Iterator[AgendaItem]":
    agenda = file.session.agenda
    for name in dict.fromkeys(names):
        if name not in agenda:
            message = _("No agenda item is called “{name}”.", name=name)
            raise UsageError(message, hint=suggestion(name, list(agenda)))
        yield agenda[name]


def _span(text: str) -> timedelta:
    from publisher.base import durations
    from publisher.base.clock import parse_duration

    said = text.strip().lstrip("+-\N{MINUS SIGN}")
    try:
        span = parse_duration(durations.spelled(said) or said)
    except ValueError as error:
        raise UsageError(
            _("--by: {error}.", error=error), hint=_("To move it earlier, write --by=-1d.")
        ) from None
    return -span if text.strip().startswith(("-", "\N{MINUS SIGN}")) else span


def _moved(
    item: "AgendaItem", to: str | None, by: timedelta | None, file: "SessionFile", *, keep_end: bool
) -> "ItemChange":
    from publisher.agenda.changes import ItemChange, move_by, move_to
    from publisher.model.problems import Flaw

    zone = file.session.zone
    if to is not None:
        now = clock.from_environment().now()
        moved = move_to(item, to.strip(), zone, now, keep_end=keep_end)
    else:
        moved = move_by(item, by or timedelta(), zone, keep_end=keep_end)
    if isinstance(moved, Flaw):
        message = _("{name} cannot move there: {message}", name=item.name, message=moved.message)
        raise UsageError(message, hint=moved.hint)
    return ItemChange(item, moved)


def _cancelled(names: Sequence[str], file: "SessionFile", *, cancelled: bool) -> "list[ItemChange]":
    from publisher.agenda.changes import ItemChange

    return [
        ItemChange(item, item.model_copy(update={"cancelled": cancelled}))
        for item in _named(names, file)
    ]


def _inside(changes: "Sequence[ItemChange]", file: "SessionFile") -> Iterator[str]:
    from publisher.agenda.changes import left_inside

    for outer, items in left_inside(changes, file.session.agenda):
        yield _(
            "These are within {outer} and stay where they are: {items}. To move them too, name "
            "them as well.",
            outer=outer.name,
            items=", ".join(item.name for item in items),
        )
