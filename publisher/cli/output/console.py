"""Console: text, JSON and CSV. Colours only on a terminal without NO_COLOR."""

import json
import os
import re
import shlex
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from publisher.base.i18n import _, weekday
from publisher.base.text import harmless
from publisher.settings import sandbox_mode

if TYPE_CHECKING:
    from publisher.model.deliveries import Delivery

_COLOURS = {"red": 31, "green": 32, "yellow": 33, "cyan": 36, "bold": 1, "dim": 2}

_PROPOSED = re.compile(r"`publisher (\w[\w-]*)")
"""A command that a message proposes."""
_WITHOUT_WORKSPACE = frozenset({"init", "help", "completion"})
_WITHOUT_TRIAL = frozenset({"init", "help", "completion", "sandbox", "rehearse", "start"})
_FOREIGN = "  > "
_PICTOGRAPHS = "\U0001f000"
"""From here on terminals differ: some show half a flag in two columns."""
_named = {"workspace": ""}


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """Colour `text` with a colour of `_COLOURS`, if `stream` (default stdout) shows colours."""
    if not shows_colours(stream or sys.stdout):
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def shows_colours(stream: TextIO) -> bool:
    """Whether `stream` shows colours (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def print_line(text: str = "") -> None:
    """Print a line without wrapping."""
    typer.echo(_in_place(text))


def propose_with_workspace(given: Path | None) -> None:
    """From now on, the commands that a message proposes name this workspace as well."""
    _named["workspace"] = f" --workspace {shlex.quote(str(given))}" if given else ""


def _in_place(text: str) -> str:
    """Make the commands that a message proposes work where its reader is.

    They get the `--workspace` that was typed, and `--sandbox` in a trial.
    """

    def whole(found: re.Match[str]) -> str:
        command = found[1]
        workspace = "" if command in _WITHOUT_WORKSPACE else _named["workspace"]
        trial = os.environ.get(sandbox_mode.VARIABLE) == "1" and command not in _WITHOUT_TRIAL
        return f"`publisher{workspace}{' --sandbox' * trial} {command}"

    return _PROPOSED.sub(whole, text)


def print_prose(text: str, indent: str = "") -> None:
    """Print sentences, wrapped between words on a terminal, in one line in a file or pipe."""
    typer.echo(prose(text, indent))


def prose(text: str, indent: str = "") -> str:
    """Format sentences as `print_prose` does, without printing."""
    return _broken(_in_place(text), indent, sys.stdout)


def print_foreign(text: str) -> None:
    """Print what a person outside wrote: each line is marked, so that none passes for ours.

    Whatever is longer than the terminal's line is cut, also without a space: the terminal would
    begin a line without the mark.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    for line in text.splitlines():
        for piece in _cut(printable(line.expandtabs()), max(1, width - len(_FOREIGN))):
            typer.echo(_FOREIGN + piece)


def _cut(line: str, width: int) -> Iterator[str]:
    """The pieces of a line that are no wider: cut at spaces, and where there are none, anywhere."""
    piece = ""
    for word in line.split(" "):
        if _width(longer := f"{piece} {word}" if piece else word) <= width:
            piece = longer
            continue
        if piece:
            yield piece
        piece = word
        while _width(piece) > width:
            fits = sum(end <= width for end in accumulate(map(_cells, piece))) or 1
            yield piece[:fits]
            piece = piece[fits:]
    yield piece


def print_warned(text: str) -> None:
    """Print sentences in yellow."""
    print_prose(paint(text, "yellow"))


def print_note(text: str) -> None:
    """Print a note on stderr, where no script takes it for a result."""
    typer.echo(_broken(_in_place(text), "", sys.stderr), err=True)


def print_warning(text: str) -> None:
    """Print a note in yellow."""
    print_note(paint(text, "yellow", sys.stderr))


def print_error(message: str, hint: str | None = None) -> None:
    """Print an error on stderr, with its hint."""
    _print_labelled(_("error:"), "red", message)
    if hint:
        _print_labelled(_("hint:"), "cyan", hint)


def _print_labelled(label: str, colour: str, text: str) -> None:
    line = f"{paint(label, colour, sys.stderr)} {_in_place(text)}"
    typer.echo(_broken(line, " " * (len(label) + 1), sys.stderr), err=True)


def _broken(text: str, indent: str, stream: TextIO) -> str:
    """Wrap `text` between words to the terminal's width.

    Further lines begin with `indent`; without one, with the first line's indent.
    """
    if not stream.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(_broken_line(line, indent, width) for line in text.split("\n"))


def _broken_line(text: str, indent: str, width: int) -> str:
    words = text.lstrip(" ").split(" ")
    own = " " * (len(text) - len(text.lstrip(" ")))
    indent = indent or own
    lines = [own + words[0]]
    for word in words[1:]:
        longer = f"{lines[-1]} {word}"
        if _width(longer) > width:
            # Leave out the indent if an address fits only without it.
            lines.append(indent + word if _width(indent + word) <= width else own + word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def _width(text: str) -> int:
    """The width in columns; colours take none."""
    plain = re.sub(r"\x1b\[\d+m", "", text)
    return len(plain) if plain.isascii() else sum(map(_cells, plain))


def _cells(character: str) -> int:
    """The columns that a character takes at most: a letter of Chinese or an emoji takes two."""
    is_wide = unicodedata.east_asian_width(character) in "WF" or character >= _PICTOGRAPHS
    return 2 if is_wide else 1


def print_json(value: object) -> None:
    """Print JSON with indents; the same bytes in every locale."""
    write_utf8(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print CSV in UTF-8 with a header; no cell can be taken for a spreadsheet's formula."""
    from publisher.base import spreadsheet

    write_utf8("".join(spreadsheet.csv_lines(columns, rows)))


def print_workbook(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], zone: tzinfo) -> None:
    """Write an Excel workbook to a file or a pipe. Raises UsageError on a terminal."""
    from publisher.base import spreadsheet
    from publisher.base.errors import UsageError

    if sys.stdout.isatty():
        hint = _("Write it to a file: publisher log --format xlsx > log.xlsx")
        raise UsageError(_("A workbook cannot be shown on a screen."), hint=hint)
    sys.stdout.flush()
    spreadsheet.write(sys.stdout.buffer, columns, rows, zone)
    sys.stdout.buffer.flush()


def write_utf8(text: str) -> None:
    """Write exactly this text to stdout, in every locale."""
    sys.stdout.flush()
    binary = sys.stdout.buffer
    rest = text.encode("utf-8", errors="replace")
    while rest:  # with PYTHONUNBUFFERED, one write may take only a part of it
        rest = rest[binary.write(rest) :]
    binary.flush()


def printable(text: str) -> str:
    """`text`, possibly of several lines, without terminal control characters."""
    return harmless(text, keep="\n")


def day(instant: datetime, zone: tzinfo) -> str:
    """Format a day in `zone`: `Mon 2016-03-07`."""
    local = instant.astimezone(zone)
    return f"{weekday(local)} {local:%Y-%m-%d}"


def minute(instant: datetime, zone: tzinfo) -> str:
    """Format an instant in `zone`: `2016-03-07 08:30`."""
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


def place(post: str, *accounts: str) -> str:
    """A post with the accounts that it goes to."""
    return _("{post} to {account}", post=post, account=", ".join(accounts))


def heading(delivery: "Delivery") -> str:
    """A delivery's heading: post and account."""
    return place(delivery.post, delivery.account)


def times_of(zone: tzinfo) -> str:
    """The sentence that names the time zone of the times shown."""
    return _("Times are in the time zone {zone}.", zone=zone)
