"""The help of all commands, and what Typer says itself, in the language that is spoken."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import typer.core
from typer._click.core import Context
from typer._click.formatting import HelpFormatter

from publisher.base.i18n import _, later

OF_TYPER = (
    later("Arguments"),
    later("Commands"),
    later("Options"),
    later("Missing command."),
    later("No such command {name!r}."),
    later("default: {default}"),
    later("env var: {var}"),
    later("required"),
)
"""Texts that Typer looks up by itself."""
_QUOTED = re.compile(r'"([^"]*[^\W\d]{3}[^"]*)"')
"""Words between quotes in an example: not a date."""
_ABOUT_HELP = later("Show this message and exit.")


class Formatter(HelpFormatter):
    """Lays out help, and translates those texts that Typer does not look up."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or _("Usage: "))

    def write_heading(self, heading: str) -> None:
        self.write(" " * self.current_indent + _("{heading}:", heading=heading) + "\n")

    def write_dl(self, rows: Sequence[tuple[str, str]], *widths: int, **more: int) -> None:
        told = [(term, _(text) if text == _ABOUT_HELP else text) for term, text in rows]
        super().write_dl(told, *widths, **more)


def translate(command: Any, say: Callable[[str], str] = _) -> None:
    """Put every text of a command, and of those below it, through `say`.

    Paragraphs come as one line each, so that where the source breaks them does not matter.
    """
    command.help = _translated(command.help, say)
    command.short_help = _translated(command.short_help, say)
    if command.epilog:  # "\b", a heading, and examples in which only words between quotes differ
        mark, heading, examples = command.epilog.split("\n", 2)
        examples = _QUOTED.sub(lambda quoted: f'"{say(quoted[1])}"', examples)
        command.epilog = "\n".join((mark, say(heading), examples))
    for parameter in command.params:
        parameter.help = _translated(getattr(parameter, "help", None), say)
    for inner in getattr(command, "commands", {}).values():
        translate(inner, say)


def _translated(text: str | None, say: Callable[[str], str]) -> str | None:
    return say(in_one_line(text)) if text else text


def in_one_line(text: str) -> str:
    """Each paragraph in one line, a blank line between them."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def texts(command: Any) -> Iterator[str]:
    """Every text of a command and of those below it, as `translate` looks it up."""
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    translate(command, note)
    yield from found


def teach_typer() -> None:
    """Let Typer look its own texts up where ours are."""
    typer.core._ = _  # type: ignore[attr-defined, assignment]
    Context.formatter_class = Formatter
