"""The command for assistants: mcp."""

import os
import sys
from typing import Annotated

import typer

from publisher.cli import arguments


def mcp(
    context: typer.Context,
    *,
    http: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=1,
            max=65535,
            help="Serve over HTTP on this machine, at /mcp; each request carries its token. "
            "Default: use standard input and output.",
        ),
    ] = None,
) -> None:
    """Let an assistant draft, check, preview, plan and search the log.

    This is a server for the Model Context Protocol. The assistant acts with a person's token, in
    PUBLISHER_TOKEN; `publisher user token` makes one. It asks for approvals, and neither approves
    nor publishes anything.
    """
    settings = arguments.settings(context)
    environment = {**os.environ, arguments.WORKSPACE_VARIABLE: str(settings.workspace)}
    os.chdir("/")
    command = [sys.executable, "-P", "-m", "publisher.web.mcp", *([str(http)] if http else [])]
    os.execve(sys.executable, command, environment)  # noqa: S606
