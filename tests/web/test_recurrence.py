"""Drafts that repeat, and slots, on the pages."""

from collections.abc import Sequence

import pytest

from publisher.app import Application
from publisher.model.states import State
from publisher.settings import settings
from tests.support.forms import Composer
from tests.support.html import flaws
from tests.support.pages import Visit, serving
from tests.support.uploads import seen
from tests.support.workspaces import Workspace
from tests.web.conftest import SETTINGS, opened

RULE = "repeat: every day at 12:15\nuntil: 2016-03-09\nto: [bice-site]"
DAYS = [f"rappel.fr@2016-03-0{day}" for day in (7, 8, 9)]


@pytest.fixture
def queued(app: Application, workspace: Workspace) -> Workspace:
    """A draft that repeats, on the schedule."""
    workspace.draft("rappel.fr", RULE, "Jour {{number}}.")
    assert not app.planner.queue(actor="redaction").errors
    return workspace


def states(app: Application, post: str) -> Sequence[State]:
    return [one.state for one in app.queries.deliveries(post=post)]


@pytest.mark.usefixtures("queued")
def test_the_page_of_the_draft_leads_to_its_posts_and_theirs_back(staff: Visit) -> None:
    """A day is edited, queued and deleted with its draft."""
    staff.get("/posts/rappel.fr")
    assert "Its posts" in staff.text
    assert flaws(staff.page) == []
    for day in DAYS:
        assert f'href="/posts/{day.replace("@", "%40")}"' in staff.page
    assert 'href="/posts/rappel.fr/queue"' in staff.page
    staff.get(f"/posts/{DAYS[1]}")
    assert "Jour 9." in staff.text
    assert 'href="/posts/rappel.fr"' in staff.page
    assert 'href="/posts/rappel.fr/edit"' in staff.page
    assert "/move" not in staff.page


@pytest.mark.usefixtures("queued")
def test_one_day_cannot_be_moved_by_itself(staff: Visit) -> None:
    answer = staff.get(f"/posts/{DAYS[1]}/move?at=2016-03-08T13:00")
    assert answer.status_code == 409
    assert "The draft repeats" in staff.text


@pytest.mark.usefixtures("queued")
def test_a_draft_with_days_on_the_schedule_is_not_deleted(app: Application, staff: Visit) -> None:
    staff.get("/posts/rappel.fr/edit")
    staff.send("/posts/rappel.fr/edit", seen=seen(staff), do="delete", sure="yes")
    assert "It is on the schedule, or out: bice-site." in staff.text
    assert states(app, DAYS[0]) == [State.SCHEDULED]


@pytest.mark.usefixtures("queued")
def test_the_calendar_shows_each_day_and_moves_none(manager: Visit) -> None:
    manager.get("/calendar?view=week&day=2016-03-08")
    assert manager.page.count("rappel.fr%40") >= len(DAYS)
    assert "/posts/rappel.fr%402016-03-08/move" not in manager.page


def test_a_repetition_is_written_read_and_ended_in_the_composer(
    app: Application, staff: Visit, workspace: Workspace
) -> None:
    new = Composer(staff, "/new").write("Chaque jour.")
    new.fill(account=["bice-site"], when="repeat", days="weekday", clock="12:15")
    new.fill(until="2016-03-09")
    assert new.send("submit").status_code == 200, staff.text
    path = workspace.path / "posts/chaque-jour.fr.md"
    expected = "repeat: every weekday at 12:15\nuntil: 2016-03-09\nto: [bice-site]\n"
    assert expected in path.read_text("utf-8")
    days = [f"chaque-jour.fr@2016-03-0{day}" for day in (7, 8, 9)]
    assert [one.post for one in app.queries.standing(days, and_under_way=False)] == days
    again = Composer(staff, "/posts/chaque-jour.fr/edit")
    assert [again.values(name) for name in ("when", "days", "clock", "until")] == [
        ["repeat"], ["weekday"], ["12:15"], ["2016-03-09"],
    ]  # fmt: skip
    again.fill(when="time", at="2016-03-08T10:00").send("keep")
    text = path.read_text("utf-8")
    assert "at: 2016-03-08 10:00\n" in text
    assert "repeat" not in text
    assert "until" not in text


def test_a_repetition_without_a_time_is_said_where_it_is_typed(staff: Visit) -> None:
    new = Composer(staff, "/new").write("Chaque jour.")
    new.fill(account=["bice-site"], when="repeat", clock="").send("submit")
    assert "The days or the time of day are missing." in staff.text
    assert flaws(staff.page) == []


def test_a_free_slot_is_offered_where_an_account_has_slots(workspace: Workspace) -> None:
    slots = SETTINGS.replace('channel = "site"', 'channel = "site"\nslots = ["weekdays 17:00"]')
    workspace.write("publisher.toml", slots)
    app = opened(workspace.path)
    assert settings.load(workspace.path).public_accounts()["bice-site"].slots
    with serving(app) as address, Visit(address) as staff:
        staff.log_in("stagiaire")
        new = Composer(staff, "/new").write("Quand il y a de la place.")
        new.fill(account=["bice-site"], when="slot")
        assert new.send("submit").status_code == 200, staff.text
    (delivery,) = app.queries.deliveries(post="quand-il-y-a-de-la-place.fr")
    assert f"{delivery.due_at:%d %H:%M}" == "07 16:00"
    app.close()


def test_no_slot_is_offered_where_nobody_has_any(staff: Visit) -> None:
    staff.get("/new")
    assert 'value="slot"' not in staff.page


def test_sitting_days_follow_a_change_of_the_agenda_in_the_same_act(
    app: Application, workspace: Workspace, manager: Visit
) -> None:
    workspace.draft("rappel.fr", "repeat: every sitting day at 12:15\nto: [bice-site]", "Midi.")
    assert not app.planner.queue(actor="redaction").errors
    fields = {"title": "Journée annuelle", "starts": "2016-03-08T09:00", "ends": "2016-03-08T18:00",
              "do": "change"}  # fmt: skip
    address = "/agenda/items/annual-day"
    manager.get(address)
    manager.send(address, seen=seen(manager), **fields)
    assert "its draft does not repeat on this day" in manager.text
    assert "its draft repeats on this day as well" in manager.text
    manager.send(address, seen=seen(manager), shown=manager.shown, sure="yes", **fields)
    assert states(app, "rappel.fr@2016-03-07") == [State.CANCELLED]
    assert states(app, "rappel.fr@2016-03-08") == [State.SCHEDULED]
