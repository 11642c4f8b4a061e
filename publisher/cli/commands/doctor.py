"""doctor: what is wrong with the surroundings."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from publisher.base import progress
from publisher.base.i18n import _
from publisher.cli import arguments
from publisher.cli.options import Json
from publisher.cli.output import console

if TYPE_CHECKING:
    from publisher.doctor import Finding

_SIGNS = {"good": ("ok", "green"), "warning": ("!!", "yellow"), "bad": ("no", "red")}


def doctor(
    context: typer.Context,
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not check the accounts on their platforms.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check everything that publishing needs, and say what to fix.

    It looks at credentials and what the platforms say about them, the broker, ledger, clock and
    disk, who can read secrets.toml, and whether the schedule matches the drafts. It publishes
    nothing, and changes nothing but the accounts' names and pictures that the pages show. The exit
    code is 3 if something cannot be published as things are.
    """
    from publisher.app import Application
    from publisher.base.clock import from_environment
    from publisher.doctor import Grade, examine
    from publisher.settings.settings import load

    app = Application(load(arguments.workspace(context)), from_environment())
    context.call_on_close(app.close)
    found: list[Finding] = []
    with progress.shown() as clear:
        for finding in examine(app, offline=offline):
            found.append(finding)
            clear()
            if not as_json:
                print_finding(finding)
    if as_json:
        console.print_json([asdict(finding) for finding in found])
    if any(finding.grade is Grade.BAD for finding in found):
        raise typer.Exit(3)


def print_finding(finding: "Finding") -> None:
    """Print one finding, with what to do."""
    sign, colour = _SIGNS[finding.grade]
    word, __, account = finding.subject.partition(" ")
    subject = f"{_(word)} {account}".rstrip()
    line = _("{name}: {value}", name=subject, value=console.printable(finding.message))
    console.print_prose(f"{console.paint(sign, colour)}  {line}", indent="    ")
    if finding.hint and finding.grade != "good":
        told = console.printable(finding.hint)
        console.print_prose(f"    {told}", indent="    ")
