"""The command that makes drafts of a spreadsheet: import."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from publisher.base import formats, progress
from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.cli import arguments, completion
from publisher.cli.output import console

if TYPE_CHECKING:
    from publisher.importers import Import


PresetName = Literal["hootsuite", "buffer"]
Dates = Literal["day-first", "month-first"]


def bring(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The CSV or XLSX file.")],
    *,
    service: Annotated[
        PresetName | None,
        typer.Option(
            "--from",
            help="Name the tool the file is from: Hootsuite's have no titles, Buffer's may lack "
            "times.",
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=TITLE",
            help="Say what the column with this title holds: text, at, time, link, picture, to "
            "or lang. Repeat for more. Without a TITLE, no column holds it.",
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Read this sheet of an XLSX file that has several."),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ACCOUNT",
            autocompletion=completion.recipients,
            help="Send the posts to an account, a channel, or all. Repeat for more. Default: as "
            "the rows say, or else the session's default.",
        ),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            help="Read times without a time zone in this one. Default: the session's.",
        ),
    ] = None,
    dates: Annotated[
        Dates | None,
        typer.Option(help="Say how to read 03/04/2016, if no other date in the file proves it."),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="Set their language, such as fr. Default: as the rows say, or else the "
            "workspace's.",
        ),
    ] = None,
    folder: Annotated[
        str, typer.Option(metavar="NAME", help="Put the drafts into this folder below posts/.")
    ] = "",
    split: Annotated[
        bool,
        typer.Option(
            "--split", help="Turn texts that are too long into threads, on channels that have them."
        ),
    ] = False,
    keep_going: Annotated[
        bool,
        typer.Option("--keep-going", help="Import what has no errors, and leave the rest out."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be imported.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, for scripts.")
    ] = False,
) -> None:
    """Make drafts from the posts in a spreadsheet.

    All of them or none: each row becomes a draft that passes `check`, or you see why not. Columns
    are recognised by their titles, in English, French, Spanish and Polish. Nothing is fetched from
    the network, no draft is overwritten, and nothing is imported twice.
    """
    from publisher import importers
    from publisher.base import clock
    from publisher.cli.output import problems
    from publisher.importers.dates import DateOrder

    settings = arguments.settings(context)
    if not file.exists():
        message = _("{path} does not exist.", path=file)
        raise UsageError(message, hint=_("Name the CSV or XLSX file."))
    if file.is_dir():
        message = _("{path} is a folder.", path=file)
        raise UsageError(message, hint=_("Name the file that the posts are in."))
    _check(lang, folder)
    session = arguments.session(settings)
    options = importers.Options(
        to=tuple(arguments.recipients(to or [], settings)),
        zone=session.zone if timezone is None else arguments.zone_named(timezone),
        lang=lang,
        now=clock.from_environment().now(),
        folder=folder,
        order=DateOrder(dates) if dates else None,
        split=split,
        preset=service,
        columns=dict(map(_column, column or [])),
        sheet=sheet,
    )
    with progress.shown():
        found = importers.read(settings, file, options)
    errors = problems.errors_in(found.problems)
    writes = not dry_run and (keep_going or not errors)
    if writes:
        importers.write(settings, found)
    if as_json:
        console.print_json(_as_json(file, found, written=writes))
    else:
        problems.print_text(found.problems)
        for draft in found.drafts if writes or dry_run else ():
            console.print_line(f"posts/{draft.file}")
        console.print_prose(_summary(found, errors, written=writes, keep_going=keep_going))
    if errors:
        raise typer.Exit(1)


def _check(lang: str | None, folder: str) -> None:
    """UsageError for a language or a folder of drafts that cannot be one."""
    from publisher.base.text import slug
    from publisher.drafts.session import LANGUAGE

    if lang is not None and not LANGUAGE.fullmatch(lang):
        message = _("--lang: {lang!r} is not a language.", lang=lang)
        raise UsageError(message, hint=_("Write it like fr or pt-BR."))
    names = folder.split("/") if folder else []
    if "media" in names or any(not name or name != slug(name) for name in names):
        message = _("--folder: {folder!r} cannot be the name of a folder of drafts.", folder=folder)
        hint = _("Use small letters, digits and hyphens: --folder plan-2016.")
        raise UsageError(message, hint=hint)


def _column(text: str) -> tuple[str, str]:
    from publisher.importers.columns import ROLES

    role, equals, title = text.partition("=")
    if role not in ROLES or not equals:
        message = _("--column: {text!r} does not say which column holds what.", text=text)
        hint = _("Write it like text=TITLE, with one of {names}.", names=", ".join(ROLES))
        raise UsageError(message, hint=hint)
    return role, title.strip()


def _summary(found: "Import", errors: int, *, written: bool, keep_going: bool) -> str:
    drafts, of_errors = formats.drafts(len(found.drafts)), formats.errors(errors)
    if errors and not (keep_going and found.drafts):
        nothing = _("Nothing was imported: {problems}.", problems=of_errors)
        if not found.drafts:
            return f"{nothing} {_('Correct them.')}"
        mend = _("Correct them, or import {drafts} with --keep-going.", drafts=drafts)
        return f"{nothing} {mend}"
    if not found.drafts:
        return _("Nothing to import: everything was imported before.")
    said = _("{drafts} imported.") if written else _("{drafts} would be imported.")
    left_out = _("{errors}: what has errors is left out.", errors=of_errors) if errors else ""
    return f"{said.format(drafts=drafts)} {left_out}".rstrip()


def _as_json(file: Path, found: "Import", *, written: bool) -> dict[str, Any]:
    """`{"written", "drafts": [{"file", "source", "line"}], "problems": […]}`."""
    return {
        "written": written,
        "drafts": [
            {"file": f"posts/{draft.file}", "source": str(file), "line": draft.item.line}
            for draft in found.drafts
        ],
        "problems": [problem.model_dump(mode="json") for problem in found.problems],
    }
