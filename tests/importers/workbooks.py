"""Workbooks, as openpyxl writes them, and their parts."""

import io
import zipfile
from collections.abc import Mapping, Sequence

import openpyxl


def workbook(
    *rows: Sequence[object], title: str = "Plan", **others: Sequence[Sequence[object]]
) -> bytes:
    """A workbook with a sheet of these rows, and others by their names.

    A value in a pair is a value and its format.
    """
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, filled in {title: rows, **others}.items():
        sheet = book.create_sheet(name)
        for line, row in enumerate(filled, 1):
            for column, value in enumerate(row, 1):
                of_it, shown = value if isinstance(value, tuple) else (value, None)
                cell = sheet.cell(line, column, of_it)
                cell.number_format = shown or cell.number_format
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()
