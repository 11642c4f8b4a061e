"""Spreadsheet reader: each row becomes an item, or is reported.

No file contains the zone of its times.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from publisher.base.i18n import _, plural
from publisher.drafts.session import LANGUAGE
from publisher.importers import columns, dates, tables
from publisher.importers.items import Item, Options
from publisher.importers.tables import Row
from publisher.model.problems import Findings, Flaw
from publisher.model.values import Position, Severity

_FORMULA = re.compile(r"=[\w(\"'+-].*|#(?:REF!|NAME\?|VALUE!|N/A|DIV/0!|NULL!|NUM!)", re.DOTALL)
_ADDRESS = re.compile(r"https?://\S+")
_BETWEEN_NAMES = re.compile(r"[,;/|&\n]")


def read(path: Path, options: Options, notes: Findings) -> list[Item]:
    """Read the file's rows as items; problems of rows are added to `notes`.

    Raises FileRefused for a problem of the whole file.
    """
    table = columns.recognise(tables.read(path, notes, options.sheet), options)
    return [*_Reader(path, table, options, notes).items()]


class _Reader:
    """Turns rows into items."""

    def __init__(self, path: Path, table: columns.Table, options: Options, notes: Findings) -> None:
        self._name, self._table, self._options, self._notes = path.name, table, options, notes
        preset = columns.PRESETS.get(options.preset or "", columns.Preset())
        self._may_wait = preset.may_wait

    def items(self) -> Iterator[Item]:
        self._tell_left_out()
        rows = self._table.rows
        written = [f"{self._cell(row, 'at')} {self._cell(row, 'time')}".strip() for row in rows]
        order = self._options.order or dates.proven_order(written)
        for row, when in zip(rows, written, strict=True):
            before = len(self._notes.errors)
            item = self._item(row, when, order)
            if len(self._notes.errors) == before:
                yield item

    def _tell_left_out(self) -> None:
        """Report each column without a role once, if it is not empty."""
        header, roles, rows = self._table
        for number, (title, role) in enumerate(zip(header.cells, roles, strict=True)):
            if not role and any(row.cells[number : number + 1] > ("",) for row in rows):
                message = _("The column “{title}” is left out.", title=title[:60])
                hint = _("If it contains part of the posts, say which: --column ROLE=TITLE.")
                flaw = Flaw("column-left-out", message, hint)
                self._tell(header, number, flaw, Severity.WARNING)

    def _item(self, row: Row, when: str, order: dates.DateOrder | None) -> Item:
        width = len(self._table.roles)
        if extra := [cell for cell in row.cells[width:] if cell]:
            message = plural(
                "The row has {number} cells more than the {columns} columns.",
                "The row has {number} cells more than the {columns} columns.",
                len(extra),
                columns=width,
            )
            hint = _("Put a text that contains a comma in quotation marks.")
            self._tell(row, width, Flaw("too-many-cells", message, hint))
        names = _BETWEEN_NAMES.split(self._cell(row, "to"))
        return Item(
            line=row.line,
            where=_("{file}, line {line}", file=self._name, line=row.line),
            text=self._text(row),
            at=self._instant(row, when, order),
            link=self._link(row),
            picture=self._picture(row),
            to=tuple(name.strip() for name in names if name.strip()),
            lang=self._lang(row),
        )

    def _text(self, row: Row) -> str:
        text = self._cell(row, "text")
        if not text and not self._cell(row, "picture"):
            self._tell(row, "text", Flaw("empty-text", _("The row has no text.")))
        elif _FORMULA.fullmatch(text):
            hint = _("Put the text itself into the cell, or put a letter before the sign.")
            message = _("“{text}” is a spreadsheet formula, not text.", text=text[:60])
            self._tell(row, "text", Flaw("formula", message, hint))
        return text

    def _link(self, row: Row) -> str | None:
        link = self._cell(row, "link")
        if link and not _ADDRESS.fullmatch(link):
            message = _("“{link}” is not a web address.", link=link)
            self._tell(row, "link", Flaw("bad-value", message, _("Write it with https://.")))
        return link or None

    def _picture(self, row: Row) -> str:
        picture = self._cell(row, "picture")
        if picture:
            message = _("Publisher does not download the picture {picture}.", picture=picture)
            hint = _(
                "Save it in posts/media/ and name it in the draft, with its picture description."
            )
            self._tell(row, "picture", Flaw("picture-not-fetched", message, hint), Severity.WARNING)
        return picture

    def _lang(self, row: Row) -> str | None:
        code = self._cell(row, "lang")
        code = code if "-" in code else code.lower()
        if code and not LANGUAGE.fullmatch(code):
            message = _("“{code}” is not a language code.", code=code)
            hint = _("Write it like fr, es or pt-BR.")
            self._tell(row, "lang", Flaw("bad-language", message, hint))
        return code or None

    def _instant(self, row: Row, when: str, order: dates.DateOrder | None) -> datetime | None:
        if when:
            instant = dates.parse(when, self._options.zone, order)
            if not isinstance(instant, Flaw):
                return instant
            self._tell(row, "at", instant)
        elif self._may_wait:
            message = _(
                "The row has no time, so its draft has none: it never goes out without one."
            )
            flaw = Flaw("no-time", message, _("Give the draft an `at:`."))
            self._tell(row, "at", flaw, Severity.WARNING)
        else:
            hint = _(
                "Write it like 2016-03-07 08:30. In a file from Buffer it may be empty: --from "
                "buffer."
            )
            self._tell(row, "at", Flaw("bad-time", _("The row has no time."), hint))
        return None

    def _cell(self, row: Row, role: str) -> str:
        roles = self._table.roles
        number = roles.index(role) if role in roles else len(row.cells)
        return row.cells[number] if number < len(row.cells) else ""

    def _tell(
        self, row: Row, column: str | int, flaw: Flaw, severity: Severity = Severity.ERROR
    ) -> None:
        number = self._table.roles.index(column) if isinstance(column, str) else column
        self._notes.add(flaw, Position(line=row.line, column=number + 1), severity)
