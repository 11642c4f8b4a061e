"""Drafts that repeat: their days and times, and what is wrong with a repetition."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.drafts import recurrence
from publisher.drafts.session import Session
from publisher.drafts.times import AgendaItem
from publisher.model.posts import Occurrence
from publisher.model.problems import Flaw
from tests.drafts.drafts import SESSION, Workspace, codes, errors

ZURICH = ZoneInfo("Europe/Zurich")
SITTING = "repeat: every sitting day at 08:30"


def days(workspace: Workspace, front: str) -> list[str]:
    """The ids of the posts of a draft that repeats."""
    workspace.draft(front)
    found = workspace.load()
    assert errors(found.problems) == []
    return [post.id for post in found.posts]


def test_each_sitting_day_is_a_post_of_its_own(workspace: Workspace) -> None:
    """An item that is cancelled makes no sitting day."""
    assert days(workspace, SITTING) == ["a.fr@2016-03-07"]
    (post,) = workspace.load().posts
    assert post.due_at == datetime(2016, 3, 7, 7, 30, tzinfo=UTC)
    assert (post.draft, post.file, post.repeat) == ("a.fr", "posts/a.fr.md", True)


def test_an_item_of_several_days_makes_each_of_them_a_sitting_day(workspace: Workspace) -> None:
    """Midnight is the end of the day before."""
    longer = SESSION.replace("ends: 2016-03-07 18:00", "ends: 2016-03-10 00:00")
    workspace.write("session.yaml", longer)
    assert days(workspace, SITTING) == [f"a.fr@2016-03-0{day}" for day in (7, 8, 9)]


def test_without_an_agenda_the_sitting_days_are_mondays_to_fridays(workspace: Workspace) -> None:
    workspace.write("session.yaml", SESSION[: SESSION.index("agenda")])
    assert len(days(workspace, SITTING)) == 19
    assert len(days(workspace, f"{SITTING}\nuntil: 2016-03-06")) == 5


@pytest.mark.parametrize(
    ("rule", "number"),
    [
        ("every weekday at 8:30", 19),
        ("Every day at 08:30", 25),
        ("every monday at 08:30", 4),
        ("every monday, wednesday and friday at 08:30", 11),
        ("every weekend at 08:30", 6),
    ],
)
def test_it_repeats_on_days_of_the_week(workspace: Workspace, rule: str, number: int) -> None:
    assert len(days(workspace, f"repeat: {rule}\nuntil: end")) == number


def test_the_time_of_the_clock_stays_when_the_clocks_change(workspace: Workspace) -> None:
    workspace.draft("repeat: every day at 08:30\nuntil: 2016-03-28")
    found = {post.id: post.due_at for post in workspace.load().posts}
    assert found["a.fr@2016-03-26"] == datetime(2016, 3, 26, 7, 30, tzinfo=UTC)
    assert found["a.fr@2016-03-27"] == datetime(2016, 3, 27, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("front", "code", "hint"),
    [
        ("repeat: every day", "bad-value", "`every sitting day at 08:30`"),
        ("repeat: every fullmoon at 08:30", "bad-value", "Write true"),
        ("repeat: every day at 25:30", "bad-value", "Write true"),
        ("repeat: every day at 08:30 until 2016-03-20", "bad-value", "under `until:`"),
        ("repeat: treu", "bad-value", "Write true"),
        ("repeat:", "empty-value", "Give it a value"),
        (f"{SITTING}\nuntil: soon", "bad-time", "Write it like 2016-03-24"),
        (f"{SITTING}\nuntil: 2017-03-24", "bad-value", "at most a year"),
        (f"{SITTING}\nat: now", "bad-value", "Delete one of the two."),
        ("at: now\nuntil: end", "bad-value", "delete the line"),
        ("repeat: true\nuntil: end", "bad-value", "delete the line"),
        ("repeat: every day at 02:30\nuntil: 2016-03-28", "nonexistent-time", "another time"),
    ],
)
def test_a_repetition_that_cannot_be_meant_is_an_error(
    workspace: Workspace, front: str, code: str, hint: str
) -> None:
    error = workspace.error(front)
    assert error.code == code
    assert hint in (error.hint or "")


def test_a_repetition_needs_an_end(workspace: Workspace) -> None:
    workspace.write("session.yaml", SESSION.replace("ends: 2016-03-24\n", ""))
    assert workspace.error(SITTING).code == "missing-key"
    assert days(workspace, f"{SITTING}\nuntil: 2016-03-20") == ["a.fr@2016-03-07"]


@pytest.mark.parametrize("old", ["ends: 2016-03-24", "timezone: Europe/Zurich"])
def test_a_session_that_cannot_be_read_lets_nothing_repeat_on_a_guess(
    workspace: Workspace, old: str
) -> None:
    workspace.write("session.yaml", SESSION.replace(old, f"{old.partition(':')[0]}: what"))
    workspace.draft(SITTING)
    found = workspace.load()
    assert "session-unusable" in codes(found.problems)
    assert found.broken == {"a.fr"}


def test_a_repetition_without_a_day_is_a_warning(workspace: Workspace) -> None:
    workspace.draft(f"{SITTING}\nuntil: 2016-03-01")
    found = workspace.load()
    assert codes(found.problems) == ["no-day"]
    assert (found.posts, found.broken) == ((), frozenset())


def test_words_in_braces_are_those_of_the_day(workspace: Workspace) -> None:
    workspace.draft(SITTING, "Jour {{number}} : {{agenda}}. {{other}}")
    (post,) = workspace.load().posts
    title = "Journée annuelle de débat sur les droits de l'enfant"
    assert post.texts[""] == (f"Jour 1 : {title}. {{{{other}}}}",)


def test_translations_and_occurrences_are_found_by_their_ids(workspace: Workspace) -> None:
    workspace.draft(SITTING)
    workspace.draft(SITTING, name="a.es.md")
    found = workspace.load()
    occurrence = found.post("a.fr@2016-03-07")
    assert occurrence
    assert [post.id for post in found.translations(occurrence)] == ["a.es"]
    assert found.has("a.fr@2016-03-07")
    assert not found.has("a.fr@2016-03-08")
    assert not found.has("a.fr")  # it is no post itself


def test_a_file_cannot_have_the_name_of_an_occurrence(workspace: Workspace) -> None:
    workspace.draft("at: now", name="a.fr@2016-03-07.md")
    assert codes(workspace.load().problems) == ["file-name"]


DAYS = st.dates(date(2026, 2, 20), date(2026, 4, 10))


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """Sessions around the change of the clocks on 29 March 2026, with agendas or without."""
    first, last = sorted((draw(DAYS), draw(DAYS)))
    agenda = {}
    for number, day in enumerate(draw(st.lists(DAYS, max_size=8))):
        starts = datetime(day.year, day.month, day.day, draw(st.integers(0, 23)), tzinfo=ZURICH)
        ends = starts + timedelta(hours=draw(st.integers(1, 60)))
        name = f"item-{number}"
        agenda[name] = AgendaItem(
            name=name, starts_at=starts.astimezone(UTC), ends_at=ends.astimezone(UTC),
            cancelled=draw(st.booleans()),
        )  # fmt: skip
    return Session(timezone="Europe/Zurich", starts=first, ends=last, agenda=agenda)


def at_half_past_eight(session: Session, rule: str) -> tuple[Occurrence, ...]:
    parsed = recurrence.parse(f"every {rule} at 08:30")
    assert isinstance(parsed, recurrence.Recurrence)
    assert session.ends
    found = recurrence.occurrences(parsed, session.ends, session)
    assert not isinstance(found, Flaw)
    return found


@given(session=sessions(), rule=st.sampled_from(["sitting day", "weekday", "monday", "day"]))
def test_no_day_has_two_occurrences_and_each_is_at_its_time_of_the_clock(
    session: Session, rule: str
) -> None:
    found = at_half_past_eight(session, rule)
    assert len({one.day for one in found}) == len(found)
    for one in found:
        local = one.due_at.astimezone(ZURICH)
        assert (local.date(), f"{local:%H:%M}") == (one.day, "08:30")
        assert session.starts
        assert session.ends
        assert session.starts <= one.day <= session.ends


@given(session=sessions())
def test_each_day_on_which_the_agenda_has_something_is_a_sitting_day(session: Session) -> None:
    """Tried for each quarter of an hour of the session, by what takes place then."""
    if not session.agenda:
        return
    expected = set()
    for item in session.agenda.values():
        instant = item.starts_at
        while not item.cancelled and item.ends_at and instant < item.ends_at:
            expected.add(instant.astimezone(ZURICH).date())
            instant += timedelta(minutes=15)
    assert session.starts
    assert session.ends
    within = {day for day in expected if session.starts <= day <= session.ends}
    assert {one.day for one in at_half_past_eight(session, "sitting day")} == within


@given(session=sessions(), later=st.integers(0, 20))
def test_a_longer_session_only_adds_days(session: Session, later: int) -> None:
    """An occurrence is known by its day: a later end changes nothing of those before."""
    assert session.ends
    longer = session.model_copy(update={"ends": session.ends + timedelta(days=later)})
    before, after = (at_half_past_eight(one, "sitting day") for one in (session, longer))
    assert after[: len(before)] == before


def test_a_draft_that_repeats_is_read_from_any_folder() -> None:
    with TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        workspace.draft(SITTING, name="reminders/a.fr.md")
        assert [post.id for post in workspace.load().posts] == ["reminders/a.fr@2016-03-07"]
