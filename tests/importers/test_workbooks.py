"""Sheets of XLSX files become drafts as CSV does; what is no plan of posts is refused."""

# ruff: noqa: DTZ001 - cells of a spreadsheet have no zones

import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from publisher.importers.dates import DateOrder
from publisher.importers.workbooks import MAX_UNPACKED
from tests.importers.conftest import Bring, fronts, texts, told
from tests.importers.workbooks import packed, parts_of, workbook

HEADER = ["Texte", "Date"]
AT = datetime(2016, 4, 3, 8, 30)
SHEET = "xl/worksheets/sheet1.xml"


def by_xlsxwriter(*rows: Sequence[object], shown: str = "dd/mm/yyyy hh:mm") -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"default_date_format": shown}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return stream.getvalue()


def test_a_workbook_is_read_as_a_csv_file_is(bring: Bring) -> None:
    """Line ends and commas in a text, a link, an empty row; and the place of each row."""
    found = bring(
        None,
        workbook(
            ["Texte", "Date", "Lien"],
            ["Bonjour, ici Genève.\n\nÀ demain. ", AT, "https://www.example.org/a"],
            [],
            ["Encore", "2016-04-04 09:05"],
            ["Rien", "bientôt"],
        ),
        name="plan.xlsx",
    )
    assert told(found) == [("bad-time", 5, 2)]
    assert fronts(found) == [
        ["at: 2016-04-03 08:30", "to: [bice-x]", 'link: "https://www.example.org/a"'],
        ["at: 2016-04-04 09:05", "to: [bice-x]"],
    ]
    assert texts(found) == ["Bonjour, ici Genève.\n\nÀ demain.", "Encore"]
    assert "# Imported from plan.xlsx, line 4 [" in found.drafts[1].text


@pytest.mark.parametrize(
    "shown", ["mm/dd/yyyy hh:mm", "dd/mm/yyyy h\\hmm", "[$-40C]D MMM YYYY HH:MM"]
)
def test_a_date_cell_is_read_in_one_way_however_it_is_shown(bring: Bring, shown: str) -> None:
    """The 3rd of April, whatever is said about dates that are text."""
    rows: list[list[object]] = [[*HEADER], ["Un", AT], ["Deux", datetime(2016, 5, 6)]]
    for content in (
        workbook(*([a, (b, shown)] for a, b in rows)),
        by_xlsxwriter(*rows, shown=shown),
    ):
        for order in (None, DateOrder.MONTH_FIRST):
            found = bring(None, content, order=order)
            assert told(found) == []
            assert [front[0] for front in fronts(found)] == [
                "at: 2016-04-03 08:30",
                "at: 2016-05-06 00:00",
            ]


def test_a_date_that_is_text_is_as_ambiguous_as_in_a_csv_file(bring: Bring) -> None:
    """Cells with real dates prove nothing about it."""
    content = workbook(HEADER, ["Un", datetime(2016, 3, 25, 8)], ["Deux", "03/04/2016 08:00"])
    assert told(bring(None, content)) == [("ambiguous-date", 3, 2)]


@pytest.mark.parametrize(
    "day", [(date(2016, 4, 3), "dd/mm/yyyy"), (datetime(2016, 4, 3), '"h"d mmm')]
)
def test_a_day_without_a_time_is_not_midnight(bring: Bring, day: tuple[object, str]) -> None:
    assert told(bring(None, workbook(HEADER, ["Un", day]))) == [("bad-time", 2, 2)]


@pytest.mark.parametrize(
    "clock", [time(8, 30), "8h30", (timedelta(hours=8.5), "[h]:mm"), (0.354166666, "hh:mm")]
)
def test_the_time_of_day_may_have_a_column_of_its_own(bring: Bring, clock: object) -> None:
    content = workbook(["Texte", "Date", "Heure"], ["Un", (date(2016, 4, 3), "d/m/yy"), clock])
    found = bring(None, content)
    assert told(found) == []
    assert fronts(found)[0][0] == "at: 2016-04-03 08:30"


def test_a_time_that_was_calculated_is_whole(bring: Bring) -> None:
    """Halves of an hour are no whole number of days in binary."""
    content = workbook(HEADER, ["Un", (42463 + 8.5 / 24 - 1e-8, "dd/mm/yyyy hh:mm")])
    assert fronts(bring(None, content))[0][0] == "at: 2016-04-03 08:30"


def test_the_same_post_is_known_whatever_file_it_came_in(bring: Bring) -> None:
    of_workbook = bring(None, workbook(HEADER, ["Un", AT]))
    of_csv = bring(None, "Texte,Date\nUn,2016-04-03 08:30\n")
    assert of_workbook.drafts[0].item.mark == of_csv.drafts[0].item.mark


def test_formatted_text_is_text(bring: Bring) -> None:
    rich = CellRichText("Bonjour ", TextBlock(InlineFont(b=True), "Genève"))
    assert texts(bring(None, workbook(HEADER, [rich, AT]))) == ["Bonjour Genève"]
    assert texts(bring(None, by_xlsxwriter(HEADER, ["Un\r\nDeux", AT]))) == ["Un\nDeux"]


def test_a_character_that_cannot_be_published_is_told(bring: Bring) -> None:
    found = bring(None, by_xlsxwriter(HEADER, ["Un\x07", AT]))
    assert told(found) == [("invalid-character", 2, 1)]


# Formulas


def calculated(results: dict[str, str], *, saved_by_a_spreadsheet: bool) -> bytes:
    """A workbook with formulas, each with its result as it stands in the file."""
    parts = parts_of(workbook(HEADER, ["Un", AT], ["=A2", ("=B2+1", "dd/mm/yyyy hh:mm")]))
    for formula, result in results.items():
        old = f"<f>{formula}</f><v></v>".encode()
        assert old in parts[SHEET].replace(b"<v />", b"<v></v>")
        parts[SHEET] = (
            parts[SHEET]
            .replace(b"<v />", b"<v></v>")
            .replace(old, f"<f>{formula}</f>{result}".encode())
        )
    if saved_by_a_spreadsheet:
        parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b' fullCalcOnLoad="1"', b"")
    return packed(parts)


def test_the_result_of_a_formula_is_read(bring: Bring) -> None:
    content = calculated({"A2": "<v>7</v>", "B2+1": "<v>42464.5</v>"}, saved_by_a_spreadsheet=True)
    found = bring(None, content)
    assert told(found) == []
    assert texts(found) == ["Un", "7"]
    assert fronts(found)[1][0] == "at: 2016-04-04 12:00"


@pytest.mark.parametrize(
    "content",
    [
        workbook(HEADER, ["Un", AT], ["=A2", AT]),
        by_xlsxwriter(HEADER, ["Un", AT], ["=A2", AT]),
        calculated({"A2": "", "B2+1": "<v>1</v>"}, saved_by_a_spreadsheet=True),
    ],
    ids=["openpyxl", "xlsxwriter", "no result"],
)
def test_a_formula_that_nobody_calculated_refuses_the_workbook(
    bring: Bring, content: bytes
) -> None:
    """Its cell would be empty, or 0: a post without its link, or to the default accounts."""
    found = bring(None, content)
    assert told(found) == [("formula", 1, 1)]
    assert "save it" in (found.problems[0].hint or "")


def test_the_error_of_a_formula_is_no_text(bring: Bring) -> None:
    found = bring(None, workbook(HEADER, ["#REF!", AT], ["Un", "#N/A"]))
    assert told(found) == [("formula", 2, 1), ("bad-time", 3, 2)]


# Sheets


def test_the_only_sheet_that_holds_anything_is_taken(bring: Bring) -> None:
    """Excel used to make three."""
    found = bring(None, workbook(title="Feuil1", Plan=[HEADER, ["Un", AT]], Feuil3=[]))
    assert texts(found) == ["Un"]


def test_of_several_sheets_one_is_to_be_named(bring: Bring) -> None:
    content = workbook(HEADER, ["Un", AT], Archives=[HEADER, ["Vieux", AT]])
    found = bring(None, content)
    assert told(found) == [("sheet", 1, 1)]
    assert found.problems[0].message == "The workbook has several sheets: `Plan`, `Archives`."
    assert "--sheet NAME" in (found.problems[0].hint or "")
    assert texts(bring(None, content, sheet="Archives")) == ["Vieux"]
    assert told(bring(None, content, sheet="Plan 2")) == [("sheet", 1, 1)]


def test_a_hidden_sheet_is_read_only_by_its_name(bring: Bring) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(HEADER, ["Un", AT], Listes=[["a"], ["b"]])))
    book["Listes"].sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)
    assert texts(bring(None, stream.getvalue())) == ["Un"]
    assert told(bring(None, stream.getvalue(), sheet="Listes")) == [("header", 1, 1)]


def test_a_csv_file_has_no_sheets(bring: Bring) -> None:
    assert told(bring(None, "Texte,Date\nUn,2016-04-03 08:30\n", sheet="Plan")) == [("sheet", 1, 1)]


def test_sizes_that_the_file_claims_are_not_believed(bring: Bring) -> None:
    """Some programs write a wrong `dimension`, after which a reader would leave out rows."""
    parts = parts_of(workbook(HEADER, ["Un", AT]))
    assert b'<dimension ref="A1:B2"' in parts[SHEET]
    parts[SHEET] = parts[SHEET].replace(b'<dimension ref="A1:B2"', b'<dimension ref="A1:A1"')
    assert texts(bring(None, packed(parts))) == ["Un"]


# Bombs


def changed(old: bytes, new: bytes) -> bytes:
    parts = parts_of(workbook(HEADER, ["Un", AT]))
    assert old in parts[SHEET]
    return packed({**parts, SHEET: parts[SHEET].replace(old, new)})


_ENTITIES = b'<!DOCTYPE worksheet [<!ENTITY a "%b">]><worksheet' % (b"a" * 10_000)


def test_a_cell_far_away_is_told(bring: Bring) -> None:
    found = bring(None, changed(b'r="B2"', b'r="ZZZ2"'))
    assert told(found) == [("bad-time", 2, 2), ("too-many-cells", 2, 3)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (packed({**parts_of(workbook(HEADER)), "xl/media/a": bytes(MAX_UNPACKED)}),
         ("file-too-big", 1, 1)),
        (changed(b"<worksheet", _ENTITIES), ("workbook", 1, 1)),
        (changed(b"<worksheet", _ENTITIES).replace(b"PK\x01\x02", b"PK\x01\x03"), ("workbook", 1, 1)),
        (changed(b'<row r="2"', b'<row r="99999999999"'), ("file-too-big", 1, 1)),
        (changed(b"</sheetData>", b'<row><c r="ZZZ9"/></row>' * 1100 + b"</sheetData>"),
         ("file-too-big", 1, 1)),
        (workbook(), ("nothing-found", 1, 1)),
        (workbook(HEADER), ("nothing-found", 1, 1)),
        (packed({"xl/workbook.xml": b"<workbook/>"}), ("workbook", 1, 1)),
        (packed({"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": b""}), ("workbook", 1, 1)),
    ],
    ids=["unpacks to much", "entities", "broken list", "far row", "wide", "empty",
         "header alone", "not one", "xlsb"],
)  # fmt: skip
def test_a_workbook_that_is_too_much_or_none_is_told(
    bring: Bring, content: bytes, problem: tuple[str, int, int]
) -> None:
    found = bring(None, content)
    assert told(found) == [problem]
    assert found.drafts == ()
