"""Table reader: CSV with commas, semicolons or tabs, or a workbook's sheet.

A CSV is in UTF-8, UTF-16, Windows-1252 or Windows-1250.
"""

import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

from publisher.base.i18n import _, later
from publisher.drafts import text_files
from publisher.importers.problems import FileRefused
from publisher.media import file_types
from publisher.model.problems import Findings
from publisher.model.values import Position

MAX_BYTES = 5_000_000
"""The services accept 350 to 500 rows; this is enough for ten thousand posts of 500 letters."""
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
# The delimiter after the first cell. A spreadsheet in French writes semicolons, Excel's "Unicode
# text" has tabs.
_DELIMITER = re.compile(r'[^\S\t]*+(?:"(?:[^"]|"")*+"|[^",;\t\n]*+)([,;\t])')
_POLISH = re.compile(rb"[A-Za-z\xc0-\xff][\xb3\xb9\xbf][a-z\xe0-\xff]")
_WORD = re.compile(r"\w+")
_WORDS_SHOWN = 5
SAVE_AGAIN = later("In the spreadsheet, save it as XLSX or as CSV UTF-8, and import that file.")
SAVE_PARTS = later("Save only the posts, in several files.")
_HINTS = {
    "encoding": SAVE_AGAIN,
    "file-too-big": SAVE_PARTS,
}
"""Hints that replace those for drafts."""


class Row(NamedTuple):
    line: int
    """The line on which it begins in the file; in a workbook, the row of the sheet."""
    cells: tuple[str, ...]
    """The cells, without surrounding space."""


def read(path: Path, notes: Findings, sheet: str | None = None) -> list[Row]:
    """Read the rows that are not empty; `notes` gets a warning of how the file was read.

    Raises FileRefused if the file is no table, or is empty.
    """
    findings = Findings(str(path))
    data, kind = text_files.read_bytes(path, findings, MAX_BYTES), file_types.of(path)
    if data is None:
        raise _refused(findings)
    if kind is file_types.WORKBOOK:
        from publisher.importers import workbooks  # noqa: PLC0415 - slow, and needless for CSV

        rows = workbooks.read(data, sheet)
    elif kind is not None:
        message = _("The file is {kind}, not XLSX or CSV.", kind=_(kind.name))
        raise FileRefused("encoding", message, _(SAVE_AGAIN))
    elif sheet is not None:
        raise FileRefused("sheet", _("A CSV file has no sheets."), _("Leave out --sheet."))
    else:
        rows = _csv(_text(data, findings, notes))
    if not rows:
        raise FileRefused("nothing-found", _("The file has no rows."))
    return rows


def _text(data: bytes, findings: Findings, notes: Findings) -> str:
    encoding = _UTF16.get(data[:2])
    if encoding is not None:
        try:
            data = data[2:].decode(encoding).encode()
        except UnicodeError:
            message = _("The file begins like UTF-16, but is not UTF-16.")
            raise FileRefused("encoding", message, _(SAVE_AGAIN)) from None
    else:
        data = _in_utf8(data, notes)
    text = text_files.decode(data, findings)
    if text is None:
        raise _refused(findings)
    return text


def _in_utf8(data: bytes, notes: Findings) -> bytes:
    """The text as UTF-8, if Excel wrote it in Windows' alphabet of the West or of Central Europe.

    Within a word, ł, ą and ż of the one are ³, ¹ and ¿ of the other, which stand in no word.
    """
    if _is_utf8(data):
        return data
    encoding = "cp1250" if _POLISH.search(data) else "cp1252"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return data
    words = dict.fromkeys(word for word in _WORD.findall(text) if not word.isascii())
    message = _(
        "The file is not UTF-8, so Publisher read it as {encoding}: {words}.",
        encoding=encoding.replace("cp", "Windows-"),
        words=", ".join(f"`{word}`" for word in [*words][:_WORDS_SHOWN]),
    )
    hint = _("If these words are wrong, save it as XLSX or as CSV UTF-8, and import that file.")
    notes.warning("encoding", Position(), message, hint)
    return text.encode()


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _refused(findings: Findings) -> FileRefused:
    (found,) = findings.problems
    hint = _(_HINTS[found.code]) if found.code in _HINTS else found.hint
    return FileRefused(found.code, found.message, hint, line=found.line, column=found.column)


def _csv(text: str) -> list[Row]:
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
        hint = _("Close every quotation mark, and double each one within a cell.")
        raise FileRefused("csv", _("This is not a valid CSV file."), hint, line=begin) from None
    return rows
