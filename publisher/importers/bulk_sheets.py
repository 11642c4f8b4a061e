"""The bulk files of Hootsuite, Buffer and Sprout Social.

Hootsuite (help.hootsuite.com/s/article/bulk-schedule): date and time, message, link, in this order
and without a header; the date as mm/dd/yyyy, dd/mm/yyyy or yyyy/mm/dd, chosen at the upload.
Buffer (support.buffer.com/article/926-how-to-upload-posts-in-bulk-to-buffer): Text, Image URL,
Tags, Posting Time; the time as YYYY-MM-DD HH:mm, and empty for the next free slot.
Sprout (support.sproutsocial.com/hc/en-us/articles/115005864203): date, time_24hr, message_text,
and what else the account has; the date as dd/mm/yyyy or mm/dd/yyyy, chosen at the import.
All three mean times in the zone of the account, which no file says.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from publisher.base.i18n import _, plural
from publisher.importers import dates, tables
from publisher.importers.items import Item, Options
from publisher.importers.problems import Notes, Place
from publisher.importers.tables import Row
from publisher.model.problems import Flaw

_FORMULA = re.compile(r"=[\w(\"'+-].*|#(?:REF!|NAME\?|VALUE!|N/A|DIV/0!|NULL!|NUM!)", re.DOTALL)
_ADDRESS = re.compile(r"https?://\S+")


class Layout(NamedTuple):
    """How a service lays out its file: what its columns are called, by what they hold.

    `date` and `time` together are the time, `at` is both in one.
    """

    service: str
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    header: bool = True
    """Without a header, the columns stand in the order of `columns`."""
    may_wait: bool = False
    """Whether a row without a time is meant to have none."""


HOOTSUITE = Layout(
    service="Hootsuite",
    columns={"at": ("date",), "text": ("message",), "link": ("link",)},
    required=("at", "text"),
    header=False,
)
BUFFER = Layout(
    service="Buffer",
    columns={
        "text": ("text",),
        "picture": ("image url",),
        "tags": ("tags",),
        "at": ("posting time",),
    },
    required=("text", "at"),
    may_wait=True,
)
SPROUT = Layout(
    service="Sprout Social",
    columns={
        "date": ("date",),
        "time": ("time_24hr",),
        "text": ("message_text",),
        "link": ("link", "link_url", "url"),
        "picture": ("image", "image_url", "picture", "picture_url", "photo_url"),
        "tags": ("tags",),
    },
    required=("date", "time", "text"),
)


def read(path: Path, layout: Layout, options: Options, notes: Notes) -> list[Item]:
    """The posts of the file's rows; what is wrong with the others stands in `notes`."""
    rows = tables.read(path, notes)
    if rows is None:
        return []
    header, below = _header(str(path), rows, layout, notes)
    if header and not below:
        notes.error("nothing-found", Place(str(path)), _("There is no row below the header."))
    return [*_Reader(path, header, layout, options, notes).items(below)]


def _header(
    name: str, rows: Sequence[Row], layout: Layout, notes: Notes
) -> tuple[tuple[str, ...], Sequence[Row]]:
    """What each column holds (`?title` for what nobody knows), and the rows below the header.

    No columns, where these are not those of the service.
    """
    first = rows[0]
    if not layout.header:
        if any(character.isdigit() for character in first.cells[0]):
            return tuple(layout.columns), rows
        if re.match(r"dat|fecha", first.cells[0], re.IGNORECASE):
            return tuple(layout.columns), rows[1:]
        message = _(
            "This is no file of {service}: its first row begins with no date.",
            service=layout.service,
        )
        notes.error(
            "header", Place(name, first.line), message, _("Its columns are date, message, link.")
        )
        return (), ()
    known = {title: role for role, titles in layout.columns.items() for title in titles}
    roles = [known.get(cell.casefold(), f"?{cell}") for cell in first.cells]
    missing = [layout.columns[role][0] for role in layout.required if role not in roles]
    if missing:
        message = _(
            "This is no file of {service}: it has no column {columns}.",
            service=layout.service,
            columns=", ".join(missing),
        )
        titles = ", ".join(titles[0] for titles in layout.columns.values())
        notes.error(
            "header",
            Place(name, first.line),
            message,
            _("Its columns are {titles}.", titles=titles),
        )
        return (), ()
    twice = next((n for n, role in enumerate(roles) if roles.index(role) < n and role != "?"), None)
    if twice is not None:
        message = _("The column {column} stands there twice.", column=first.cells[twice])
        notes.error("header", Place(name, first.line, twice + 1), message, _("Delete one of them."))
        return (), ()
    return tuple(roles), rows[1:]


class _Reader:
    """Turns rows into items."""

    def __init__(
        self,
        path: Path,
        header: Sequence[str],
        layout: Layout,
        options: Options,
        notes: Notes,
    ) -> None:
        self._path, self._header, self._layout = path, header, layout
        self._options, self._notes = options, notes

    def items(self, rows: Sequence[Row]) -> Iterator[Item]:
        written = [self._written(self._cells(row)) for row in rows]
        order = self._options.order or dates.proven_order(written)
        for row, when in zip(rows, written, strict=True):
            before = self._notes.errors
            item = self._item(row, when, order)
            if self._notes.errors == before:
                yield item

    def _cells(self, row: Row) -> dict[str, str]:
        return dict(zip(self._header, row.cells, strict=False))

    @staticmethod
    def _written(cells: Mapping[str, str]) -> str:
        """The time as it stands there."""
        return cells.get("at") or f"{cells.get('date', '')} {cells.get('time', '')}".strip()

    def _item(self, row: Row, when: str, order: dates.Order | None) -> Item:
        cells = self._cells(row)
        if extra := [cell for cell in row.cells[len(self._header) :] if cell]:
            self._error(
                row,
                len(self._header),
                Flaw(
                    "too-many-cells",
                    plural(
                        "The row has {number} more than the {columns} columns.",
                        "The row has {number} more than the {columns} columns.",
                        len(extra),
                        columns=len(self._header),
                    ),
                    _("Put a text that holds a comma between quotation marks."),
                ),
            )
        text = self._text(row, cells)
        picture, link = cells.get("picture", ""), cells.get("link", "")
        if picture:
            self._warn(
                row,
                "picture",
                "picture-not-fetched",
                _("The picture {picture} is not fetched.", picture=picture),
                _("Save it in posts/media/ and name it in the draft, with its alternative text."),
            )
        if link and not _ADDRESS.fullmatch(link):
            flaw = Flaw(
                "bad-value",
                _("`{link}` is no web address.", link=link),
                _("Write it with https://."),
            )
            self._error(row, "link", flaw)
        for title, cell in cells.items():
            if cell and (title.startswith("?") or title == "tags"):
                column = title.removeprefix("?")
                self._warn(
                    row,
                    title,
                    "column-left-out",
                    _("{column}: {text} is left out.", column=column, text=cell[:60]),
                    None,
                )
        return Item(
            place=Place(str(self._path), row.line),
            where=_("{file}, line {line}", file=self._path.name, line=row.line),
            parts=(text,),
            at=self._instant(row, when, order),
            link=link or None,
            absent=(picture,) if picture else (),
        )

    def _text(self, row: Row, cells: Mapping[str, str]) -> str:
        text = cells.get("text", "")
        if not text and not cells.get("picture"):
            self._error(row, "text", Flaw("empty-text", _("The row has no text.")))
        elif _FORMULA.fullmatch(text):
            hint = _("Let the spreadsheet hold the text itself, or put a letter before the sign.")
            message = _("`{text}` is a formula of the spreadsheet, and no text.", text=text[:60])
            self._error(row, "text", Flaw("formula", message, hint))
        return text

    def _instant(self, row: Row, when: str, order: dates.Order | None) -> datetime | None:
        column = "at" if "at" in self._header else "date"
        if not when:
            if not self._layout.may_wait:
                hint = _("Write it like 2016-03-07 08:30.")
                self._error(row, column, Flaw("bad-time", _("The row has no time."), hint))
                return None
            self._warn(
                row,
                column,
                "no-time",
                _("The row has no time, so its draft has none: it never goes out like that."),
                _("Give the draft an `at:`."),
            )
            return None
        instant = dates.parse(when, self._options.zone, order)
        if isinstance(instant, Flaw):
            self._error(row, column, instant)
            return None
        return instant

    def _error(self, row: Row, column: str | int, flaw: Flaw) -> None:
        self._notes.add(flaw, self._place(row, column))

    def _warn(self, row: Row, column: str, code: str, message: str, hint: str | None) -> None:
        self._notes.warning(code, self._place(row, column), message, hint)

    def _place(self, row: Row, column: str | int) -> Place:
        if isinstance(column, str):
            column = self._header.index(column) if column in self._header else 0
        return Place(str(self._path), row.line, column + 1)
