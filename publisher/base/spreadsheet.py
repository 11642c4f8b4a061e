"""Spreadsheets: rows as CSV, and as an Excel workbook."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, BinaryIO

import xlsxwriter

_WIDEST = 60  # characters; longer texts are wrapped
_LONGEST = 32_767  # characters that Excel takes in one cell


_FORMULA = re.compile(r"(?:\A|(?<=[;\t\r\n])) *(?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")
"""The places where a spreadsheet may read a formula: at the beginning of a cell, and after what it
may read as the end of one. In French, Spanish and Polish that is a semicolon, and quotes around the
whole cell do not protect its pieces. With commas as separators, the quotes protect it.
"""


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """CSV lines with a header, row by row; no cell can be read as a formula."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(columns)
    table = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        yield text.getvalue()
        text.seek(0)
        text.truncate()
        table.writerow([_cell(row.get(column)) for column in columns])
    yield text.getvalue()


def _cell(value: object) -> object:
    """A text with an apostrophe before each possible formula, which makes it text in spreadsheets.

    See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    return _FORMULA.sub(lambda found: f"{found[0]}'", value) if isinstance(value, str) else value


def write(
    stream: BinaryIO, columns: Sequence[str], rows: Iterable[Mapping[str, object]], zone: tzinfo
) -> None:
    """Write a workbook with one sheet, a heading and filters; rows are written as they come.

    Instants become dates that can be sorted and calculated with, in `zone`, which the heading
    names: Excel has no time zones. No text becomes a formula or a link.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(stream, options) as book:
        sheet = book.add_worksheet("log")
        bold = book.add_format({"bold": True})
        date = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "valign": "top"})
        text = book.add_format({"text_wrap": True, "valign": "top"})
        for number, column in enumerate(columns):
            is_instant = column.endswith(("_at", "_until"))
            sheet.write_string(0, number, f"{column} ({zone})" if is_instant else column, bold)
            sheet.set_column(number, number, _WIDEST if column == "text" else 20)
        sheet.freeze_panes(1, 0)
        last = 0
        for last, row in enumerate(rows, 1):
            for number, column in enumerate(columns):
                _write_cell(sheet, last, number, row.get(column), zone, date, text)
        sheet.autofilter(0, 0, last, len(columns) - 1)


def _write_cell(
    sheet: Any,
    row: int,
    column: int,
    value: object,
    zone: tzinfo,
    date: Any,
    text: Any,
) -> None:
    match value:
        case None:
            return
        case datetime():
            sheet.write_datetime(row, column, value.astimezone(zone).replace(tzinfo=None), date)
        case int() | float():
            sheet.write_number(row, column, value, text)
        case _:
            sheet.write_string(row, column, str(value)[:_LONGEST], text)
