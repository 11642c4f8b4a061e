"""Tables from spreadsheets: CSV with commas, semicolons or tabs, in UTF-8 or UTF-16."""

import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

from publisher.base import numbers
from publisher.base.i18n import _
from publisher.drafts import text_files
from publisher.importers.problems import Notes, Place
from publisher.media import file_types
from publisher.model.problems import Findings

MAX_BYTES = 5_000_000
"""The services take 350 to 500 rows; this is room for ten thousand posts of 500 letters."""
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
# What stands behind the first cell. A spreadsheet in French writes semicolons, Excel's "Unicode
# text" has tabs.
_DELIMITER = re.compile(r'\s*(?:"(?:[^"]|"")*"|[^",;\t\n]*)([,;\t])')


class Row(NamedTuple):
    line: int
    """Where it begins in the file."""
    cells: tuple[str, ...]
    """Without the space around them."""


def read(path: Path, notes: Notes) -> list[Row] | None:
    """The rows that hold anything; None, with the reason in `notes`, if it is no table."""
    place = Place(str(path))
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            message = _(
                "The file has {size} bytes; more than {limit} are not read.",
                size=numbers.number(size),
                limit=numbers.number(MAX_BYTES),
            )
            notes.error(
                "file-too-big", place, message, _("Save the posts alone, in several files.")
            )
            return None
        if workbook := file_types.workbook_hint(path):
            notes.error("encoding", place, *workbook)
            return None
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        notes.error("unreadable", place, _("The file cannot be read: {reason}.", reason=reason))
        return None
    text = _text(data, str(path), notes)
    return None if text is None else _rows(text, str(path), notes)


def _text(data: bytes, name: str, notes: Notes) -> str | None:
    encoding = _UTF16.get(data[:2])
    if encoding is not None:
        try:
            data = data[2:].decode(encoding).encode()
        except UnicodeError:
            message = _("The file begins like UTF-16, and is none.")
            notes.error("encoding", Place(name), message, _("Save it as CSV UTF-8."))
            return None
    findings = Findings(name)
    text = text_files.decode(data, findings)
    for found in findings.problems:
        hint = _("Save it as CSV UTF-8.") if found.code == "encoding" else found.hint
        notes.error(found.code, Place(name, found.line, found.column), found.message, hint)
    return text


def _rows(text: str, name: str, notes: Notes) -> list[Row] | None:
    found = _DELIMITER.match(text)
    delimiter = found[1] if found else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    begin = 1
    try:
        for cells in reader:
            stripped = tuple(cell.strip() for cell in cells)
            if any(stripped):
                rows.append(Row(begin, stripped))
            begin = reader.line_num + 1
    except csv.Error:
        hint = _("Close every quotation mark, and write one within a cell twice.")
        notes.error("csv", Place(name, begin), _("This is no valid CSV."), hint)
        return None
    if not rows:
        notes.error("nothing-found", Place(name), _("The file has no rows."))
        return None
    return rows
