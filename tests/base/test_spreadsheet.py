"""No cell of the log is a formula, by whatever the reader separates the cells."""

import csv
import io

import pytest

from publisher.base.spreadsheet import csv_lines

_EVIL = (
    "bonjour;=1+1;-2+3",
    "=HYPERLINK(A1)",
    "x; @SUM(1+1)*cmd|' /C calc'!A0",
    "a\n=1+1",
    "a\r+1",
    "a\t-1",
    "\uff1d1+1;\uff20x",
    '";=1+1;"',
)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("text", _EVIL)
def test_no_cell_can_be_taken_for_a_formula(text: str, separator: str) -> None:
    """Excel takes a semicolon in French, Spanish and Polish; LibreOffice offers all of them."""
    written = "".join(csv_lines(["post", "text"], [{"post": "a.fr", "text": text}]))
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        rows = csv.reader(io.StringIO(written, newline=""), delimiter=separator, quoting=quoting)
        for cell in (cell for row in rows for cell in row):
            assert not cell.lstrip(' "').startswith(tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")), cell


def test_other_texts_and_numbers_stay_as_they_are() -> None:
    rows = [{"post": "2016-03-07.fr", "text": "Un, deux - trois; quatre\nc'est tout", "late": -1.5}]
    written = "".join(csv_lines(["post", "text", "late"], rows))
    (read,) = csv.DictReader(io.StringIO(written))
    assert read == {**rows[0], "late": "-1.5"}
