"""Commands about calendar files: agenda import, agenda export, calendar."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from publisher.base import formats
from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.cli import arguments, output_file
from publisher.cli.commands import agenda
from publisher.cli.options import DryRun, Json, Yes
from publisher.cli.output import console

if TYPE_CHECKING:
    from publisher.agenda.ics_matching import Match
    from publisher.model.values import Problem

_SHOWN = 20  # problems of one file


def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An iCalendar file (.ics).")],
    *,
    timezone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            help="Read times without a time zone in this one, such as Europe/Zurich.",
        ),
    ] = None,
    all_day: Annotated[
        str | None,
        typer.Option(metavar="HH:MM-HH:MM", help="Give events that have only dates these hours."),
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option(metavar="UID", help="Leave this event out. Repeat for more."),
    ] = None,
    remove: Annotated[
        bool,
        typer.Option("--remove", help="Cancel the items that are no longer in the calendar."),
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Import the agenda from a calendar, all of it or nothing.

    An event belongs to the item that has its UID, or else to the one with its name or title. New
    events become items; the others move or cancel theirs. It shows what moves with them, then asks.
    Only posts/session.yaml changes: run `publisher queue` afterwards to put the posts on the
    schedule again.
    """
    from publisher.agenda import ics_events
    from publisher.agenda.changes import ItemChange
    from publisher.agenda.ics_matching import match
    from publisher.agenda.ics_times import Reading

    seen = agenda.session_file(arguments.settings(context))
    if not file.exists():
        raise UsageError(_("{file} does not exist.", file=file), hint=_("Name an .ics file."))
    reading = Reading(
        zone=seen.session.zone,
        floating=None if timezone is None else arguments.zone_named(timezone),
        all_day=None if all_day is None else _hours(all_day),
        skip=frozenset(skip or ()),
    )
    found, problems = ics_events.read(file, reading)
    _refuse(problems)
    matched = match(str(file), found, seen.session)
    _refuse(matched.problems)
    gone = [
        ItemChange(item, item.model_copy(update={"cancelled": True}))
        for item in (matched.missing if remove else ())
    ]
    agenda.carry_out(
        context, seen, [*matched.changes, *gone], yes=yes, dry_run=dry_run, as_json=as_json,
        notes=list(_notes(matched, remove=remove)),
    )  # fmt: skip


def export(context: typer.Context, *, file: output_file.Output = None) -> None:
    """Write the agenda as an iCalendar file.

    Importing it changes nothing until someone moves an event in it.
    """
    from publisher.agenda.ics_export import agenda_calendar
    from publisher.base import clock

    session = agenda.session_file(arguments.settings(context)).session
    _write(agenda_calendar(session, clock.from_environment().now()), file)


def calendar(context: typer.Context, *, file: output_file.Output = None) -> None:
    """Write the posts as an iCalendar file, for your own calendar.

    It has one event for each post, with its accounts and its state. Texts under embargo are left
    out, so you can share the file.
    """
    from publisher.agenda.posts_calendar import posts_calendar
    from publisher.drafts import check

    app = arguments.looking(context)
    library, __ = check.check(app.settings)
    accounts = app.settings.public_accounts()
    deliveries = app.queries.deliveries()
    queued = {delivery.post for delivery in deliveries}
    drafts = {post.id: post for post in library.posts}
    now = app.clock.now()
    answering = app.queries.answering
    _write(
        posts_calendar(library.session, drafts, deliveries, accounts, now, queued, answering), file
    )


def _notes(matched: "Match", *, remove: bool) -> Iterator[str]:
    if matched.missing and not remove:
        names = ", ".join(item.name for item in matched.missing)
        yield _(
            "No longer in the calendar: {items}. They stay; --remove cancels them.", items=names
        )
    for item in matched.cancelled_here:
        yield _(
            "{item} is cancelled here, but not in the calendar. It stays cancelled; `publisher "
            "agenda restore {item}` undoes that.",
            item=item.name,
        )


def _refuse(found: "Sequence[Problem]") -> None:
    """End the command if there is a problem, because nothing is imported by halves."""
    from publisher.cli.output import problems

    if not found:
        return
    problems.print_text(found[:_SHOWN])
    if len(found) > _SHOWN:
        console.print_prose(_("… and {more} more.", more=len(found) - _SHOWN))
    told = _("Nothing was imported: {problems}.", problems=formats.problems(len(found)))
    console.print_prose(told)
    raise typer.Exit(1)


def _hours(text: str) -> tuple[time, time]:
    match = re.fullmatch(r"(\d{1,2}:\d\d)\s*-\s*(\d{1,2}:\d\d)", text.strip(), re.ASCII)
    with suppress(ValueError):
        if match:
            first, last = (time.fromisoformat(clock.rjust(5, "0")) for clock in match.groups())
            if first < last:
                return first, last
    message = _("--all-day {text!r} is not a span of hours.", text=text)
    raise UsageError(message, hint=_("Write it like 09:00-18:00."))


def _write(data: bytes, path: Path | None) -> None:
    """To a file, or else to stdout."""
    if path is None:
        console.write_utf8(data.decode())
        return
    output_file.write(data, path, output_file.CALENDAR)
    console.print_prose(_("Written: {path}", path=path))
