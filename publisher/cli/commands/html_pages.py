"""Commands that make HTML files for people: preview, report."""

import os
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from publisher.base import progress
from publisher.base.errors import PublisherError
from publisher.base.i18n import _
from publisher.cli import arguments, output_file
from publisher.cli.commands.deliveries import Paths
from publisher.cli.output import console

if TYPE_CHECKING:
    from publisher.model.models import Delivery
    from publisher.settings.settings import Settings

Open = Annotated[bool, typer.Option("--open", help="Open it in the browser.")]


def preview(
    context: typer.Context,
    paths: Paths = None,
    *,
    file: output_file.Output = None,
    open_it: Open = False,
) -> None:
    """Show how drafts will look on each channel, in one HTML file.

    With counts, times, pictures as they leave, and problems beside it. It needs neither ledger nor
    credentials, and drafts with errors are shown as far as they can be read. Without --output it
    lies in var/preview/.
    """
    from publisher import preview as previews
    from publisher.base import clock, progress
    from publisher.drafts.check import check
    from publisher.drafts.draft_files import DraftFiles

    settings = arguments.settings(context)
    named = arguments.drafts(paths or [], settings.posts)
    chosen = [draft.id for draft in DraftFiles(settings.posts).select(named)]
    standing = _standing(settings, chosen)
    with progress.shown():
        library, problems = check(settings)
        page = previews.render(
            settings,
            library,
            problems,
            chosen=chosen,
            standing=standing,
            now=clock.from_environment().now(),
        )
    target = file or settings.var / "preview" / f"{_name(named, chosen, settings)}.html"
    _write(page, target, ours=file is None, open_it=open_it)


def report(
    context: typer.Context,
    *,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Due then or later: 2016-03-07.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Due before then; a date includes its whole day."),
    ] = None,
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only of this account.")
    ] = None,
    file: output_file.Output = None,
    open_it: Open = False,
) -> None:
    """Tell what went out, when, and what did not, in one HTML file.

    With figures, charts, approvals, everything that people did to the schedule, and all posts by
    day. It prints on A4. Without --output it is var/report.html.
    """
    app = arguments.application(context)
    zone = arguments.zone(app.settings)
    known = sorted({*app.settings.accounts, *app.queries.known_accounts()})
    with progress.shown():
        page = app.reports.page(
            since=arguments.since(since, zone),
            until=arguments.until(until, zone),
            account=arguments.account(account, known),
        )
    _write(page, file or app.settings.var / "report.html", ours=file is None, open_it=open_it)


def _standing(
    settings: "Settings", posts: Sequence[str]
) -> "dict[tuple[str, str], Delivery] | None":
    """What the ledger has of these posts; None without a ledger that can be read."""
    from publisher.base import clock
    from publisher.ledger.database import Database
    from publisher.ledger.reading.queries import Queries

    try:
        database = Database(settings.database_url)
        if database.is_sqlite and not Path(database.engine.url.database or "").is_file():
            return None  # to look for it would make it
        try:
            database.check_revision()
            queries = Queries(database, clock.from_environment())
            found = queries.standing(posts, and_under_way=False)
        finally:
            database.close()
    except PublisherError as error:
        typer.echo(
            _(
                "Shown without the states of the ledger: {error}",
                error=f"{error} {error.hint or ''}",
            ),
            err=True,
        )
        return None
    return {(delivery.post, delivery.account): delivery for delivery in found}


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
