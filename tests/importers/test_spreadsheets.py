"""Rows of CSV files become drafts, or are told why not."""

import pytest

from publisher.importers.dates import DateOrder
from publisher.importers.tables import MAX_BYTES
from tests.importers.conftest import Bring, fronts, texts, told

SPROUT = "date,time_24hr,message_text\n"
BUFFER = "Text,Image URL,Tags,Posting Time\n"


def test_a_file_of_hootsuite(bring: Bring) -> None:
    """Date, message and link, without a header; a message may hold commas and line ends."""
    found = bring(
        "hootsuite",
        '13/03/2016 08:30,"Bonjour, ici Genève.\n\nÀ demain.",https://www.example.org/a\n'
        "03/04/2016 09:05,Encore\n",
    )
    assert told(found) == []
    assert fronts(found) == [
        ["at: 2016-03-13 08:30", "to: [bice-x]", 'link: "https://www.example.org/a"'],
        ["at: 2016-04-03 09:05", "to: [bice-x]"],
    ]
    assert texts(found) == ["Bonjour, ici Genève.\n\nÀ demain.", "Encore"]
    assert [draft.file for draft in found.drafts] == [
        "2016-03-13-bonjour-ici-geneve-a-demain.fr.md",
        "2016-04-03-encore.fr.md",
    ]
    assert [draft.item.line for draft in found.drafts] == [1, 4]


@pytest.mark.parametrize("header", ["Date,Message,Link", "date (dd/mm/yyyy hh:mm),message,url"])
def test_a_file_of_hootsuite_may_have_a_header(bring: Bring, header: str) -> None:
    found = bring("hootsuite", f"{header}\n13/03/2016 08:30,Bonjour,\n")
    assert told(found) == []
    assert len(found.drafts) == 1


def test_a_file_of_buffer(bring: Bring) -> None:
    """A row without a time waits; pictures are not fetched, and tags have no place in a draft.

    Tags are labels for the team: as hashtags they would be public.
    """
    found = bring(
        "buffer",
        BUFFER + "Un,,,2016-03-07 08:30\nDeux,https://www.example.org/a.jpg,campagne,\n",
    )
    assert told(found) == [
        ("column-left-out", 1, 3),
        ("picture-not-fetched", 3, 2),
        ("no-time", 3, 4),
    ]
    assert fronts(found) == [["at: 2016-03-07 08:30", "to: [bice-x]"], ["to: [bice-x]"]]
    assert "# picture: https://www.example.org/a.jpg\n" in found.drafts[1].text
    assert found.drafts[1].file == "deux.fr.md"


def test_a_file_of_sprout(bring: Bring) -> None:
    found = bring(
        None,
        "date,time_24hr,message_text,link,campaign\n"
        "31/03/2016,18:00,Bonsoir,https://www.example.org,\n07/03/2016,8:05,Bonjour,,HRC31\n",
    )
    assert told(found) == [("column-left-out", 1, 5)]
    assert [front[0] for front in fronts(found)] == ["at: 2016-03-31 18:00", "at: 2016-03-07 08:05"]


# Dates


def test_a_date_that_can_be_read_in_two_ways_is_not_guessed(bring: Bring) -> None:
    content = SPROUT + "03/04/2016,08:00,Un\n05/06/2016,08:00,Deux\n"
    found = bring(None, content)
    assert told(found) == [("ambiguous-date", 2, 1), ("ambiguous-date", 3, 1)]
    assert "--dates day-first" in (found.problems[0].hint or "")
    days = bring(None, content, order=DateOrder.DAY_FIRST)
    assert [front[0] for front in fronts(days)] == ["at: 2016-04-03 08:00", "at: 2016-06-05 08:00"]
    months = bring(None, content, order=DateOrder.MONTH_FIRST)
    assert [front[0] for front in fronts(months)] == [
        "at: 2016-03-04 08:00",
        "at: 2016-05-06 08:00",
    ]


def test_a_date_proves_how_the_others_of_its_file_are_meant(bring: Bring) -> None:
    found = bring(None, SPROUT + "03/04/2016,08:00,Un\n03/25/2016,08:00,Deux\n")
    assert [front[0] for front in fronts(found)] == ["at: 2016-03-04 08:00", "at: 2016-03-25 08:00"]


def test_dates_that_prove_both_prove_nothing(bring: Bring) -> None:
    found = bring(
        None, SPROUT + "25/03/2016,08:00,Un\n03/25/2016,08:00,Deux\n03/04/2016,08:00,Trois\n"
    )
    assert told(found) == [("ambiguous-date", 4, 1)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2016-03-07 08:30", "2016-03-07 08:30"),
        ("2016-03-07T08:30:15", "2016-03-07 08:30:15"),
        ("2016/3/7 8:30", "2016-03-07 08:30"),
        ("13.03.2016 8:30", "2016-03-13 08:30"),
        ("13-03-16 8h30", "2016-03-13 08:30"),
        ("3/13/2016 8:30 PM", "2016-03-13 20:30"),
        ("3/13/2016 12:05 a.m.", "2016-03-13 00:05"),
        ("04/04/2016 08:00", "2016-04-04 08:00"),
        ("2016-03-07T08:30:00-05:00", "2016-03-07 14:30"),
        ("2016-03-07T08:30:00Z", "2016-03-07 09:30"),
    ],
)
def test_the_ways_to_write_a_time(bring: Bring, written: str, read: str) -> None:
    found = bring("hootsuite", f"{written},Bonjour\n")
    assert [front[0] for front in fronts(found)] == [f"at: {read}"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2016-03-07", "bad-time"),
        ("2016-13-07 08:30", "bad-time"),
        ("31/02/2016 08:30", "bad-time"),
        ("2016-03-07 25:00", "bad-time"),
        ("2016-03-07 13:00 PM", "bad-time"),
        ("42436.35", "bad-time"),
        ("7 mars 2016 08:30", "bad-time"),
        ("0016-03-07 08:30", "bad-time"),
        ("2016-03-07T08:30:00+99:00", "bad-time"),
        ("2016-03-27 02:30", "nonexistent-time"),
        ("2016-10-30 02:30", "ambiguous-time"),
    ],
)
def test_a_time_that_is_none_is_told(bring: Bring, written: str, code: str) -> None:
    found = bring("hootsuite", f"{written},Bonjour\n")
    assert told(found) == [(code, 1, 1)]
    assert found.drafts == ()


def test_times_are_those_of_the_zone_that_is_given(bring: Bring) -> None:
    found = bring("hootsuite", "2016-03-07 08:30,Hola\n", zone="America/Lima")
    assert fronts(found)[0][0] == "at: 2016-03-07 14:30"


def test_an_instant_that_the_clocks_show_twice_keeps_its_offset(bring: Bring) -> None:
    found = bring("hootsuite", "2016-10-30T02:30:00+02:00,Bonsoir\n")
    assert fronts(found)[0][0] == "at: 2016-10-30 02:30+02:00"


def test_a_time_that_is_over_is_kept_and_told(bring: Bring) -> None:
    found = bring("hootsuite", "2016-02-29 08:30,Bonjour\n")
    assert told(found) == [("past", 1, 1)]
    assert fronts(found)[0][0] == "at: 2016-02-29 08:30"


# Rows


def test_every_row_is_told_and_the_others_are_drafts(bring: Bring) -> None:
    """Each problem names its line and its cell; a row may have several."""
    found = bring(
        None,
        SPROUT
        + "07/13/2016,08:00,\n"
        + "07/14/2016,,Sans heure\n"
        + ",,\n"
        + '07/15/2016,08:00,"Long, long '
        + "a" * 300
        + '"\n'
        + "07/16/2016,08:00,Bonjour,encore\n"
        + "07/17/2016,08:00,Bon\n"
        + "soon,now,\n",
    )
    assert told(found) == [
        ("empty-text", 2, 3),
        ("bad-time", 3, 1),
        ("too-long", 5, 1),
        ("too-many-cells", 6, 4),
        ("bad-time", 8, 1),
        ("empty-text", 8, 3),
    ]
    assert texts(found) == ["Bon"]


@pytest.mark.parametrize("cell", ["=HYPERLINK(A1)", "=A1&B1", "=1+1", "#REF!", "#NAME?", "#N/A"])
def test_a_formula_is_no_text(bring: Bring, cell: str) -> None:
    found = bring("hootsuite", f'2016-03-07 08:30,"{cell}"\n')
    assert told(found) == [("formula", 1, 2)]


@pytest.mark.parametrize("cell", ["= 3 voix", "@UNICEF parle", "+ de voix", "- un", "#HRC31", "=)"])
def test_a_text_that_begins_like_a_formula_is_a_text(bring: Bring, cell: str) -> None:
    assert texts(bring("hootsuite", f"2016-03-07 08:30,{cell}\n")) == [cell]


def test_a_link_that_is_none_is_told(bring: Bring) -> None:
    found = bring("hootsuite", "2016-03-07 08:30,Bonjour,exemple\n")
    assert told(found) == [("bad-value", 1, 3)]


def test_a_text_that_is_too_long_for_x_can_become_a_thread(bring: Bring) -> None:
    """For X alone: the Page gets it whole."""
    text = "Une phrase qui dit quelque chose de plus. " * 10
    row = f"2016-03-07 08:30,{text}\n"
    assert told(bring("hootsuite", row)) == [("too-long", 1, 1)]
    found = bring("hootsuite", row, split=True)
    assert texts(found)[0].count("\n---\n") == 1
    both = bring("hootsuite", row, split=True, to=("bice-x", "bice-page"))
    whole, _, section = texts(both)[0].partition("\n\n## twitter\n")
    assert whole == text.strip()
    assert section == texts(found)[0]


def test_a_thread_leaves_room_for_its_link(bring: Bring) -> None:
    text = " ".join(["mot"] * 69) + "."
    row = f"2016-03-07 08:30,{text},https://www.example.org/a\n"
    assert told(bring("hootsuite", row)) == [("too-long", 1, 1)]
    assert told(bring("hootsuite", row, split=True)) == []


@pytest.mark.parametrize("line", ["---", "## facebook", "## bice-x"])
def test_a_line_that_a_draft_takes_for_its_layout_is_told(bring: Bring, line: str) -> None:
    found = bring(
        "hootsuite", f'2016-03-07 08:30,"Un\n\n{line}\nDeux"\n', to=("bice-x", "bice-page")
    )
    assert told(found) == [("read-as-layout", 1, 1)]


def test_the_same_text_at_the_same_time_is_one_draft(bring: Bring) -> None:
    found = bring(
        "hootsuite",
        "2016-03-07 08:30,Bonjour\n2016-03-07 08:30,Bonjour \n2016-03-08 08:30,Bonjour\n",
    )
    assert told(found) == [("same-text", 2, 1)]
    assert [draft.file for draft in found.drafts] == [
        "2016-03-07-bonjour.fr.md",
        "2016-03-08-bonjour.fr.md",
    ]


# Files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_spreadsheets_save_is_read(
    bring: Bring, encoding: str, delimiter: str, end: str
) -> None:
    """Excel writes UTF-16 with tabs, and semicolons where the comma parts decimals."""
    rows = [
        ["Text", "Image URL", "Tags", "Posting Time"],
        ["Zoë, dès 8 h", "", "", "2016-03-07 08:30"],
    ]
    content = end.join(delimiter.join(f'"{cell}"' for cell in row) for row in rows) + end * 3
    found = bring("buffer", content.encode(encoding))
    assert told(found) == []
    assert texts(found) == ["Zoë, dès 8 h"]


@pytest.mark.parametrize(
    ("encoding", "text", "said"),
    [
        ("cp1252", "Zoë, dès 8 h. ¿Mañana? 20 m³", "Windows-1252: `Zoë`, `dès`, `Mañana`"),
        ("cp1250", "Zażółć gęślą jaźń", "Windows-1250: `Zażółć`, `gęślą`, `jaźń`"),
    ],
)
def test_what_excel_saves_on_windows_is_read_and_said(
    bring: Bring, encoding: str, text: str, said: str
) -> None:
    """A person sees by these words whether it was read rightly."""
    found = bring("buffer", f'{BUFFER}"{text}",,,2016-03-07 08:30\n'.encode(encoding))
    assert texts(found) == [text]
    assert told(found) == [("encoding", 1, 1)]
    assert said in found.problems[0].message


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (BUFFER.encode() + b"Zo\x81\n", ("encoding", 2, 3)),
        (b"\xff\xfeT\x00e", ("encoding", 1, 1)),
        (b"PK\x03\x04" + bytes(9_000) + b"xl/workbook.xml", ("workbook", 1, 1)),
        (b"%PDF-1.7", ("encoding", 1, 1)),
        (BUFFER.encode() + b"a\0b,,,2016-03-07 08:30\n", ("invalid-character", 2, 2)),
        (b"", ("nothing-found", 1, 1)),
        (b",,\n\n,,\n", ("nothing-found", 1, 1)),
        (BUFFER.encode(), ("nothing-found", 1, 1)),
        ((BUFFER + 'Un,,,2016-03-07 08:30\n"Deux\nTrois').encode(), ("csv", 3, 1)),
        ((BUFFER + 'Un,,,2016-03-07 08:30\n"Deux"x,,,\n').encode(), ("csv", 3, 1)),
        ((BUFFER + "a" * 140_000 + ",,,\n").encode(), ("csv", 2, 1)),
        (b"a" * (MAX_BYTES + 1), ("file-too-big", 1, 1)),
    ],
)
def test_a_file_that_is_no_table_is_told(
    bring: Bring, content: bytes, problem: tuple[str, int, int]
) -> None:
    found = bring("buffer", content)
    assert told(found) == [problem]
    assert found.drafts == ()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "OpenDocument"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Word, PowerPoint or Excel"),
    ],
)
def test_another_spreadsheet_is_called_what_it_is(bring: Bring, content: bytes, kind: str) -> None:
    (problem,) = bring("buffer", content).problems
    assert kind in problem.message
    assert "save it as XLSX or as CSV UTF-8" in (problem.hint or "")
