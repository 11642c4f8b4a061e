"""Command for a newcomer: start, from nothing to the pages in the browser."""

import os
import shlex
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from publisher.base import ports
from publisher.base.errors import ConfigurationError, PublisherError, UsageError, WorkspaceNotFound
from publisher.base.i18n import Language, _, from_environment, use
from publisher.cli import arguments, sandbox_option
from publisher.cli.commands import log_ins, running, workspaces
from publisher.cli.output import console
from publisher.settings import sandbox_mode
from publisher.settings.sources import SETTINGS_FILE, find_workspace, spoken

if TYPE_CHECKING:
    from publisher.app import Application

_SCREENS = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
"""Variables of a session with a browser in a window; one in the terminal would hide our lines."""


def start(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR",
            help="The folder where your posts are, or will be. Default: the workspace that this "
            "folder is in; if there is none, it asks.",
        ),
    ] = None,
    *,
    language: Annotated[
        Language | None,
        typer.Option(
            help="Set the language of a new workspace, its posts and pages. Default: this "
            "computer's."
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=65535,
            help="Serve the web pages on this port. Default: [web] port, or 8080, or one that "
            "is free.",
        ),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open a browser; print the address.")
    ] = False,
) -> None:
    """Start here: try everything in your browser, with nothing public.

    It makes a workspace if there is none, asks for your name and a password, and runs the web pages
    and the sandbox, a stand-in for the platforms, until you press Ctrl-C. The next time, it goes on
    with what is there.
    """
    from publisher.base.lock import ensure_free
    from publisher.cli.output.run import RunDisplay
    from publisher.running import supervisor

    context.obj, is_new = _workspace(context, folder, language)
    use(spoken(context.obj))
    settings = arguments.settings(context)
    trial = sandbox_mode.folder(settings.var)
    ensure_free(trial / "run.lock", "`publisher start`")
    is_first = not trial.exists()
    host = settings.web.host
    if port is not None:
        _require_free(host, port)
    os.environ[running.PORT_VARIABLE] = str(port or _free(host, settings.web.port))
    real = [arguments.ensuring(context)] if is_new else []
    with running.stand_in(settings, _free(host, running.SANDBOX_PORT)) as address:
        sandbox_option.begin(None, wanted=True)
        app = arguments.making(context)
        if not app.people.all():
            _let_in([app, *real])
        console.print_prose(_("What the public would see: {address}", address=address))
        if not is_first:
            console.print_prose(running.before(trial, settings.workspace))
        live = RunDisplay(app)
        live.announce(until_idle=False)
        code = supervisor.run(
            app,
            web=True,
            report=live.report,
            say=live.say,
            opened=_say_where if no_browser else _browse,
        )
        live.conclude()
    again = f" {shlex.quote(str(folder))}" if folder else ""
    console.print_prose(_("To go on: {command}", command=f"publisher start{again}"))
    if code:
        raise typer.Exit(code)


def _workspace(
    context: typer.Context, folder: Path | None, language: Language | None
) -> tuple[Path, bool]:
    """The folder to work on, and whether it was laid out just now."""
    from publisher.cli import workspace_template

    if context.obj is not None:
        return arguments.workspace(context), False
    if folder is None:
        try:
            return find_workspace(Path.cwd()), False
        except WorkspaceNotFound:
            pass
    elif (folder / SETTINGS_FILE).is_file():
        return folder.resolve(), False
    _require_somebody()
    chosen = language or from_environment()
    use(chosen)
    if folder is None:
        asked = console.prose(_("Which folder should your posts be in?"))
        folder = Path(str(typer.prompt(asked, default=_("campaign")))).expanduser()
        if (folder / SETTINGS_FILE).is_file():
            return folder.resolve(), False
    approval = arguments.agrees(_("Must a second person approve each post before it goes out?"))
    workspaces.lay_out(folder, chosen, workspace_template.samples(), approval=approval)
    console.print_prose(_("Your workspace is ready in {folder}.", folder=folder.resolve()))
    return folder.resolve(), True


def _require_somebody() -> None:
    if not sys.stdin.isatty():
        message = _("This asks for a name and a password, and there is nobody to answer.")
        hint = _(
            "Run it in a terminal. In a script: `publisher init DIR`, `publisher sandbox`, then "
            "`publisher --sandbox user add NAME --role admin` and `publisher --sandbox run`."
        )
        raise UsageError(message, hint=hint)


def _let_in(ledgers: "Sequence[Application]") -> None:
    """Ask for the first person, until name and password will do, and let them do everything.

    In the ledger of the trial, and in a new workspace in the real one too: that of `publisher run`.
    """
    from publisher.ledger.manager.rights import Rank

    _require_somebody()
    first, *others = ledgers
    asked, name = console.prose(_("Your name, as colleagues will see it")), ""
    while True:
        name = str(typer.prompt(asked, default=name or None)).strip()
        console.print_prose(_("Choose a password of at least 12 characters, for the web pages."))
        try:
            password = log_ins.new_password()
            person = first.people.add(name, Rank.ADMIN, password, actor=name)
            break
        except PublisherError as error:
            console.print_error(str(error), error.hint)
    for app in others:
        app.people.add(name, Rank.ADMIN, password, actor=name)
    console.print_prose(_("In your browser, log in as {name}.", name=person.name))


def _require_free(host: str, port: int) -> None:
    """ConfigurationError for a port that somebody asked for and that is taken."""
    try:
        ports.bound(host, port).close()
    except OSError as error:
        hint = _("Choose another one with --port.")
        raise ConfigurationError(ports.refused(error, host, port), hint=hint) from None


def _free(host: str, port: int) -> int:
    """The port, or any free one where it is taken."""
    try:
        ports.bound(host, port).close()
    except OSError:
        with ports.bound(host, 0) as other:
            return int(other.getsockname()[1])
    return port


def _browse(address: str) -> None:
    """Open the pages; without a browser in a window, say where they are."""
    if any(map(os.environ.get, _SCREENS)) or sys.platform == "darwin":
        # Some browsers keep whoever opens them waiting.
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    else:
        _say_where(address)


def _say_where(address: str) -> None:
    console.print_prose(_("Open {address} in a browser.", address=address))
