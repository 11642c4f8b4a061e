# ruff: noqa: INP001 -- a script beside the package, not a part of it
"""The man page, publisher(1), out of the commands' own help."""

from collections.abc import Iterator
from typing import Any

from publisher.base.errors import EXIT_CODES
from publisher.base.i18n import _
from publisher.cli import help_texts, topics

_WIDTH = 80


def text(group: Any) -> str:
    """The whole page, in man's own language; the same bytes on every day and machine."""
    root = group.make_context("publisher", [], resilient_parsing=True, terminal_width=_WIDTH)
    lines = [
        '.TH PUBLISHER 1 "" "Publisher" "User Commands"',
        ".SH NAME",
        "publisher \\- publish posts at their time on social networks and websites",
        ".SH SYNOPSIS",
        ".B publisher",
        "[OPTIONS] COMMAND [ARGS]...",
        ".SH DESCRIPTION",
        *_prose(group.help),
        ".SH OPTIONS",
        *_parameters(group, root),
    ]
    for heading, names in group.sections.items():
        lines += [f".SH COMMANDS: {_escaped(_(heading)).upper()}"]
        for name in names:
            lines += _command(group.commands[name], name, root)
    lines += [".SH EXIT STATUS", *_table((str(c), m) for c, m in EXIT_CODES.items())]
    lines += [".SH ENVIRONMENT", *_table(topics.ENVIRONMENT.items())]
    lines += [".SH EXAMPLES", *_examples(group.epilog)]
    return "\n".join(lines) + "\n"


def _command(command: Any, name: str, above: Any) -> Iterator[str]:
    """A command, and those below it."""
    context = command.make_context(name, [], parent=above, resilient_parsing=True)
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f".SS {_escaped(context.command_path)} {_escaped(pieces)}"
    yield from _prose(command.help)
    yield from _parameters(command, context)
    yield from _examples(command.epilog)
    for below, inner in getattr(command, "commands", {}).items():
        yield from _command(inner, below, context)


def _parameters(command: Any, context: Any) -> Iterator[str]:
    records = (parameter.get_help_record(context) for parameter in command.get_params(context))
    yield from _table(record for record in records if record and record[0] != "-h, --help")


def _table(rows: Any) -> Iterator[str]:
    for term, about in rows:
        yield from (".TP", f"\\fB{_escaped(term)}\\fR", _escaped(about) or "\\&")


def _prose(help_text: str | None) -> Iterator[str]:
    for paragraph in help_texts.in_one_line(help_text or "").split("\n\n"):
        yield from (".PP", _escaped(paragraph))


def _examples(epilog: str | None) -> Iterator[str]:
    if epilog:  # a heading, and a line for each, after marks
        lines = epilog.replace("\b\n", "").split("\n")[1:]
        yield from (".PP", ".EX", *map(_escaped, lines), ".EE")


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    escaped = escaped.replace("'", "\\(aq").replace("`", "\\(ga")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
