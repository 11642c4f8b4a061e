"""Commands that run something: run, sandbox, rehearse, notify, migrate."""

import math
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from publisher.base import files, progress
from publisher.base.errors import ConfigurationError, NoticeNotSent, PublisherError, UsageError
from publisher.base.i18n import _
from publisher.cli import arguments, sandbox_option
from publisher.cli.options import Json
from publisher.cli.output import console
from publisher.settings import sandbox_mode

if TYPE_CHECKING:
    from publisher.app import Application
    from publisher.settings.settings import Settings

SANDBOX_PORT = 8099
PORT_VARIABLE = "PUBLISHER_WEB__PORT"

Port = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=65535,
        help="Serve the pages on this port. Default: [web] port, or 8080.",
    ),
]


def run(
    context: typer.Context,
    *,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="Stop when nothing is left to publish.")
    ] = False,
    no_web: Annotated[bool, typer.Option("--no-web", help="Do not serve the web pages.")] = False,
    port: Port = None,
) -> None:
    """Publish what is on the schedule, each post at its time.

    It runs everything that is needed on this machine, including the web pages, until you press
    Ctrl-C, and shows a line for each delivery. It finishes what it has in hand; a second Ctrl-C
    stops at once. Whatever happens, the next `publisher run` goes on from there, and nothing goes
    out twice.
    """
    from publisher.cli.output.run import RunDisplay
    from publisher.drafts import planted
    from publisher.running import supervisor

    if port is not None:
        os.environ[PORT_VARIABLE] = str(port)  # the process of the pages reads it too
    planted.refuse_var_in_git(arguments.settings(context))
    app = arguments.making(context)
    sandbox_option.refuse_silence(app.settings)
    live = RunDisplay(app)
    live.announce(until_idle=until_idle)
    if not (no_web or until_idle):
        _say_who_is_missing(app)
    code = supervisor.run(
        app, until_idle=until_idle, web=not no_web, report=live.report, say=live.say
    )
    live.conclude()
    if code:
        raise typer.Exit(code)


def web(
    context: typer.Context,
    *,
    host: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Listen on this address. Default: [web] host."),
    ] = None,
    port: Port = None,
) -> None:
    """Serve only the web pages, until you press Ctrl-C.

    They show what goes out next, what needs attention, the log, and everything that a manager does,
    in a browser or on a phone. `publisher run` serves them as well. They listen on this machine
    only, unless you say otherwise; `publisher user add` lets people in.
    """
    from publisher.drafts import planted

    planted.refuse_var_in_git(arguments.settings(context))
    app = arguments.application(context)
    _say_who_is_missing(app)
    app.close()
    sys.stdout.flush()
    environment = {**os.environ, arguments.WORKSPACE_VARIABLE: str(app.settings.workspace)}
    environment |= {"PUBLISHER_WEB__HOST": host} if host is not None else {}
    environment |= {PORT_VARIABLE: str(port)} if port is not None else {}
    # This process becomes the one that `publisher run` starts for the pages.
    os.chdir("/")
    command = [sys.executable, "-P", "-m", "publisher.web", "--terminal"]
    os.execve(sys.executable, command, environment)  # noqa: S606


def sandbox(
    context: typer.Context,
    *,
    port: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=65535, help="Listen on this port; 0 takes any free one."
        ),
    ] = SANDBOX_PORT,
    faults: Annotated[
        str | None,
        typer.Option(
            metavar="RULES",
            help="Make the platforms fail by these rules: a file, or the rules themselves.",
        ),
    ] = None,
) -> None:
    """Run a stand-in for the platforms on this machine.

    Its pages show what the public would see; nothing leaves the machine. It says how to point a
    workspace at it, and forgets everything when it ends.
    """
    from publisher.running.signals import Interruption

    settings = arguments.settings(context)
    folder = sandbox_mode.folder(settings.var)
    is_new = not folder.exists()
    with Interruption() as interruption, stand_in(settings, port, faults) as address:
        _say_how(address, context.obj)
        if not is_new:
            console.print_prose(before(folder, settings.workspace))
        sys.stdout.flush()
        while not interruption.wanted:
            interruption.wait()


@contextmanager
def stand_in(settings: "Settings", port: int, faults: str | None = None) -> Iterator[str]:
    """Run the sandbox for a workspace; yields its address, where its trials publish from now on.

    Raises UsageError without an account that it plays, or for a port that it cannot have.
    """
    from publisher.base import clock
    from publisher.sandbox.accounts import secrets_toml
    from publisher.sandbox.faults import read_faults
    from publisher.sandbox.platforms import accounts_for
    from publisher.sandbox.server import Sandbox, running

    _warn_of_stand_ins()
    accounts = accounts_for(settings)
    if not accounts:
        message = _("publisher.toml has no account on a platform that the sandbox imitates.")
        raise UsageError(message, hint=_("Add one under [accounts]."))
    session = arguments.session(settings)
    platforms = Sandbox(
        accounts,
        clock.from_environment(),
        timezone=str(session.zone),
        title=session.name or "",
        faults=read_faults(faults) if faults else (),
    )
    _write(sandbox_mode.secrets_file(settings.var), secrets_toml(accounts))
    with running(platforms, port) as address:
        _write(sandbox_mode.address_file(settings.var), f"{address}\n")
        yield address


def _warn_of_stand_ins() -> None:
    """Which platforms of other distributions the sandbox cannot play."""
    from publisher.sandbox.platforms import UNUSABLE

    for why in UNUSABLE.values():
        console.print_warning(f"{why} {why.hint}")


def _say_who_is_missing(app: "Application") -> None:
    """How the first person is let in, where nobody is yet."""
    if not app.people.all():
        console.print_prose(
            _(
                "Nobody can log in yet. Let the first person in: `publisher user add NAME --role admin`"
            )
        )


def _write(path: Path, text: str) -> None:
    """For this user alone."""
    with files.file_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, text.encode(), 0o600)


def _say_how(address: str, workspace: Path | None) -> None:
    """How this workspace uses it; `workspace` is the one that the command line named."""
    told = _("The sandbox is at {address}: open it in a browser. Ctrl-C stops it.", address=address)
    console.print_prose(told)
    console.print_prose(
        _("To publish there instead of on the real platforms, in another terminal:")
    )
    where = f" --workspace {shlex.quote(str(workspace))}" if workspace else ""
    for command in ("queue", "run"):
        console.print_line(f"  publisher{where} --sandbox {command}")


def before(folder: Path, workspace: Path) -> str:
    """The sandbox forgets what was published there, and the ledger of the trial does not."""
    return _(
        "The ledger of an earlier trial is kept in {folder}. To start over, delete that folder "
        "first.",
        folder=folder.relative_to(workspace) if folder.is_relative_to(workspace) else folder,
    )


def rehearse(
    context: typer.Context,
    *,
    speed: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            min=1,
            max=100_000,
            help="Play this many seconds of the session in each real second.",
        ),
    ] = None,
) -> None:
    """Rehearse the whole session on a fast clock.

    Everything is real but the platforms and the time: posts go to the sandbox. The real schedule is
    not touched. The report, the log and the two timelines are left in var/rehearsal/.
    """
    from rich.console import Console

    from publisher import rehearsal

    if speed is not None and not math.isfinite(speed):
        raise UsageError(_("--speed is not a number that a clock could follow."))
    _warn_of_stand_ins()
    code = rehearsal.rehearse(
        arguments.workspace(context), speed=speed or rehearsal.SPEED, console=Console()
    )
    if code:
        raise typer.Exit(code)


def notify(context: typer.Context, *, as_json: Json = False) -> None:
    """Send a test message to each service that gets notices.

    Those are the addresses under [notices] in secrets.toml. While posts are published, they are
    notified of an account that is suspended, and of a post that failed, was missed, or may be out
    or not.
    """
    from publisher.notices.message import trial as trial_message
    from publisher.notices.services import open_services

    urls = arguments.settings(context).notices.urls
    if not urls:
        message = _("No service is named, so nobody is notified of what needs attention.")
        hint = _(
            "Put addresses under [notices] in secrets.toml; `publisher help notices` shows "
            "examples."
        )
        raise ConfigurationError(message, hint=hint)
    services, problems = open_services(urls)
    failures: list[PublisherError] = []
    sent: list[str] = []
    for service in services:
        try:
            with progress.shown():
                service.send(trial_message())
        except NoticeNotSent as error:
            failures.append(error)
            console.print_error(str(error), error.hint)
        else:
            sent.append(service.name)
            if not as_json:
                console.print_prose(_("{name}: sent.", name=service.name))
    for problem in problems:
        failures.append(problem)
        console.print_error(str(problem), problem.hint)
    if as_json:
        errors = [{"message": str(error), "hint": error.hint} for error in failures]
        console.print_json({"sent": sent, "errors": errors})
    if failures:
        raise typer.Exit(ConfigurationError.exit_code)


def migrate(
    context: typer.Context,
    *,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Migrate even while processes of another version are running: they end at "
            "their next heartbeat, but those of 0.9.0 go on.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the ledger, or update its tables to this version.

    `publisher queue` and `publisher run` do this automatically. With PostgreSQL, run it once after
    each update, with every dispatcher and worker stopped.
    """
    app = arguments.making(context, force=force)
    if as_json:
        console.print_json({"ledger": app.database.place, "made": app.is_new})
        return
    console.print_prose(_("The ledger is up to date."))
