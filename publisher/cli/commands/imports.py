"""The command that brings posts along: import."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.cli import arguments
from publisher.cli.output import console, counts, progress

if TYPE_CHECKING:
    from publisher.drafts.session import Session
    from publisher.importers import Import, Options
    from publisher.settings import Settings


class Source(StrEnum):
    HOOTSUITE = "hootsuite"
    BUFFER = "buffer"
    SPROUT = "sprout"
    TWITTER_TOGETHER = "twitter-together"
    GALAXY_SOCIAL = "galaxy-social"


_FOLDERS = (Source.TWITTER_TOGETHER, Source.GALAXY_SOCIAL)


class Dates(StrEnum):
    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


def bring(
    context: typer.Context,
    source: Annotated[Source, typer.Argument(metavar="SOURCE", help="What it comes from.")],
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="The CSV file, or the folder with the posts.")
    ],
    *,
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ACCOUNT",
            help="Who gets the posts: an account, a channel, or all. Give it once for each. "
            "Default: the account that is called like the profile, else the session's default.",
        ),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Of times without one. Default: the session's."),
    ] = None,
    dates: Annotated[
        Dates | None,
        typer.Option(help="How 03/04/2016 is meant, if no other date of the file proves it."),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Their language, such as fr. Default: the workspace's."),
    ] = None,
    folder: Annotated[
        str, typer.Option(metavar="NAME", help="A folder below posts/ for the drafts.")
    ] = "",
    split: Annotated[
        bool, typer.Option("--split", help="Make threads of texts that are too long for X.")
    ] = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Import what is good, and leave the rest out.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be imported.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for scripts.")] = False,
) -> None:
    """Make drafts of posts that another tool has planned.

    All of them or none: each row or file becomes a draft that passes `check`, or it is said why
    not. SOURCE is hootsuite, buffer or sprout (the CSV file of their bulk upload),
    twitter-together (a folder of .tweet files) or galaxy-social (a folder of Markdown files).
    Nothing is fetched from the network, no draft is overwritten, and nothing is imported twice.
    """
    from publisher import importers
    from publisher.cli.output import problems

    settings = arguments.settings(context)
    _look_at(path, wants_folder=source in _FOLDERS)
    session = arguments.session(settings)
    options = _options(
        settings, session, to=to or [], timezone=timezone, dates=dates, lang=lang, folder=folder,
        split=split,
    )  # fmt: skip
    with progress.shown():
        found = importers.read(settings, source, path, options)
    errors = problems.errors_in(found.problems)
    writes = not dry_run and (keep_going or not errors)
    if writes:
        importers.write(settings, found)
    if as_json:
        console.print_json(_as_json(found, written=writes))
    else:
        problems.print_text(found.problems)
        for draft in found.drafts if writes or dry_run else ():
            console.print_line(f"posts/{draft.file}")
        console.print_prose(_summary(found, errors, written=writes, keep_going=keep_going))
    if errors:
        raise typer.Exit(1)


def _look_at(path: Path, *, wants_folder: bool) -> None:
    if not path.exists():
        raise UsageError(
            _("{path} does not exist.", path=path), hint=_("Name the CSV file, or the folder.")
        )
    if path.is_dir() != wants_folder:
        if wants_folder:
            message, hint = _("{path} is no folder."), _("Name the folder that the posts are in.")
        else:
            message, hint = _("{path} is a folder."), _("Name the file that the posts are in.")
        raise UsageError(message.format(path=path), hint=hint)


def _options(
    settings: "Settings",
    session: "Session",
    *,
    to: list[str],
    timezone: str | None,
    dates: Dates | None,
    lang: str | None,
    folder: str,
    split: bool,
) -> "Options":
    from publisher.base import clock
    from publisher.base.slugs import slug
    from publisher.drafts import names as naming
    from publisher.drafts.session import LANGUAGE
    from publisher.importers import Options
    from publisher.importers.dates import Order
    from publisher.model.capabilities import CAPABILITIES

    known = [*settings.accounts, *CAPABILITIES, "all"]
    for name in to:
        if naming.meant(name, known) is None:
            raise UsageError(
                _("--to: no account or channel is named {name}.", name=name),
                hint=arguments.nearest(name, known),
            )
    lang = lang or session.defaults.lang or settings.language
    if not LANGUAGE.fullmatch(lang):
        raise UsageError(
            _("--lang: {lang!r} is no language.", lang=lang), hint=_("Write it like fr or pt-BR.")
        )
    names = folder.split("/") if folder else []
    if "media" in names or any(not name or name != slug(name) for name in names):
        raise UsageError(
            _("--folder: {folder!r} is no name for a folder of drafts.", folder=folder),
            hint=_("Use small letters, digits and hyphens: --folder plan-2016."),
        )
    return Options(
        to=tuple(to),
        zone=session.zone if timezone is None else _zone(timezone),
        lang=lang,
        now=clock.from_environment().now(),
        folder=folder,
        order=Order(dates) if dates else None,
        split=split,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(
            _("--timezone: there is no time zone {name}.", name=name),
            hint=_("Write an area and a city, such as Europe/Zurich."),
        ) from None


def _summary(found: "Import", errors: int, *, written: bool, keep_going: bool) -> str:
    drafts, of_errors = counts.drafts(len(found.drafts)), counts.errors(errors)
    if errors and not (keep_going and found.drafts):
        nothing = _("Nothing is imported: {errors}.", errors=of_errors)
        if not found.drafts:
            return f"{nothing} {_('Mend them.')}"
        mend = _("Mend them, or import {drafts} with --keep-going.", drafts=drafts)
        return f"{nothing} {mend}"
    if not found.drafts:
        return _("Nothing to import: all of it was imported before.")
    said = _("{drafts} imported.") if written else _("{drafts} would be imported.")
    left_out = _("{errors}: what has one is left out.", errors=of_errors) if errors else ""
    return f"{said.format(drafts=drafts)} {left_out}".rstrip()


def _as_json(found: "Import", *, written: bool) -> dict[str, Any]:
    """`{"written", "drafts": [{"file", "source", "line"}], "problems": […]}`."""
    return {
        "written": written,
        "drafts": [
            {
                "file": f"posts/{draft.file}",
                "source": draft.item.place.file,
                "line": draft.item.place.line,
            }
            for draft in found.drafts
        ],
        "problems": [problem.model_dump(mode="json") for problem in found.problems],
    }
