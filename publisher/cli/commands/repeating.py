"""Command: repeat."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from publisher.base import clock, files
from publisher.base.errors import NoSuchPost, NotPossible
from publisher.base.i18n import _, plural
from publisher.cli import arguments
from publisher.cli.options import DryRun, Json, Post
from publisher.cli.output import console

if TYPE_CHECKING:
    from publisher.settings.settings import Settings


def repeat(
    context: typer.Context,
    post: Post,
    *,
    on: Annotated[
        list[str],
        typer.Option(
            metavar="DAYS",
            help="Choose sitting (days with something on the agenda), weekdays, or a day such "
            "as monday. Repeat for more.",
        ),
    ],
    at: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="Set the time: 08:30, or counted from the day's first or last agenda item, "
            "which it then follows: first - 30m, last.end + 1h.",
        ),
    ],
    until: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="Set the last day: 2016-03-24. Default: the session's."),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Copy a draft, and its translations, to each of several days.

    Each copy is a draft of its own: check, change, queue and approve it like any other. In a text,
    {day} becomes the number of the session's day, and {agenda} what is on then. Copies that exist
    already stay as they are, so once the agenda has more days, the same command makes the rest.
    """
    from publisher.drafts import check, recurrence
    from publisher.drafts.draft_files import DraftFiles

    settings = arguments.settings(context)
    session = arguments.session(settings)
    accounts = settings.public_accounts()
    drafts = DraftFiles(settings.posts)
    post = arguments.post_id(post, settings.posts)
    file = next((one for one in drafts.files if one.id == post), None)
    if file is None:
        raise NoSuchPost(_("{name} has no draft.", name=post))
    last = arguments.day(until, session.zone, "--until")
    found = recurrence.occurrences(on, at, last, session, clock.from_environment().now())
    spoken = {one.language for one in accounts.values() if one.language}
    versions = recurrence.versions(drafts, post, spoken)
    copies = list(recurrence.copies(drafts, versions, found, session, spoken))
    new = [copy for copy in copies if not copy.is_there]
    if not dry_run:
        _require_read(settings, {one.id: one.file for one in versions})
        for copy in new:
            with files.file_errors(Path(copy.draft.file)):
                copy.draft.path.parent.mkdir(parents=True, exist_ok=True)
            copy.draft.create()
    if as_json:
        console.print_json([
            {"post": copy.id, "at": copy.occurrence.at, "made": not copy.is_there and not dry_run}
            for copy in copies
        ])  # fmt: skip
        return
    for copy in copies:
        there = f"  {_('is there already')}" if copy.is_there else ""
        console.print_line(f"{copy.draft.file}  {copy.occurrence.at}{there}")
    console.print_prose(
        plural("{number} draft would be made.", "{number} drafts would be made.", len(new))
        if dry_run
        else plural("{number} draft was made.", "{number} drafts were made.", len(new))
    )
    seen = check.read(settings, [file.path]).post(post)
    if seen and (warning := recurrence.warning(seen, accounts)):
        console.print_prose(warning)


def _require_read(settings: "Settings", files_of: Mapping[str, str]) -> None:
    """Raise NotPossible if a program wrote one of these, by post, and no person has read it.

    Nothing would tell of its copies whose words they have.
    """
    from publisher.app import Application
    from publisher.planning import unread

    with Application.looking(settings.workspace) as app:
        marks = () if app.without_ledger else app.queries.unread_drafts()
    found = unread.find(files_of.values(), marks, settings.workspace)
    for post, file in files_of.items():
        if mark := found.get(file):
            raise NotPossible(
                _("No person has read it since {who} wrote it.", who=mark.by),
                hint=_("Read it first: `publisher read {post}`.", post=post),
            )
