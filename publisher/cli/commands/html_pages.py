"""Commands that make HTML files for people: preview, report."""

import os
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from publisher.base import progress
from publisher.base.errors import PublisherError
from publisher.base.i18n import _
from publisher.cli import arguments, output_file
from publisher.cli.options import OfAccount, Paths, Since, Until
from publisher.cli.output import console

if TYPE_CHECKING:
    from publisher.preview.mockups import Face
    from publisher.settings.settings import Settings

Open = Annotated[bool, typer.Option("--open", help="Open it in the browser.")]
Whole = Annotated[bool, typer.Option("--all", help="List every post, day by day.")]


def preview(
    context: typer.Context,
    paths: Paths = None,
    *,
    file: output_file.Output = None,
    open_it: Open = False,
) -> None:
    """Show how drafts will look on each channel, in one HTML file.

    It shows counts, times, pictures as they leave, and problems beside each post. It needs neither
    ledger nor credentials, and shows drafts with errors as far as they can be read. Without
    --output, it is written to var/preview/.
    """
    from publisher import preview as previews
    from publisher.base import clock, progress
    from publisher.drafts.check import check
    from publisher.drafts.draft_files import DraftFiles

    settings = arguments.settings(context)
    named = arguments.drafts(paths or [], settings.posts)
    chosen = [draft.id for draft in DraftFiles(settings.posts).select(named)]
    standing = arguments.standing(settings, chosen, say=_say_without)
    with progress.shown():
        library, problems = check(settings)
        page = previews.render(
            settings,
            library,
            problems,
            chosen=chosen,
            standing=None if standing is None else {(d.post, d.account): d for d in standing},
            faces={} if standing is None else _faces(settings),
            now=clock.from_environment().now(),
        )
    target = file or settings.var / "preview" / f"{_name(named, chosen, settings)}.html"
    _write(page, target, ours=file is None, open_it=open_it)


def report(
    context: typer.Context,
    *,
    since: Since = None,
    until: Until = None,
    account: OfAccount = None,
    whole: Whole = False,
    file: output_file.Output = None,
    open_it: Open = False,
) -> None:
    """Show what went out, when, and what did not, in one HTML file.

    It has figures, highlights, charts, approvals, and everything that people did to the schedule;
    with --all, every post by day too. It prints on A4. Without --output, it is var/report.html.
    """
    app = arguments.application(context)
    zone = arguments.zone(app.settings)
    with progress.shown():
        page = app.reports.page(
            since=arguments.since(since, zone),
            until=arguments.until(until, zone),
            account=arguments.account(account, app.accounts()),
            whole=whole,
        )
    _write(page, file or app.settings.var / "report.html", ours=file is None, open_it=open_it)


def _faces(settings: "Settings") -> "Mapping[str, Face]":
    """What the platforms show of the accounts, as the ledger has it."""
    from publisher.app import Application
    from publisher.media.clean_copy import THUMBNAIL_TYPE
    from publisher.preview.mockups import Face, data_uri

    with Application.looking(settings.workspace) as app:
        known, pictures = app.profiles.all(), app.profiles.pictures()
    sources = {name: data_uri(THUMBNAIL_TYPE, data) for name, data in pictures.items()}
    return {name: Face(one.handle, one.name, sources.get(name, "")) for name, one in known.items()}


def _say_without(error: PublisherError) -> None:
    why = f"{error} {error.hint or ''}"
    typer.echo(_("This does not show the states in the ledger: {error}", error=why), err=True)


def _name(named: Sequence[Path], chosen: Sequence[str], settings: "Settings") -> str:
    """The one draft's id, the one folder's path, or `drafts`."""
    if len(chosen) == 1:
        return chosen[0]
    if len(named) == 1 and named[0] != settings.posts:
        return named[0].relative_to(settings.posts).as_posix()
    return "drafts"


def _write(page: str, path: Path, *, ours: bool, open_it: bool) -> None:
    """Put the page into its file, and print where that is."""
    data = page.encode("utf-8", "replace")
    if ours:
        output_file.write_in_var(data, path)
    else:
        output_file.write(data, path, output_file.HTML)
    console.print_line(os.path.relpath(path) if ours else str(path))
    if open_it and not webbrowser.open(path.absolute().as_uri()):
        console.print_error(_("No browser could be opened."), _("Open the file yourself."))
