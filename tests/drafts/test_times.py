"""Times: local ones, ones with offsets, and agenda anchors."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from publisher.drafts.times import AgendaItem, Moment, anchored, parse_anchor, parse_time, spelled
from tests.drafts.drafts import SESSION, Workspace, codes

pytestmark = pytest.mark.guards("publisher.drafts.time_hints")


@pytest.mark.parametrize(
    ("at", "instant"),
    [
        ("2016-03-07 08:30", "2016-03-07T07:30:00"),
        ("2016-03-07 8:30", "2016-03-07T07:30:00"),
        ("2016-03-07T08:30", "2016-03-07T07:30:00"),
        ("2016-03-07 08:30:15", "2016-03-07T07:30:15"),
        ("2016-03-07T08:30:00+05:30", "2016-03-07T03:00:00"),
        ("2016-03-07T08:30:00Z", "2016-03-07T08:30:00"),
        ("2016-03-07 08:30 -0500", "2016-03-07T13:30:00"),
        ("2016-07-07 08:30", "2016-07-07T06:30:00"),
        ("annual-day", "2016-03-07T08:00:00"),
        ("annual-day - 30m", "2016-03-07T07:30:00"),
        ("annual-day \u2212 30m", "2016-03-07T07:30:00"),
        ("annual-day + 1h30m", "2016-03-07T09:30:00"),
        ("annual-day+1h30m", "2016-03-07T09:30:00"),
        ("annual-day.start - 2d", "2016-03-05T08:00:00"),
        ("annual-day.end + 15m", "2016-03-07T17:15:00"),
    ],
)
def test_a_time_becomes_an_instant(workspace: Workspace, at: str, instant: str) -> None:
    post = workspace.post(f"at: {at}\nto: [bice-x]")
    assert post.due_at == datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert post.anchor == ("annual-day" if at.startswith("annual") else None)


@pytest.mark.parametrize(
    ("at", "code", "hint"),
    [
        ("2016-03-07", "time-without-clock", "Add one: 2016-03-07 08:30."),
        ("2016-13-07 08:30", "bad-time", "Write it like 2016-03-07 08:30"),
        ("2016-03-07 25:00", "bad-time", "Write it like"),
        ("0001-01-01T00:00+14:00", "bad-time", "Write it like"),
        ("2016-03-07T08:30:00+25:00", "bad-time", "Write it like"),
        ("31/12/2026 11:20", "bad-time", "Did you mean `2026-12-31 11:20`?"),
        ("31.12.2026 à 11h20", "bad-time", "Did you mean `2026-12-31 11:20`?"),
        ("2016-03-07 11h20", "bad-time", "Did you mean `2016-03-07 11:20`?"),
        (
            "07/03/2016 08:30",
            "bad-time",
            "which one you mean: 2016-03-07 08:30 or 2016-07-03 08:30.",
        ),
        ("12:30", "bad-time", "Give the day as well: 2016-03-07 12:30."),
        ("11h20", "bad-time", "Give the day as well: 2016-03-07 11:20."),
        ("à minuit", "bad-time", "Give the day as well: 2016-03-07 00:00."),
        ("w południe", "bad-time", "Give the day as well: 2016-03-07 12:00."),
        ("mediodía", "unknown-anchor", "Give the day as well: 2016-03-07 12:00."),
        ("annual-day - 30 min", "bad-time", "Did you mean `annual-day - 30m`?"),
        ("Annual-Day - 1 h 30", "bad-time", "Did you mean `annual-day - 1h30m`?"),
        ("annual-day - 30minutes", "bad-duration", "Did you mean `annual-day - 30m`?"),
        ("\u2018annual-day\u2019", "unknown-anchor", "The characters \u2018 and \u2019 are part"),
        ("\u201c2016-03-07 08:30\u201d", "bad-time", "The characters \u201c and \u201d are part"),
        ("4 mars 2016 à 10h30", "bad-time", "Did you mean `2016-03-04 10:30`?"),
        ("mañana 9h", "bad-time", "Did you mean `2016-03-05 09:00`?"),
        ("demain", "unknown-anchor", "Give the time of day as well: 2016-03-05 08:30."),
        ("5 mars", "bad-time", "Give the time of day as well: 2016-03-05 08:30."),
        ("04/05 9h", "bad-time", "which one you mean: 2016-05-04 09:00 or 2016-04-05 09:00."),
        ("2 heures", "bad-time", "Write which one you mean: 2016-03-0"),
        ("2 godziny", "bad-time", "Did you mean `2016-03-0"),
        ("maintenant", "unknown-anchor", "Did you mean `now`?"),
        ("anual-day", "unknown-anchor", "Did you mean `annual-day`?"),
        ("Annual-Day", "unknown-anchor", "Did you mean `annual-day`?"),
        ("annual-day-30m", "unknown-anchor", "Put spaces around the minus: `annual-day - 30m`."),
        ("annual-day.middle", "bad-time", "`annual-day.end`"),
        ("annual-day - soon", "bad-duration", "annual-day - 30m"),
        ("annual-day - 999999999d", "bad-duration", ""),
        ("annual day", "bad-time", "Did you mean `annual-day`?"),
        ("soon enough", "bad-time", "2016-03-07T08:30:00+01:00 or `annual-day - 30m`"),
        ("report.end", "no-end", "Give `report` an `ends:`"),
    ],
)
def test_a_time_that_cannot_be_read_gets_a_hint(
    workspace: Workspace, at: str, code: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-04T08:00:00+00:00")
    error = workspace.error(f"to: [bice-x]\nat: {at}")
    assert (error.code, error.line, error.column) == (code, 3, 5)
    assert hint in (error.hint or "")


def test_a_time_that_the_clocks_skip_is_refused_with_both_readings(workspace: Workspace) -> None:
    error = workspace.error("at: 2016-03-27 02:30")
    assert error.code == "nonexistent-time"
    assert error.message == "2016-03-27 02:30 does not exist in Europe/Zurich."
    assert error.hint == (
        "Write which one you mean: 2016-03-27T01:30:00+01:00 or 2016-03-27T03:30:00+02:00."
    )


def test_a_time_that_exists_twice_is_refused_with_both_readings(workspace: Workspace) -> None:
    error = workspace.error("at: 2016-10-30 02:30")
    assert error.code == "ambiguous-time"
    assert error.hint == (
        "Write which one you mean: 2016-10-30T02:30:00+02:00 or 2016-10-30T02:30:00+01:00."
    )


@pytest.mark.parametrize("at", ["2016-10-30T02:30:00+02:00", "2016-10-30T02:30:00+01:00"])
def test_the_readings_that_the_hint_gives_are_accepted(workspace: Workspace, at: str) -> None:
    assert workspace.post(f"at: {at}").due_at == datetime.fromisoformat(at)


@pytest.mark.parametrize("at", ["2016-03-27 01:59", "2016-03-27 03:00", "2016-10-30 03:00"])
def test_times_beside_a_change_of_clocks_are_fine(workspace: Workspace, at: str) -> None:
    assert workspace.post(f"at: {at}").due_at is not None


def test_agenda_times_obey_the_same_rules(workspace: Workspace) -> None:
    """And a draft that hangs on such an item must not go out on a guess."""
    workspace.write("session.yaml", SESSION.replace("2016-03-07 09:00", "2016-03-27 02:30"))
    found = workspace.problems("at: annual-day - 30m")
    assert codes(found) == ["session-unusable", "nonexistent-time"]
    assert found[1].file == "posts/session.yaml"
    assert (found[1].line, found[1].column) == (9, 13)


def test_when_an_item_moves_its_posts_move(workspace: Workspace) -> None:
    before = workspace.post("at: annual-day - 30m").due_at
    workspace.write("session.yaml", SESSION.replace("09:00", "14:00"))
    after = workspace.post("at: annual-day - 30m").due_at
    assert before is not None
    assert after is not None
    assert (after - before).total_seconds() == 5 * 3600


def test_a_cancelled_item_holds_its_posts(workspace: Workspace) -> None:
    assert workspace.post("at: report + 1h").held == "report is cancelled"
    assert workspace.post("at: annual-day").held is None
    held = workspace.post("at: annual-day\nembargo: report - 2d").held
    assert held == "report is cancelled"


def test_an_embargo_that_outlasts_the_expiry_is_an_error(workspace: Workspace) -> None:
    error = workspace.error("at: annual-day - 3h\nexpires: 2h\nembargo: annual-day")
    assert (error.code, error.line) == ("embargo-after-expiry", 4)
    found = workspace.problems("at: annual-day - 1h\nexpires: 2h\nembargo: annual-day")
    assert codes(found) == ["embargo-after-time"]


def test_a_post_far_outside_the_session_is_only_a_warning(workspace: Workspace) -> None:
    assert codes(workspace.problems("at: 2016-06-07 08:30")) == ["outside-session"]
    assert codes(workspace.problems("at: 2016-03-30 08:30")) == []
    assert workspace.load().broken == frozenset()


@pytest.mark.parametrize(
    ("like", "expected"),
    [
        ("2016-03-07 08:30", "2016-03-08 09:00"),
        ("2016-3-7 8:30", "2016-03-08 09:00"),
        ("2016-03-07T08:30:00", "2016-03-08T09:00:00"),
        ("2016-03-07 08:30 +0100", "2016-03-08 09:00 +0100"),
        ("2016-03-07T08:30-05:00", "2016-03-08T03:00-05:00"),
        ("2016-03-07T08:30:00Z", "2016-03-08T08:00:00Z"),
    ],
)
def test_a_time_is_written_in_the_shape_of_another(like: str, expected: str) -> None:
    instant = datetime(2016, 3, 8, 8, tzinfo=UTC)
    zone = ZoneInfo("Europe/Zurich")
    assert spelled(instant, zone, like) == expected
    moment = parse_time(expected, zone)
    assert isinstance(moment, Moment)
    assert moment.instant == instant


@pytest.mark.parametrize("hour", [0, 1])
def test_a_time_that_exists_twice_is_written_with_its_offset(hour: int) -> None:
    instant = datetime(2016, 10, 30, hour, 30, tzinfo=UTC)
    zone = ZoneInfo("Europe/Zurich")
    assert spelled(instant, zone) == f"2016-10-30 02:30+0{2 - hour}:00"
    assert parse_time(spelled(instant, zone), zone) == Moment(instant)


def test_hints_speak_of_this_sessions_own_days_and_items(workspace: Workspace) -> None:
    session = "timezone: America/Lima\nstarts: 2026-12-01\nends: 2026-12-20\n"
    workspace.write("session.yaml", session)
    assert workspace.error("to: bice-x\nat: some day").hint == (
        "Write it like 2026-12-01 08:30 or 2026-12-01T08:30:00-05:00."
    )
    workspace.write("session.yaml", f"{session}agenda: {{opening: {{starts: 2026-12-02 10:00}}}}\n")
    assert workspace.error("to: bice-x\nat: some day").hint == (
        "Write it like 2026-12-02 08:30, 2026-12-02T08:30:00-05:00 or `opening - 30m`."
    )


@pytest.mark.parametrize(
    "front",
    ["link: “https://www.example.org/a”", "expires: “2h”", "lang: «fr»", "to: [“bice-x”]"],
)
def test_curly_quotes_are_named(workspace: Workspace, front: str) -> None:
    assert "type straight ones" in (workspace.error(front).hint or "")


@pytest.mark.parametrize(
    ("like", "clock", "expected"),
    [
        ("annual-day", "10:00", "annual-day + 1h"),
        ("annual-day - 30m", "07:29:30", "annual-day - 1h30m30s"),
        ("annual-day.start+1d", "09:00", "annual-day.start"),
        ("annual-day.end + 15m", "17:45", "annual-day.end - 15m"),
        ("annual-day.end", "18:00", "annual-day.end"),
    ],
)
def test_a_time_is_written_as_an_offset_from_what_another_counts_from(
    like: str, clock: str, expected: str
) -> None:
    """As briefly as it can be; and it means that time when it is read."""
    begins, ends = (
        datetime.fromisoformat(f"2016-03-07T{at}:00+01:00") for at in ("09:00", "18:00")
    )
    agenda = {"annual-day": AgendaItem(name="annual-day", starts_at=begins, ends_at=ends)}
    instant = datetime.fromisoformat(f"2016-03-07T{clock}+01:00")
    assert anchored(instant, like, agenda) == expected
    assert parse_anchor(expected, agenda) == Moment(instant, "annual-day")
    later = anchored(instant + timedelta(days=400, hours=2), "annual-day", agenda)
    assert parse_anchor(later, agenda) == Moment(
        instant + timedelta(days=400, hours=2), "annual-day"
    )


def test_an_offset_from_what_is_no_item_is_refused() -> None:
    with pytest.raises(ValueError, match="no agenda item"):
        anchored(datetime.now(UTC), "nothing + 1h", {})
