"""The command that makes Publisher a service of the machine: service install."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from publisher.base import files
from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.cli import arguments
from publisher.cli.options import Json
from publisher.cli.output import console


def install(
    context: typer.Context,
    *,
    several: Annotated[
        bool,
        typer.Option(
            "--several", help="Write units for one of several machines: dispatcher, workers, pages."
        ),
    ] = False,
    user: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Run it as this user. Default: the owner of the workspace."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write the units into this folder, and leave systemd as it is.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write systemd units for this workspace, and show how to start them.

    This needs root, unless --output names a folder of yours. For one machine, it writes the service
    and an hourly backup into /var/backups/publisher. Units that exist already are written again;
    put your own changes into `systemctl edit`.
    """
    from publisher.running import systemd

    workspace = arguments.workspace(context)
    owner = user or workspace.owner()
    if owner == "root":
        raise UsageError(
            _("The service must not run as root."),
            hint=_("Give the workspace to a user of its own, or name one with --user."),
        )
    names = systemd.SEVERAL_MACHINES if several else systemd.ONE_MACHINE
    programs = Path(sys.executable).parent
    folder = output or systemd.FOLDER
    hint = _("Run it with sudo, or name a folder of yours with --output.")
    for name in names:
        text = systemd.unit(name, programs=programs, workspace=workspace, user=owner)
        with files.file_errors(folder / name, hint):
            files.write(folder / name, text.encode())
    if output is None:
        subprocess.run(["systemctl", "daemon-reload"], check=False)
    if as_json:
        written = [str(folder / name) for name in names]
        console.print_json({"files": written, "start": systemd.to_start(names)})
        return
    for name in names:
        console.print_prose(_("{file} is written.", file=folder / name))
    console.print_prose(_("To start it now, and whenever the machine starts:"))
    console.print_line(f"  sudo systemctl enable --now {' '.join(systemd.to_start(names))}")
