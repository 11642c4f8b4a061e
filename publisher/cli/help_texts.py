"""The help of all commands, and what Typer says itself, in the language that is spoken."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import typer.core

from publisher.base.i18n import _, later
from publisher.cli import usage_errors

HEADINGS = later("Arguments"), later("Commands"), later("Options")
"""Those of Typer."""
_ADDED = re.compile(r"(?<=  \[)[^][]+(?=\]$)")
"""What Typer adds behind the help of a parameter, such as `[default: 3; required]`."""
_QUOTED = re.compile(r'"([^"]*[^\W\d]{3}[^"]*)"')
"""Words between quotes in an example: not a date."""


class Formatter(typer.Context.formatter_class):  # type: ignore[misc, valid-type]
    """Lays out help, and translates what is Typer's own in it."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or _("Usage: "))

    def write_heading(self, heading: str) -> None:
        self.write(" " * self.current_indent + _("{heading}:", heading=_(heading)) + "\n")

    def write_dl(self, rows: Sequence[tuple[str, str]], *widths: int, **more: int) -> None:
        super().write_dl([(term, _of_parameter(text)) for term, text in rows], *widths, **more)


class Context(typer.Context):
    """What a command runs in."""

    formatter_class = Formatter


class Command(typer.core.TyperCommand):
    """A command whose help is in the language that is spoken."""

    context_class = Context


def _of_parameter(text: str) -> str:
    """Its help is translated already, but for Typer's own texts."""
    return _ADDED.sub(
        lambda added: "; ".join(map(usage_errors.translated, added[0].split("; "))),
        usage_errors.translated(text),
    )


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
