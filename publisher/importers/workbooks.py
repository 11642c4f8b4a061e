"""Workbook reader (.xlsx), for files of Excel, LibreOffice and Google Sheets.

Only values are read: nothing is calculated, and no macro, link or picture is used. The file may
come from anywhere, so its parts are checked before openpyxl reads them.
"""

import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Any
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from publisher.base import formats
from publisher.base.i18n import _
from publisher.drafts.text_files import invalid_character
from publisher.importers.problems import FileRefused
from publisher.importers.tables import SAVE_AGAIN, SAVE_PARTS, Row

MAX_UNPACKED = 30_000_000
"""Bytes of all parts; a workbook of 5 MB with ten thousand posts has about as many."""
MAX_CELLS = 20_000_000
"""Including empty ones: LibreOffice writes some to the end of a row that has a format."""
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main "
_NO_HOURS = re.compile(r'"[^"]*"|\[[^\[\]]*+\]|\\.')
"""The literal and hidden parts of a number format."""
_HALF_A_SECOND = timedelta(seconds=0.5)
"""For rounding: dates are fractions of days, which are rarely whole seconds."""


def read(data: bytes, sheet: str | None) -> list[Row]:
    """Read the sheet's rows that are not empty. Raises FileRefused if there is no such sheet."""
    try:
        _look_through(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl leaves out is not needed here
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            return _only_one(book, sheet)
    except FileRefused:
        raise
    except Exception as error:
        message = _("The Excel workbook is damaged or unusual.")
        raise FileRefused("workbook", message, _(SAVE_AGAIN)) from error


def _look_through(data: bytes) -> None:
    """Refuse files that unpack to too much, XML entities, and formulas without results."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > MAX_UNPACKED:
            message = _(
                "Unpacked, the file has {size} bytes; Publisher reads at most {limit}.",
                size=formats.number(unpacked),
                limit=formats.number(MAX_UNPACKED),
            )
            raise FileRefused("file-too-big", message, _(SAVE_PARTS))
        found: set[str] = set()
        for part in archive.infolist():
            with suppress(expat.ExpatError):  # a picture, or broken: openpyxl finds that
                _look_at(archive.read(part), found)
    # Programs that cannot calculate write no result, or any result and request a recalculation.
    if "no result" in found or {"f", "calcPr"} <= found:
        message = _("The workbook contains formulas whose results are not in the file.")
        hint = _("Open it in a spreadsheet program and save it, so that it calculates them.")
        raise FileRefused("formula", message, hint)


def _look_at(part: bytes, found: set[str]) -> None:
    """Add what is in a part. Raises ValueError for entities, which can expand without limit."""

    def start(name: str, attributes: dict[str, str]) -> None:
        name = name.removeprefix(_NAMESPACE)
        if name == "f":
            found.update(("f", "pending"))
        elif name == "v":
            found.discard("pending")
        elif name == "calcPr" and attributes.get("fullCalcOnLoad") in ("1", "true"):
            found.add(name)

    def end(name: str) -> None:
        if name == f"{_NAMESPACE}c" and "pending" in found:
            found.discard("pending")
            found.add("no result")

    def refuse(*_declaration: object) -> None:
        raise ValueError("a workbook has no document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(part, True)  # noqa: FBT003 - expat's


def _only_one(book: Any, name: str | None) -> list[Row]:
    """The rows of the named sheet, or of the only visible one that is not empty."""
    sheets = [
        sheet
        for sheet in book.worksheets
        if (sheet.sheet_state == "visible" if name is None else sheet.title == name)
    ]
    seen: Counter[str] = Counter()
    filled = [rows for sheet in sheets if (rows := [*_rows(sheet, seen)])]
    if len(filled) > 1 or (name is not None and not sheets):
        titles = ", ".join(f"`{sheet.title}`" for sheet in book.worksheets)
        message = _("The workbook has several sheets: {titles}.", titles=titles)
        if name is not None:
            message = _(
                "No sheet is called “{name}”. There are: {titles}.", name=name, titles=titles
            )
        raise FileRefused("sheet", message, _("Choose the one with the posts: --sheet NAME."))
    return filled[0] if filled else []


def _rows(sheet: Any, seen: Counter[str]) -> Iterator[Row]:
    sheet.reset_dimensions()  # those in the file may be wrong
    for line, row in enumerate(sheet.iter_rows(), 1):
        seen["cells"] += len(row) or 10  # a row that is not in the file costs time as well
        if seen["cells"] > MAX_CELLS:
            limit = formats.number(MAX_CELLS)
            message = _("The workbook has more than {limit} cells.", limit=limit)
            raise FileRefused("file-too-big", message, _(SAVE_PARTS))
        cells = {n: text for n, cell in enumerate(row, 1) if (text := _text(cell))}
        for column, cell in cells.items():
            if flaw := invalid_character(cell):
                raise FileRefused(*flaw, line=line, column=column)
        if cells:
            yield Row(line, tuple(cells.get(n, "") for n in range(1, max(cells) + 1)))


def _text(cell: Any) -> str:
    """The cell's text as in a CSV file; dates in ISO 8601, which is unambiguous."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        text: str = unescape(value)
        return text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if isinstance(value, datetime):
        value = (value + _HALF_A_SECOND).replace(microsecond=0)
        shows_hours = "h" in _NO_HOURS.sub("", cell.number_format.lower())
        is_day = not shows_hours and value.time() == time.min
        return value.date().isoformat() if is_day else value.isoformat(" ")
    if isinstance(value, time):
        value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)
