# ruff: noqa: INP001 -- a script beside the package, not a part of it
"""Writes docs/commands.md and the man page out of the commands' own help.

`python -m tools.reference docs/commands.md docs/publisher.1` writes them; with `--check` it only
says whether a file is stale, by its exit code.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from publisher.base.errors import EXIT_CODES
from publisher.cli import app
from publisher.cli.output.console import print_error, print_line
from tools import man_page

_WIDTH = 80
_TOP = """\
# Commands

<!-- Written by `python -m tools.reference docs/commands.md docs/publisher.1`. Do not edit it by hand. -->

In a terminal: `publisher help COMMAND`, `man publisher`, and `publisher help TOPIC` for what belongs
to no single command. `publisher completion SHELL` completes commands, accounts and posts in bash,
zsh or fish.

Each command ends with an exit code that a script can rely on. Errors go to standard error, with a
hint at what to do. Colours appear only on a terminal, and not where `NO_COLOR` is set. With
`--json`, no questions are asked: a command that would ask needs `--yes`.

| exit code | means |
|---|---|
{exit_codes}
"""


def text() -> str:
    """The whole of docs/commands.md."""
    group = app.command()
    context = group.make_context("publisher", [], resilient_parsing=True, terminal_width=_WIDTH)
    table = "\n".join(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())
    sections = [_TOP.format(exit_codes=table), _section("publisher", group.get_help(context))]
    sections += _sections(group, context)
    return "\n".join(sections)


def _sections(group: Any, context: Any) -> Iterator[str]:
    """Of each command in the group (Typer's, or Click's), and of those below it."""
    for name, command in group.commands.items():
        inner = command.make_context(name, [], parent=context, resilient_parsing=True)
        yield _section(inner.command_path, command.get_help(inner))
        if hasattr(command, "commands"):
            yield from _sections(command, inner)


def _section(heading: str, help_text: str) -> str:
    lines = "\n".join(line.rstrip() for line in help_text.strip().splitlines())
    return f"## {heading}\n\n```text\n{lines}\n```\n"


def main(arguments: Sequence[str]) -> int:
    """Write the files, or with `--check` compare them; the result is the exit code."""
    paths = [Path(argument) for argument in arguments if argument != "--check"]
    if not paths:
        print_error("Name a file.", "python -m tools.reference docs/commands.md docs/publisher.1")
        return 2
    for path in paths:
        new = man_page.text(app.command()) if path.suffix == ".1" else text()
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(new, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != new:
            print_error(f"{path} is stale.", f"Run: python -m tools.reference {path}")
            return 1
        print_line(f"{path} is up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
