"""An .ics file is read whole, or refused with the line, the event and the way out."""

from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.agenda import ics_components, ics_events, ics_lines
from publisher.agenda.ics_events import CalendarEvent
from publisher.agenda.ics_times import Reading
from publisher.model.values import Problem
from tests.agenda.calendars import BEGIN, calendar, event, written

ZURICH = ZoneInfo("Europe/Zurich")
STRICT = Reading(zone=ZURICH)
LENIENT = Reading(
    zone=ZURICH, floating=ZoneInfo("America/Lima"), all_day=(time(9), time(18)), skip=frozenset("s")
)
NINE = datetime(2016, 3, 7, 8, tzinfo=UTC)
CUSTOM_ZONE = """\
BEGIN:VTIMEZONE\r
TZID:Palais\r
BEGIN:STANDARD\r
DTSTART:19701025T030000\r
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r
TZOFFSETFROM:+0200\r
TZOFFSETTO:%s\r
END:STANDARD\r
END:VTIMEZONE\r
"""


def read(folder: Path, text: str | bytes, reading: Reading = STRICT) -> list[CalendarEvent]:
    found, problems = ics_events.read(written(folder, text), reading)
    assert problems == []
    return found


def problem(folder: Path, text: str | bytes, reading: Reading = STRICT) -> Problem:
    """The only one."""
    _, problems = ics_events.read(written(folder, text), reading)
    (one,) = problems
    return one


def test_an_event_is_read(tmp_path: Path) -> None:
    text = calendar(
        event(
            "DTSTART;TZID=Europe/Zurich:20160307T090000",
            "DTEND;TZID=Europe/Zurich:20160307T180000",
            "LOCATION:Palais des Nations\\, salle XX\\n",
            "STATUS:CONFIRMED",
            summary="Journée annuelle\\; les droits",
        )
    )
    assert read(tmp_path, text) == [
        CalendarEvent(
            line=4,
            uid="1@un",
            summary="Journée annuelle; les droits",
            starts_at=NINE,
            ends_at=datetime(2016, 3, 7, 17, tzinfo=UTC),
            place="Palais des Nations, salle XX",
            cancelled=False,
        )
    ]


@pytest.mark.parametrize(
    ("start", "head"),
    [
        ("DTSTART:20160307T080000Z", ""),
        ("DTSTART;TZID=Europe/Warsaw:20160307T090000", ""),
        ("DTSTART;TZID=America/Lima:20160307T030000", ""),
        ("DTSTART;TZID=W. Europe Standard Time:20160307T090000", ""),
        ('DTSTART;TZID="Europe/Zurich":20160307T090000', ""),
        ("DTSTART;TZID=/citadel.org/20190914_1/Europe/Zurich:20160307T090000", ""),
        ("DTSTART;TZID=Palais:20160307T090000", CUSTOM_ZONE % "+0100"),
        ("DTSTART;TZID=Palais:20160307T103000", CUSTOM_ZONE % "+0230"),
    ],
)
def test_every_time_becomes_the_instant_that_it_means(
    tmp_path: Path, start: str, head: str
) -> None:
    """In UTC, in a zone that has a name, in one of Outlook's, in one that the file defines; and one
    file's zone is not the next one's.
    """
    (found,) = read(tmp_path, calendar(event(start), head=head))
    assert found.starts_at == NINE


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("DTEND:20160307T170000Z", datetime(2016, 3, 7, 17, tzinfo=UTC)),
        ("DURATION:PT1H30M", datetime(2016, 3, 7, 9, 30, tzinfo=UTC)),
        ("DTEND:20160307T080000Z", None),
        ("DURATION:PT0S", None),
        ("DESCRIPTION:x", None),
    ],
)
def test_an_event_ends_when_it_says_so(tmp_path: Path, end: str, expected: datetime | None) -> None:
    (found,) = read(tmp_path, calendar(event(end)))
    assert found.ends_at == expected


@pytest.mark.parametrize(
    "text",
    [
        calendar(event("STATUS:CANCELLED")),
        calendar(event("STATUS:cancelled")),
        calendar(event(), head="METHOD:CANCEL\r\n"),
        calendar(event(), "METHOD:CANCEL\r\n"),
    ],
)
def test_an_event_that_is_called_off_is_cancelled(tmp_path: Path, text: str) -> None:
    (found,) = read(tmp_path, text)
    assert found.cancelled


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_lines_are_unfolded_also_within_a_character(tmp_path: Path, line_end: str) -> None:
    """As programs do that count bytes; with whatever line ends, and a BOM."""
    data = calendar(event(summary="Journée annuelle")).replace("\r\n", line_end).encode()
    at = data.index("é".encode()) + 1
    folded = b"\xef\xbb\xbf" + data[:at] + line_end.encode() + b" " + data[at:]
    (found,) = read(tmp_path, folded)
    assert found.summary == "Journée annuelle"


def test_alarms_are_not_the_event(tmp_path: Path) -> None:
    alarm = "BEGIN:VALARM\r\nUID:a\r\nDURATION:PT5M\r\nRDATE:x\r\nTRIGGER:-PT5M\r\nEND:VALARM"
    (found,) = read(tmp_path, calendar(event(alarm)))
    assert (found.uid, found.ends_at) == ("1@un", None)


def test_tasks_and_journals_are_left_out(tmp_path: Path) -> None:
    """Also those that recur."""
    task = "BEGIN:VTODO\r\nUID:t\r\nRRULE:FREQ=DAILY\r\nEND:VTODO\r\n"
    assert len(read(tmp_path, calendar(event(), head=task))) == 1


def test_two_calendars_in_one_file_are_both_read(tmp_path: Path) -> None:
    text = calendar(event()) + calendar(event(uid="2@un"))
    assert [found.uid for found in read(tmp_path, text)] == ["1@un", "2@un"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "not-a-calendar", 1),
        ("<!DOCTYPE html>\n<p>Log in</p>", "not-a-calendar", 1),
        (event(), "not-a-calendar", 1),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not-a-calendar", 1),
        (calendar(event()).encode("utf-16"), "encoding", 1),
        (calendar(event()).encode("latin-1"), "encoding", 6),
        (calendar(event(summary="a\x00b")), "invalid-character", 6),
        (calendar(event("DESCRIPTION:begun\r\nand gone on")), "broken-line", 9),
        (calendar(event("DESCRIPTION")), "broken-line", 8),
        (calendar(), "no-events", 1),
        (BEGIN + event(), "unclosed", 1),
        (calendar(event())[:-30], "unclosed", 4),
        (calendar(event().replace("END:VEVENT", "END:VALARM")), "unclosed", 8),
        (calendar(event()) + "END:VCALENDAR\r\n", "unclosed", 10),
        (calendar(event()) + "END:\r\n", "unclosed", 10),
        (calendar(event(event())), "unclosed", 8),
        (calendar("BEGIN:X\r\n" * 40_000), "unclosed", 7),
        (calendar(event(), event(uid="2"), event()), "duplicate-uid", 14),
        (calendar(event(summary=None)), "no-summary", 4),
        (calendar(event()).replace("DTSTART:20160307T080000Z\r\n", ""), "no-start", 4),
        (calendar(event("DTSTART:20160230T080000Z")), "bad-time", 7),
        (calendar(event("DTSTART:2016-03-07")), "bad-time", 7),
        (calendar(event("DTSTART:20160307T236060Z")), "bad-time", 7),
        (calendar(event("DTSTART:20160307T080000Z\r\nDTSTART:20160308T080000Z")), "bad-time", 7),
        (calendar(event("DTSTART:19690307T080000Z")), "bad-time", 7),
        (calendar(event("DTSTART;TZID=Asia/Tokyo:00010101T000000")), "bad-time", 7),
        (calendar(event("DTSTART:99991231T235959Z")), "bad-time", 7),
        (calendar(event("DTEND:soon")), "bad-time", 8),
        (calendar(event("DTEND;VALUE=DATE:20160308")), "bad-time", 8),
        (calendar(event("DURATION:1H")), "bad-time", 8),
        (calendar(event("DURATION:P99999999999D")), "bad-time", 8),
        (calendar(event("DURATION:P999999D")), "bad-time", 8),
        (calendar(event("DURATION:P9999999D")), "bad-time", 8),
        (calendar(event("DTEND:20160307T070000Z")), "ends-before-start", 8),
        (calendar(event("DURATION:-PT1H")), "ends-before-start", 8),
        (calendar(event("DTSTART:20160307T090000")), "floating-time", 7),
        (calendar(event("DTEND:20160307T190000")), "floating-time", 8),
        (calendar(event("DTSTART;TZID=Nowhere/City:20160307T090000")), "unknown-zone", 7),
        (calendar(event("DTSTART;TZID=../../etc/passwd:20160307T090000")), "unknown-zone", 7),
        (calendar(event("DTSTART;VALUE=DATE:20160307")), "all-day", 7),
        (calendar(event("RRULE:FREQ=DAILY;COUNT=3")), "recurring", 8),
        (calendar(event("RDATE:20160308T080000Z")), "recurring", 8),
        (calendar(event("RECURRENCE-ID:20160308T080000Z")), "recurrence-id", 8),
        (
            calendar(event(), head=(CUSTOM_ZONE % "+0100").replace("YEARLY", "SECONDLY")),
            "unknown-zone",
            8,
        ),
    ],
)
def test_what_leaves_a_doubt_is_refused_with_its_line(
    tmp_path: Path, text: str | bytes, code: str, line: int
) -> None:
    found = problem(tmp_path, text)
    assert (found.code, found.line) == (code, line)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (calendar(event("RRULE:FREQ=DAILY")), ["`Réunion` (UID 1@un)", "--skip 1@un"]),
        (calendar(event("DTSTART:20160307T090000")), ["(UID 1@un)", "--timezone Europe/Zurich"]),
        (calendar(event("DTSTART;VALUE=DATE:20160307")), ["(UID 1@un)", "--all-day 09:00-18:00"]),
        (calendar(event("RDATE:x", uid=None)), ["`Réunion`", "take it out of the file"]),
        (calendar(event("DURATION:x", summary="a " * 90)), ["a a a …`", "“DURATION:x”"]),
    ],
)
def test_a_refusal_names_the_event_and_the_way_out(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    found = problem(tmp_path, text)
    said = f"{found.message} {found.hint}"
    assert [word for word in words if word not in said] == []


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = calendar(
        event("DTSTART:20160307T090000", "RRULE:FREQ=DAILY"), event("DURATION:1H", uid="2@un")
    )
    _, problems = ics_events.read(written(tmp_path, text), STRICT)
    assert [(p.code, p.line) for p in problems] == [
        ("floating-time", 7),
        ("recurring", 8),
        ("bad-time", 14),
    ]


def test_floating_times_and_whole_days_are_read_as_the_person_says(tmp_path: Path) -> None:
    """A day without a time of day lasts from the first hour to the last day's last one."""
    text = calendar(
        event("DTSTART:20160307T090000"),
        event("DTSTART;VALUE=DATE:20160307", "DTEND;VALUE=DATE:20160309", uid="2@un"),
        event("DTSTART;VALUE=DATE:20160307", uid="3@un"),
        event("DTSTART;VALUE=DATE:20160307", "DURATION:P2D", uid="4@un"),
    )
    found = read(tmp_path, text, LENIENT)
    lima = [
        [f"{t.astimezone(LENIENT.floating):%d %H:%M}" for t in (e.starts_at, e.ends_at) if t]
        for e in found
    ]
    assert lima == [
        ["07 09:00"],
        ["07 09:00", "08 18:00"],
        ["07 09:00", "07 18:00"],
        ["07 09:00", "08 18:00"],
    ]


def test_a_floating_time_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    reading = Reading(zone=ZURICH, floating=ZURICH)
    found = problem(tmp_path, calendar(event("DTSTART:20160327T023000")), reading)
    assert (found.code, found.line) == ("bad-time", 7)
    assert "does not exist" in found.message


@pytest.mark.parametrize(
    "start",
    [
        "DTSTART:00010101T000000",
        "DTSTART:99991231T235959",
        "DTSTART;VALUE=DATE:00010101",
        "DTSTART;VALUE=DATE:99991231",
    ],
)
def test_a_time_at_the_end_of_all_times_is_refused(tmp_path: Path, start: str) -> None:
    for end in ("DTEND;VALUE=DATE:00010101", "DURATION:P9999999D", "DESCRIPTION:x"):
        _, problems = ics_events.read(written(tmp_path, calendar(event(start, end))), LENIENT)
        assert {found.code for found in problems} <= {"bad-time", "ends-before-start"}
        assert problems


def test_an_event_that_is_left_out_is_not_looked_at(tmp_path: Path) -> None:
    text = calendar(event("RRULE:FREQ=DAILY", uid="s"), event())
    assert [found.uid for found in read(tmp_path, text, LENIENT)] == ["1@un"]


def test_a_file_of_50_megabytes_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "programme.ics"
    with path.open("wb") as big:
        big.write(BEGIN.encode())
        big.truncate(50_000_000)
    _, problems = ics_events.read(path, STRICT)
    assert [found.code for found in problems] == ["file-too-big"]


def test_thousands_of_events_are_too_many(tmp_path: Path) -> None:
    many = [event(uid=str(number)) for number in range(ics_events.MAX_EVENTS + 1)]
    found = problem(tmp_path, calendar(*many))
    assert (found.code, found.line) == ("too-many-events", 4 + 5 * ics_events.MAX_EVENTS)
    assert len(read(tmp_path, calendar(*many[1:]))) == ics_events.MAX_EVENTS


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.ics"):
        _, problems = ics_events.read(path, STRICT)
        assert [found.code for found in problems] == ["unreadable"]


def test_every_code_is_found_by_a_test() -> None:
    """`ambiguous` is the matching's; the rest stands in this file."""
    here = Path(__file__).read_text(encoding="utf-8")
    assert [
        code for code in ics_lines.CODES if f'"{code}"' not in here and code != "ambiguous"
    ] == []
    assert ics_components.Block(line=1).place("DTSTART") == 1


PIECES = [
    "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE",
    "END:VTIMEZONE", "BEGIN:STANDARD", "END:STANDARD", "BEGIN:VALARM", "END:VALARM", "BEGIN:", "END:",
    "VERSION:2.0", "METHOD:CANCEL", "UID:1", "UID:", "UID;X=:1", "SUMMARY:a", "SUMMARY;LANGUAGE=fr:é",
    "SUMMARY:", "LOCATION:b\\n\\,\\;\\\\", "STATUS:CANCELLED", "DTSTART:20160307T090000Z",
    "DTSTART;TZID=Palais:20160307T090000", "DTSTART;TZID=:20160307T090000", "DTSTART;TZID=Europe:1",
    "DTSTART;VALUE=DATE:20160307", "DTSTART;VALUE=PERIOD:20160307T090000Z/PT1H", "DTSTART:T090000",
    "DTSTART;VALUE=TIME:090000", "DTSTART:", "DTSTART;:", "DTSTART;VALUE=DATE-TIME;TZID=UTC:20160327T023000",
    "DTEND:20160307T180000Z", "DTEND;VALUE=DATE:20160308", "DURATION:PT1H", "DURATION:P1W", "DURATION:-P1D",
    "RRULE:FREQ=YEARLY", "RRULE:x", "RDATE:1", "TZID:Palais", "TZID:", "TZID:Europe/Zurich",
    "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "TZOFFSETTO:x", "TZOFFSETFROM:+9959", "TZNAME:x",
    "DTSTART:19700101T000000", " folded", "\tfolded", "not a property", ":", ";", 'a;b="c:d":e', 'X-A;B="c', "",
]  # fmt: skip


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=30),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.sampled_from([STRICT, LENIENT]),
    st.booleans(),
)
def test_whatever_is_in_the_file_nothing_is_raised(
    tmp_path: Path, pieces: list[str], line_end: str, reading: Reading, whole: bool
) -> None:
    """Either it is read, each event with a start, or something is told with its line."""
    inside = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", *pieces, "END:VEVENT", "END:VCALENDAR"]
    text = line_end.join(inside if whole else pieces)
    path = written(tmp_path, text.encode("utf-8", "surrogatepass"))
    found, problems = ics_events.read(path, reading)
    assert problems or found or "s" in text
    assert all(1 <= one.line <= len(text.splitlines()) + 1 for one in problems)
    for one in found if not problems else ():
        assert one.ends_at is None or one.ends_at > one.starts_at
