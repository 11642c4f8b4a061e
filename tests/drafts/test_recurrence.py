"""Copies of a draft for several days: which days, what they are called, and what stands in them."""

from datetime import UTC, date, datetime

import pytest

from publisher.base.errors import UsageError
from publisher.drafts import recurrence, session_reader
from publisher.drafts.draft_files import DraftFiles
from publisher.drafts.recurrence import DraftCopy, Occurrence
from publisher.drafts.session import Session
from tests.drafts.drafts import ACCOUNTS, SESSION, Workspace

BEFORE = datetime(2016, 2, 20, tzinfo=UTC)
SPOKEN = {"fr", "es"}


@pytest.fixture
def session(workspace: Workspace) -> Session:
    """The annual day is the only item, on 7 March from 9:00 to 18:00 in Geneva."""
    return session_reader.readable(workspace.posts)


def days(session: Session, *on: str, at: str = "08:30", until: str = "") -> list[Occurrence]:
    last = date.fromisoformat(until) if until else None
    return recurrence.occurrences(on, at, last, session, BEFORE)


def copied(workspace: Workspace, session: Session, post: str, *on: str, at: str) -> list[DraftCopy]:
    drafts = DraftFiles(workspace.posts)
    found = days(session, *on, at=at)
    versions = recurrence.versions(drafts, post, SPOKEN)
    return list(recurrence.copies(drafts, versions, found, session, SPOKEN))


def test_sitting_days_are_those_with_something_on_the_agenda(
    workspace: Workspace, session: Session
) -> None:
    """An item of several days makes each of them one; midnight is the end of the day before."""
    assert [str(one.day) for one in days(session, "sitting")] == ["2016-03-07"]
    longer = SESSION.replace("ends: 2016-03-07 18:00", "ends: 2016-03-10 00:00")
    workspace.write("session.yaml", longer)
    longest = session_reader.readable(workspace.posts)
    assert [one.day.day for one in days(longest, "sitting")] == [7, 8, 9]
    cancelled = SESSION.replace("place: Palais des Nations, salle XX", "cancelled: true")
    workspace.write("session.yaml", cancelled)
    with pytest.raises(UsageError, match="no such day"):
        days(session_reader.readable(workspace.posts), "sitting")


@pytest.mark.parametrize(
    ("on", "number"), [(("weekdays",), 19), (("monday",), 4), (("monday", "friday", "sunday"), 10)]
)
def test_days_of_the_week_until_the_session_ends(
    session: Session, on: tuple[str, ...], number: int
) -> None:
    assert len(days(session, *on)) == number
    assert len(days(session, "weekdays", until="2016-03-06")) == 5


def test_the_time_of_the_clock_stays_when_the_clocks_change(session: Session) -> None:
    found = {one.day.day: one for one in days(session, "saturday", "monday", until="2016-03-28")}
    assert found[26].instant == datetime(2016, 3, 26, 7, 30, tzinfo=UTC)
    assert found[28].instant == datetime(2016, 3, 28, 6, 30, tzinfo=UTC)
    assert (found[26].at, found[28].at) == ("2016-03-26 08:30", "2016-03-28 08:30")


def test_a_time_can_hang_on_the_first_or_the_last_item_of_the_day(session: Session) -> None:
    (early,) = days(session, "weekdays", at="first - 30m")
    assert (early.at, early.day) == ("annual-day - 30m", date(2016, 3, 7))
    (late,) = days(session, "sitting", at="last.end + 1h")
    assert (late.at, late.instant) == ("annual-day.end + 1h", datetime(2016, 3, 7, 18, tzinfo=UTC))


def test_days_that_are_over_are_left_out(session: Session) -> None:
    now = datetime(2016, 3, 23, 7, 31, tzinfo=UTC)
    found = recurrence.occurrences(["weekdays"], "08:30", None, session, now)
    assert [one.day.day for one in found] == [24]


@pytest.mark.parametrize(
    ("on", "at", "until", "said"),
    [
        ((), "08:30", "", "No day"),
        (("fullmoon",), "08:30", "", "“fullmoon” is not a day"),
        (("monday",), "25:30", "", "not a time of day"),
        (("monday",), "annual-day - 1h", "", "not a time of day"),
        (("sitting",), "first.middle", "", "not a time of day"),
        (("monday",), "08:30", "2018-03-07", "longer than a year"),
        (("monday",), "08:30", "2016-01-07", "no such day"),
    ],
)
def test_what_cannot_be_is_said(
    session: Session, on: tuple[str, ...], at: str, until: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        days(session, *on, at=at, until=until)


def test_a_repetition_needs_an_end(session: Session) -> None:
    with pytest.raises(UsageError, match="has no end"):
        days(session.model_copy(update={"ends": None}), "monday")


def test_each_day_has_a_copy_of_each_translation(workspace: Workspace, session: Session) -> None:
    """With a time of its own; no copy goes out before the embargo, or later than it may."""
    front = "title: Jour {day}\nembargo: 2016-03-10 08:00\nexpires: 15m"
    text = "Jour {day} : {agenda}."
    workspace.draft(f"at: 2016-03-01 08:30\n{front}", text, name="2016-03-01-jour.fr.md")
    workspace.draft("to: [cedapp-x]", "Hola.", name="2016-03-01-jour.es.md")
    found = copied(workspace, session, "2016-03-01-jour.fr", "sitting", at="08:30")
    assert [one.id for one in found] == ["2016-03-07-jour.es", "2016-03-07-jour.fr"]
    assert [one.source for one in found] == ["2016-03-01-jour.es", "2016-03-01-jour.fr"]
    french = found[1].draft
    assert french.body.strip().startswith("Jour 8 : Journée annuelle"), "of the session"
    assert (french.value("at"), french.value("repeat")) == ("2016-03-07 08:30", "true")
    assert french.value("title") == "Jour 8"
    assert (french.value("embargo"), french.value("expires")) == ("2016-03-10 08:00", "15m")


def test_a_day_has_its_number_whenever_the_copies_are_made(session: Session) -> None:
    now = datetime(2016, 3, 20, tzinfo=UTC)
    later = recurrence.occurrences(["monday"], "08:30", None, session, now)
    assert later == days(session, "monday")[-1:]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("A\n\n## facebook\nB\n---\nC", "A ## facebook B --- C"),
        ("## facebook", "facebook"),
        ("---", "annual-day"),
    ],
)
def test_a_title_of_the_agenda_makes_no_section_of_the_text(
    workspace: Workspace, session: Session, title: str, shown: str
) -> None:
    """Other people write the agendas that are imported."""
    item = session.agenda["annual-day"].model_copy(update={"title": title})
    planted = session.model_copy(update={"agenda": {"annual-day": item}})
    workspace.draft("to: [bice-page]", "{agenda}", name="a.fr.md")
    (found,) = copied(workspace, planted, "a.fr", "sitting", at="08:30")
    assert found.draft.body.strip() == shown


def test_the_day_of_the_draft_is_left_out_and_what_is_there_is_known(
    workspace: Workspace, session: Session
) -> None:
    workspace.draft("at: 2016-03-07 10:00", name="2016-03-07-a.fr.md")
    workspace.draft("at: 2016-03-14 10:00", name="2016-03-14-a.fr.md")
    found = copied(workspace, session, "2016-03-07-a.fr", "monday", at="08:30")
    assert [(one.id, one.is_there) for one in found] == [
        ("2016-02-29-a.fr", False), ("2016-03-14-a.fr", True), ("2016-03-21-a.fr", False),
    ]  # fmt: skip


def test_copies_of_a_template_are_beside_its_folder(workspace: Workspace, session: Session) -> None:
    media = "media: [{file: card.png, alt: Une carte}]"
    workspace.draft(media, name="templates/a.fr.md")
    workspace.draft("", name="lima/a.fr.md")
    found = copied(workspace, session, "templates/a.fr", "sitting", at="08:30")
    assert [one.id for one in found] == ["2016-03-07-a.fr"]
    assert found[0].draft.media[0]["file"] == "/templates/card.png"
    found = copied(workspace, session, "lima/a.fr", "sitting", at="08:30")
    assert [one.id for one in found] == ["lima/2016-03-07-a.fr"]


def test_a_channel_that_takes_the_same_words_for_spam_is_named(workspace: Workspace) -> None:
    workspace.draft("to: [bice-x]", "Bonjour.", name="same.fr.md")
    workspace.draft("to: [bice-x]", "Jour {day}.", name="other.fr.md")
    workspace.draft("to: [bice-page]", "Bonjour.", name="page.fr.md")
    posts = {post.id: post for post in workspace.load().posts}
    said = {name: recurrence.warning(post, ACCOUNTS) for name, post in posts.items()}
    assert (said["same.fr"] or "").startswith("X may refuse the same words again")
    assert (said["other.fr"], said["page.fr"]) == (None, None)
