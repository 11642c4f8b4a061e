"""The posts as a calendar for the manager."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import icalendar
import pytest

from publisher.agenda.posts_calendar import posts_calendar
from publisher.app import Application
from publisher.drafts.check import check
from publisher.model.outcomes import Accepted
from publisher.model.states import State
from publisher.settings import settings
from tests.planning.replies.comments import write
from tests.support.clock import ManualClock
from tests.support.happening import meet
from tests.support.queueing import finish
from tests.support.workspaces import Workspace


@pytest.fixture
def clock() -> ManualClock:
    """08:00 UTC on the annual day, which is when it starts."""
    return ManualClock()


@pytest.fixture
def app(workspace: Workspace, clock: ManualClock) -> Iterator[Application]:
    app = Application(settings.load(workspace.path), clock)
    app.database.migrate()
    yield app
    app.close()


def calendar(app: Application) -> bytes:
    library, _ = check(app.settings)
    accounts = app.settings.public_accounts()
    deliveries = app.queries.deliveries()
    queued = {delivery.post for delivery in deliveries}
    drafts = {post.id: post for post in library.posts}
    now = app.clock.now()
    return posts_calendar(
        library.session, drafts, deliveries, accounts, now, queued, app.queries.answering
    )


def events(app: Application) -> list[Any]:
    return list(icalendar.Calendar.from_ical(calendar(app)).walk("VEVENT"))


def event(app: Application) -> Any:
    (found,) = events(app)
    assert found.errors == []
    return found


def shown(found: Any) -> tuple[str, str, list[str]]:
    return str(found["SUMMARY"]), str(found["STATUS"]), str(found["DESCRIPTION"]).split("\n")


def test_a_post_is_one_event_however_many_accounts_get_it(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", "at: annual-day + 30m\ntitle: Bonjour de Genève")
    app.planner.queue(actor="redaction")
    found = event(app)
    assert found["DTSTART"].dt == datetime.fromisoformat("2016-03-07T09:30:00+01:00")
    assert found["DTSTART"].params["TZID"] == "Europe/Zurich"
    assert found["DTSTAMP"].dt == app.clock.now()
    assert shown(found) == (
        "Bonjour de Genève",
        "CONFIRMED",
        ["Post: a.fr", "Scheduled: bice-x, bice-page"],
    )


def test_an_answer_is_called_by_its_file_and_not_by_the_readers_name(
    app: Application, workspace: Workspace
) -> None:
    front = "at: annual-day + 30m\nto: [bice-x]\nanswers: '77'"
    workspace.draft("answer-bice-x.fr", front, "@zofia À Genève.")
    assert shown(event(app))[0] == "[not queued] answer-bice-x.fr"


def test_the_correction_of_an_answer_is_called_by_its_file_too(
    app: Application, workspace: Workspace
) -> None:
    write(app, post=None)
    front = "at: 2016-03-07 10:00\nto: [bice-x]\nanswers: '77'"
    workspace.draft("answer.fr", front, "@zofia À Geneve.")
    app.planner.queue(actor="redaction")
    finish(app, "answer.fr")
    (workspace.path / "posts/answer.fr.md").unlink()
    front = "at: 2016-03-07 13:00\nto: [bice-x]\ncorrects: answer.fr\nreason: Une faute."
    workspace.draft("fix.fr", front, "@zofia À Genève.")
    names = ["answer.fr", "[not queued] fix.fr"]
    assert [shown(found)[0] for found in events(app)] == names
    app.planner.queue(actor="redaction")
    (late,) = app.queries.deliveries(post="fix.fr")
    assert late.state is State.SCHEDULED
    assert [shown(found)[0] for found in events(app)] == ["answer.fr", "fix.fr"]


def test_a_draft_that_is_not_queued_is_there_and_one_without_a_time_is_not(
    app: Application, workspace: Workspace
) -> None:
    text = "Le Conseil débat aujourd’hui des droits de tous les enfants. Nous y sommes aussi, ici même."
    workspace.draft("a.fr", "at: annual-day + 30m", text)
    workspace.draft("b.fr", "to: all")
    begins = "Le Conseil débat aujourd’hui des droits de tous les enfants. Nous y sommes aussi, ici"
    assert shown(event(app)) == (
        f"[not queued] {begins}\N{NO-BREAK SPACE}…",
        "TENTATIVE",
        ["Post: a.fr", "Not queued: bice-x, bice-page"],
    )


def test_what_is_on_the_schedule_counts_and_not_what_the_draft_says_meanwhile(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", "at: annual-day + 30m")
    app.planner.queue(actor="redaction")
    workspace.draft("a.fr", "at: annual-day + 2h")
    assert event(app)["DTSTART"].dt == datetime.fromisoformat("2016-03-07T09:30:00+01:00")


@pytest.mark.parametrize("queued", [True, False])
def test_no_word_under_embargo_is_in_the_file(
    app: Application, workspace: Workspace, clock: ManualClock, queued: bool
) -> None:
    """Neither of the text nor of the title, until the embargo is over."""
    workspace.draft(
        "a.fr",
        "at: annual-day + 30m\nembargo: annual-day + 1h\ntitle: Titre secret\nlink: https://example.org/s3cr3t",
        "Texte secret.\n\n## facebook\nSecret aussi.",
    )
    if queued:
        app.planner.queue(actor="redaction")
    found = event(app)
    assert "a.fr (under embargo)" in found["SUMMARY"]
    assert found["DTSTART"].dt == datetime.fromisoformat("2016-03-07T10:00:00+01:00")
    text = calendar(app).decode().replace("\r\n ", "").lower()
    assert [word for word in ("secret", "s3cr3t") if word in text] == []
    clock.advance(3600)
    assert "Titre secret" in event(app)["SUMMARY"]


def test_an_embargo_that_came_into_the_draft_later_counts_as_well(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", "at: annual-day + 30m\ntitle: Titre secret")
    app.planner.queue(actor="redaction")
    workspace.draft("a.fr", "at: annual-day + 30m\nembargo: annual-day + 1h\ntitle: Titre secret")
    assert "secret" not in calendar(app).decode()


def test_a_held_post_and_a_cancelled_one_are_marked(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "at: annual-day + 30m\ntitle: Un", "Un.")
    workspace.draft("b.fr", "at: 2016-03-08 10:00\ntitle: Deux", "Deux.")
    app.planner.queue(actor="redaction")
    workspace.edit("session.yaml", "18:00\n", "18:00\n    cancelled: true\n")
    app.planner.queue(actor="redaction")
    app.control.cancel("b.fr", None, "direction", "said already")
    held, cancelled = (shown(found) for found in events(app))
    assert held == (
        "[held] Un",
        "TENTATIVE",
        ["Post: a.fr", "Held: bice-x, bice-page", "annual-day is cancelled"],
    )
    assert cancelled == (
        "[cancelled] Deux",
        "CANCELLED",
        ["Post: b.fr", "Cancelled: bice-x, bice-page", "said already"],
    )


def test_a_published_post_says_where_it_is(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", "at: annual-day\nto: [bice-x]\ntitle: Un")
    app.planner.queue(actor="redaction")
    clock.advance(60)
    for claim in app.dispatch.claim(clock.now(), clock.ahead(60), 10):
        meet(app, claim, Accepted("1", "https://x.com/i/1"))
    assert shown(event(app)) == (
        "Un",
        "CONFIRMED",
        ["Post: a.fr", "Published: bice-x", "https://x.com/i/1"],
    )


def test_an_event_keeps_its_uid_whatever_becomes_of_the_post(
    app: Application, workspace: Workspace
) -> None:
    """And no two posts share one, nor a post and an item."""
    workspace.draft("a.fr", "at: annual-day + 30m", "Un.")
    workspace.draft("annual-day", "at: annual-day + 1h\nlang: fr", "Deux.")
    before = {str(found["UID"]) for found in events(app)}
    app.planner.queue(actor="redaction")
    workspace.edit("a.fr.md", "Un.", "Tout autre chose.")
    workspace.edit("session.yaml", "09:00", "08:00")
    app.planner.queue(actor="redaction")
    assert {str(found["UID"]) for found in events(app)} == before
    assert len(before) == 2


def test_nothing_to_show_is_a_valid_calendar(app: Application) -> None:
    found = icalendar.Calendar.from_ical(calendar(app))
    assert found.walk("VEVENT") == []
    assert b"\r\nREFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n" in calendar(app)
    assert str(found["NAME"]) == "31e session: posts"
