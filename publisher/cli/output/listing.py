"""Plain tables for people, whose last column is never cut within a word.

People copy ids and addresses from there. Text that does not fit beside the other columns is on
separate lines below them.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from publisher.cli.output import console

if TYPE_CHECKING:
    from rich.console import Console

_GAP = 2
_INDENT = 4
_LEAST = 16
"""The least width of the last column beside the others."""


class Listing:
    """Rows of cells. The last column takes the remaining width."""

    def __init__(self, columns: Sequence[str], widths: Sequence[int] = ()) -> None:
        """`widths` are the least widths of the other columns: consecutive listings are then
        aligned, and have no headings.
        """
        self._columns, self._widths = columns, widths
        self._rows: list[tuple[Text, ...]] = []

    def add_row(self, *cells: str | Text) -> None:
        self._rows.append(tuple(Text(cell) if isinstance(cell, str) else cell for cell in cells))

    def print(self) -> None:
        """Print it in the terminal's width; the terminal breaks longer words."""
        from rich.console import Console

        class Terminal(Console):
            def on_broken_pipe(self) -> None:
                raise BrokenPipeError  # it ends the command

        terminal = Terminal(highlight=False, markup=False, emoji=False, soft_wrap=False)
        with terminal.capture() as capture:
            for line in self._lines(terminal):
                terminal.print(line, soft_wrap=True)
        console.print_line("\n".join(line.rstrip() for line in capture.get().splitlines()))

    def _lines(self, terminal: "Console") -> Iterator[Text]:
        rows = list(self._rows)
        if not self._widths:
            rows.insert(0, tuple(Text(column, style="bold") for column in self._columns))
        widths = [
            max(least, *(cell_len(row[index].plain) for row in rows))
            for index, least in enumerate(self._widths or [0] * (len(self._columns) - 1))
        ]
        for row in rows:
            yield from _laid_out(row, widths, terminal.width)


def print_by_day(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[str | Text]]]) -> None:
    """Print tables, one under each day; `rows` come with their days, in order."""
    of_columns = range(len(columns) - 1)
    widths = [max((len(row[index]) for __, row in rows), default=0) for index in of_columns]
    for day, of_day in groupby(rows, lambda row: row[0]):
        console.print_line(console.paint(day, "bold"))
        table = Listing(columns, widths)
        for __, row in of_day:
            table.add_row(*row)
        table.print()


def _laid_out(row: Sequence[Text], widths: Sequence[int], whole: int) -> Iterator[Text]:
    """A row's lines in the `whole` width."""
    head = Text()
    for cell, width in zip(row[:-1], widths, strict=True):
        head.append_text(cell).append(" " * (width - cell_len(cell.plain) + _GAP))
    beside = cell_len(head.plain)
    room = whole - beside
    for line in row[-1].split("\n", allow_blank=True):
        fits = room >= _LEAST and _longest_word(line) <= room
        if not fits and head.plain.strip():
            yield head
            head = Text()
        before = beside if fits else _INDENT
        for piece in line.divide(_breaks(line.plain, whole - before)):
            piece.rstrip()
            yield (head if fits and head.plain else Text(" " * before)).append_text(piece)
            head = Text()


def _breaks(line: str, width: int) -> list[int]:
    """The offsets of line breaks between words; a longer word gets its own line."""
    offsets = [0]
    for word in re.finditer(r"\S+ *", line):
        begin = offsets[-1]
        if word.start() > begin and cell_len(line[begin : word.end()].rstrip()) > width:
            offsets += [word.start()]
    return offsets[1:]


def _longest_word(line: Text) -> int:
    return max((cell_len(word) for word in line.plain.split()), default=0)
