"""What is exported is valid, and importing it changes nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.agenda import ics_events, session_file
from publisher.agenda.changes import ItemChange
from publisher.agenda.ics_export import agenda_calendar
from publisher.agenda.ics_matching import match
from publisher.agenda.ics_times import Reading
from publisher.agenda.ics_zones import definition
from publisher.drafts.session import Session
from publisher.drafts.times import AgendaItem
from tests.agenda.calendars import written

NOW = datetime(2016, 3, 1, 12, tzinfo=UTC)
ZONES = ["Europe/Zurich", "America/Lima", "America/Santiago", "Africa/Casablanca", "Asia/Kathmandu",
         "Australia/Lord_Howe", "UTC"]  # fmt: skip
TEXTS = st.text(
    st.characters(exclude_categories=["C", "Zl", "Zp"], exclude_characters="\N{BYTE ORDER MARK}"),
    min_size=1,
    max_size=120,
).filter(str.strip)
TIMES = st.datetimes(datetime(2015, 1, 1), datetime(2018, 1, 1)).map(  # noqa: DTZ001 - UTC follows
    lambda time: time.replace(microsecond=0, tzinfo=UTC)
)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    agenda = {}
    for name in draw(
        st.lists(st.from_regex(r"[a-zé][a-z0-9_-]{0,12}", fullmatch=True), unique=True)
    ):
        starts_at = draw(TIMES)
        length = draw(st.none() | st.timedeltas(timedelta(seconds=1), timedelta(days=9)))
        agenda[name] = AgendaItem(
            name=name,
            title=draw(st.none() | TEXTS.map(str.strip)),
            starts_at=starts_at,
            ends_at=length and (starts_at + length).replace(microsecond=0),
            place=draw(st.none() | TEXTS.map(str.strip)),
            cancelled=draw(st.booleans()),
            uid=draw(st.none() | st.just(f"{name}@un")),
        )
    ends_later = {n: i for n, i in agenda.items() if i.ends_at is None or i.ends_at > i.starts_at}
    return Session(
        name=draw(st.none() | TEXTS), timezone=draw(st.sampled_from(ZONES)), agenda=ends_later
    )


@settings(deadline=None, max_examples=60)
@given(sessions())
def test_an_import_of_the_export_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, session: Session
) -> None:
    path = written(tmp_path_factory.mktemp("ics"), agenda_calendar(session, NOW))
    found, problems = ics_events.read(path, Reading(zone=session.zone))
    if not session.agenda:
        assert [problem.code for problem in problems] == ["no-events"]
        return
    assert problems == []
    result = match("x.ics", found, session)
    assert (result.changes, result.missing, result.problems) == ((), (), ())
    assert {event.starts_at for event in found} == {i.starts_at for i in session.agenda.values()}


@settings(deadline=None, max_examples=60)
@given(sessions())
def test_what_is_imported_into_an_empty_agenda_is_the_same_programme(
    tmp_path_factory: pytest.TempPathFactory, session: Session
) -> None:
    """Written into the file and read again, whatever characters are in it; and once is enough."""
    folder = tmp_path_factory.mktemp("posts")
    (folder / "session.yaml").write_text(f"timezone: {session.timezone}\n")
    path = written(folder, agenda_calendar(session, NOW))
    for changed in (bool(session.agenda), False):
        seen = session_file.read(folder)
        found, _ = ics_events.read(path, Reading(zone=session.zone))
        changes = match("x.ics", found, seen.session).changes
        assert bool(changes) is changed
        revised = session_file.revise(seen, changes) if changes else seen
        assert revised.errors == []
        (folder / "session.yaml").write_bytes(revised.data)
    now_there = [_said(item) for item in revised.session.agenda.values()]
    assert sorted(now_there) == sorted(_said(item) for item in session.agenda.values())


def _said(item: AgendaItem) -> tuple[object, ...]:
    title = " ".join((item.title or item.name).split())
    ends = item.ends_at.isoformat() if item.ends_at else ""
    place = " ".join((item.place or "").split())
    return item.starts_at.isoformat(), ends, title, place, item.cancelled


@settings(deadline=None, max_examples=60)
@given(sessions())
def test_the_export_is_a_valid_calendar(session: Session) -> None:
    """RFC 5545: every event has UID, DTSTAMP and DTSTART, every zone is defined, no line is longer
    than 75 bytes.
    """
    data = agenda_calendar(session, NOW)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    calendar = icalendar.Calendar.from_ical(data)
    assert calendar["VERSION"] == "2.0"
    assert "PRODID" in calendar
    defined = {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}
    used = set()
    for event in calendar.walk("VEVENT"):
        assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "STATUS"} <= set(event)
        assert event.errors == []
        used |= {
            event[p].params["TZID"]
            for p in ("DTSTART", "DTEND")
            if p in event and "TZID" in event[p].params
        }
    assert used == defined
    uids = [str(event["UID"]) for event in calendar.walk("VEVENT")]
    assert len(set(uids)) == len(session.agenda)


@pytest.mark.parametrize("key", ZONES[:-1])
def test_the_definition_of_a_zone_says_what_the_zone_does(key: str) -> None:
    """Every quarter of an hour of a year and a half, for a program that knows the zone from the
    file alone.
    """
    zone = ZoneInfo(key)
    first, last = datetime(2016, 1, 1, tzinfo=UTC), datetime(2017, 7, 1, tzinfo=UTC)
    defined = definition(zone, first, last).to_tz(lookup_tzid=False)
    wrong = []
    instant = first
    while instant < last:
        local = instant.astimezone(zone).replace(tzinfo=None)
        readings = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
        if readings == {instant} and local.replace(tzinfo=defined).astimezone(UTC) != instant:
            wrong.append(local)
        instant += timedelta(minutes=15)
    assert wrong == []


def test_a_time_that_exists_twice_keeps_its_instant(tmp_path: Path) -> None:
    """iCalendar cannot say which of the two is meant, so it stands there in UTC."""
    times = [datetime(2016, 10, 30, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    agenda = {f"x{n}": AgendaItem(name=f"x{n}", starts_at=time) for n, time in enumerate(times)}
    session = Session(timezone="Europe/Zurich", agenda=agenda)
    path = written(tmp_path, agenda_calendar(session, NOW))
    found, _ = ics_events.read(path, Reading(zone=session.zone))
    assert [event.starts_at for event in found] == times


def test_a_change_of_the_export_is_a_change_of_the_agenda(tmp_path: Path) -> None:
    """The round trip is no accident of looking at nothing."""
    item = AgendaItem(name="x", title="X", starts_at=NOW)
    session = Session(timezone="Europe/Zurich", agenda={"x": item})
    data = agenda_calendar(session, NOW).replace(b"T130000", b"T140000")
    found, _ = ics_events.read(written(tmp_path, data), Reading(zone=session.zone))
    moved = item.model_copy(update={"starts_at": NOW + timedelta(hours=1)})
    assert match("x.ics", found, session).changes == (ItemChange(item, moved),)
