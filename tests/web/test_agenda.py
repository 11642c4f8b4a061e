"""The agenda on pages: what a change drags along is shown first, and made in one act."""

import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape

import httpx
import pytest
from playwright.sync_api import Browser, expect

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.ledger.manager.approvals import digest
from publisher.model.states import State
from tests.support.journeys import enter, serious, visiting
from tests.support.pages import PASSWORD, Visit
from tests.support.tiers import in_tiers
from tests.support.uploads import both, seen
from tests.support.workspaces import SESSION, Workspace
from tests.web.ledger_views import dues, states

DAY = "/agenda/items/annual-day"
FIELDS = {
    "title": "Journée annuelle", "starts": "2016-03-07T09:00", "ends": "2016-03-07T18:00",
    "do": "change",
}  # fmt: skip
INNER = """\
  morning:
    title: Panel du matin
    starts: 2016-03-07 09:00
    ends: 2016-03-07 12:00
"""


def session(workspace: Workspace) -> str:
    return (workspace.path / "posts/session.yaml").read_text("utf-8")


def approve(app: Application, post: str) -> None:
    found = app.queries.deliveries(post=post)
    app.approvals.approve([post], None, "direction", {d.id: digest(d) for d in found})


def look(visit: Visit, address: str = DAY, **fields: str) -> httpx.Response:
    """Ask for what a change drags along."""
    visit.get(address)
    own = {} if fields.get("do") in ("cancel", "restore") else FIELDS
    return visit.send(address, seen=seen(visit), **{**own, **fields})


def confirm(visit: Visit, address: str = DAY, **fields: str) -> httpx.Response:
    """Confirm what the page shows."""
    own = {} if fields.get("do") in ("cancel", "restore") else FIELDS
    return visit.send(address, seen=seen(visit), shown=visit.shown, sure="yes", **{**own, **fields})


@pytest.fixture
def partner(app: Application, address: str) -> Iterator[Visit]:
    """A manager of another organisation."""
    app.people.add("kasia", Rank.MANAGER, PASSWORD, organisations=["Warsaw"])
    with Visit(address) as visit:
        visit.log_in("kasia")
        yield visit


def test_items_stand_by_day_with_their_posts(workspace: Workspace, manager: Visit) -> None:
    workspace.write(
        "posts/session.yaml",
        f"{SESSION}  closing:\n    title: Clôture\n    starts: 2016-03-24 15:00\n"
        "    cancelled: true\n  opening:\n    starts: 2016-02-29 09:00\n    place: Salle XX\n",
    )
    manager.get("/agenda")
    assert re.search(
        r"Monday February 29|Monday 29 February.*opening.*Salle XX.*over.*"
        r"Monday 7 March.*Journée annuelle.*2 posts.*Thursday 24 March.*Clôture.*called off",
        manager.text,
    )
    assert 'href="/calendar?view=day&amp;day=2016-03-07"' in manager.page
    manager.get(DAY)
    assert "2 posts hang on it" in manager.text
    assert "Bonjour de Genève." in manager.text


@both
def test_a_move_is_shown_then_file_and_schedule_follow_at_once(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    approve(app, "day.fr")
    before = session(workspace)
    assert look(manager, starts="2016-03-07T10:30").status_code == 200
    assert re.search(r"09:00 .*→ .*10:30 – 19:30", manager.text)
    assert "the approval by direction becomes void" in manager.text
    assert (session(workspace), dues(app, "day.fr")) == (before, {"07 08:00"})
    answer = confirm(manager, starts="2016-03-07T10:30")
    assert answer.url.fragment == ""
    assert "Saved, and changed on the schedule: 3 deliveries." in manager.text
    expected = before.replace("07 09:00", "07 10:30").replace("07 18:00", "07 19:30")
    assert session(workspace) == expected
    assert dues(app, "day.fr") == {"07 09:30"}
    assert states(app, "day.fr") == {State.AWAITING_APPROVAL}
    (step,) = app.queries.steps_about_file("posts/session.yaml", 9)
    assert (step.event, step.actor) == ("agenda item changed", "direction")
    assert step.detail["item"] == "annual-day"
    assert step.detail["starts_at"]["to"].startswith("2016-03-07T09:30")
    assert not app.audit.verify().breaks
    manager.get("/agenda")
    assert "agenda item changed" in manager.text


def test_what_makes_an_approval_void_has_to_be_confirmed(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    approve(app, "day.fr")
    before = session(workspace)
    look(manager, starts="2016-03-07T10:30")
    fields = {**FIELDS, "starts": "2016-03-07T10:30", "shown": manager.shown}
    assert manager.send(DAY, seen=seen(manager), **fields).status_code == 400
    assert "Look at what changes, then tick the box." in manager.text
    assert (session(workspace), dues(app, "day.fr")) == (before, {"07 08:00"})


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({}, "19:30"),
        ({"keep_end": "yes"}, "18:00"),
        ({"ends": "2016-03-07T12:00"}, "12:00"),
        ({"ends": ""}, None),
    ],
)
def test_the_end_moves_along_stays_or_is_another_one(
    workspace: Workspace, manager: Visit, fields: dict[str, str], ends: str | None
) -> None:
    fields = {"starts": "2016-03-07T10:30", **fields}
    look(manager, **fields)
    confirm(manager, **fields)
    assert "starts: 2016-03-07 10:30\n" in session(workspace)
    assert (f"ends: 2016-03-07 {ends}\n" if ends else "10:30\n") in session(workspace)
    assert ("    ends:" in session(workspace)) is (ends is not None)


def test_what_lies_within_an_item_moves_along_if_it_is_ticked(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    workspace.write("posts/session.yaml", SESSION + INNER)
    look(manager, starts="2016-03-08T09:00")
    assert "These take place within it, and stay where they are: Panel du matin." in manager.text
    look(manager, starts="2016-03-08T09:00", along="morning")
    assert "stay where they are" not in manager.text
    confirm(manager, starts="2016-03-08T09:00", along="morning")
    assert session(workspace) == (SESSION + INNER).replace("2016-03-07 ", "2016-03-08 ")


@both
def test_a_cancelled_item_holds_its_posts_until_it_takes_place_after_all(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    before = session(workspace)
    look(manager, do="cancel")
    assert "→ held" in manager.text
    assert session(workspace) == before
    confirm(manager, do="cancel")
    assert "    cancelled: true\n" in session(workspace)
    assert states(app, "day.fr") == states(app, "day.es") == {State.HELD}
    look(manager, do="restore")
    confirm(manager, do="restore")
    assert states(app, "day.fr") == {State.AWAITING_APPROVAL}
    assert states(app, "day.es") == {State.SCHEDULED}
    events = [step.event for step in app.queries.steps_about_file("posts/session.yaml", 9)]
    assert events == ["agenda item restored", "agenda item cancelled"]


def test_what_drags_nothing_along_is_saved_at_once(workspace: Workspace, manager: Visit) -> None:
    before = session(workspace)
    look(manager, title="Journée : « annuelle »", place="Salle XX")
    assert "Saved." in manager.text
    changed = before.replace("title: Journée annuelle", 'title: "Journée : « annuelle »"')
    assert session(workspace) == f"{changed}    place: Salle XX\n"
    look(manager, title="Journée annuelle", place="")
    assert session(workspace) == before.replace("Journée annuelle", '"Journée annuelle"')
    look(manager)
    assert "Nothing was changed." in manager.text


@both
def test_an_item_is_added_under_a_name_of_its_own(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    before = session(workspace)
    manager.get("/agenda/new")
    fields = {"title": "Now", "starts": "2016-03-09T13:00", "ends": "2016-03-09T12:00"}
    assert manager.send("/agenda/new", seen=seen(manager), **fields).status_code == 200
    assert "ends before it starts" in manager.text
    assert session(workspace) == before
    fields["ends"] = "2016-03-09T14:00"
    manager.send("/agenda/new", seen=seen(manager), **fields)
    assert "Saved." in manager.text
    assert session(workspace) == (
        f"{before}  item-now:\n    title: Now\n    starts: 2016-03-09 13:00\n"
        "    ends: 2016-03-09 14:00\n"
    )
    (step,) = app.queries.steps_about_file("posts/session.yaml", 9)
    assert (step.event, step.detail["title"]) == ("agenda item added", "Now")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"starts": "2016-03-27T02:30"}, "does not exist in Europe/Zurich"),
        ({"starts": "tomorrow"}, "is not a time"),
        ({"title": " "}, "The item has no title."),
        ({"do": "burn"}, "This is not possible here."),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_typed(
    workspace: Workspace, manager: Visit, fields: dict[str, str], said: str
) -> None:
    before = session(workspace)
    assert look(manager, place="Salle XX", **fields).status_code == 400
    assert said in manager.text
    assert 'value="Salle XX"' in manager.page
    assert session(workspace) == before


def test_what_changed_since_it_was_shown_is_shown_again(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    """The file, or what becomes of a post."""
    look(manager, starts="2016-03-07T10:30")
    app.control.cancel("day.es", None, "chef", "not now")
    assert confirm(manager, starts="2016-03-07T10:30").status_code == 409
    assert "is no longer what you were shown" in manager.text
    workspace.edit("session.yaml", "name: 31e", "name: la 31e")
    before = session(workspace)
    assert confirm(manager, starts="2016-03-07T10:30").status_code == 409
    assert "Someone else changed the agenda in the meantime." in manager.text
    assert (session(workspace), dues(app, "day.fr")) == (before, {"07 08:00"})
    assert confirm(manager, starts="2016-03-07T10:30").status_code == 200
    assert dues(app, "day.fr") == {"07 09:30"}
    assert "name: la 31e" in session(workspace)


def test_drafts_that_are_not_queued_or_have_errors_stay_so(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    workspace.draft("new.fr", "at: annual-day + 1h\nto: [bice-x]", "Pas encore.")
    approve(app, "day.fr")
    workspace.edit("day.fr.md", "at: annual-day", "at: annual-day\nlink: none")
    look(manager, starts="2016-03-07T10:30")
    assert "not queued" in manager.text
    assert "1 post stays as it is" in manager.text
    assert "These go out as they are on the schedule" in manager.text
    confirm(manager, starts="2016-03-07T10:30")
    assert (dues(app, "day.es"), dues(app, "day.fr")) == ({"07 09:30"}, {"07 08:00"})
    assert not app.queries.known_posts(["new.fr"])


def test_what_the_drafts_change_beside_is_said_and_has_to_be_confirmed(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    workspace.edit("day.es.md", "Buenos", "Muy buenos")
    look(manager, starts="2016-03-07T10:30")
    assert "already differ from the schedule" in manager.text
    assert 'name="sure"' in manager.page
    confirm(manager, starts="2016-03-07T10:30")
    (delivery,) = app.queries.deliveries(post="day.es")
    assert delivery.content.parts[0].text == "Muy buenos días."


@both
def test_who_may_not_follow_with_all_posts_changes_nothing(
    workspace: Workspace, app: Application, partner: Visit, manager: Visit
) -> None:
    """A manager of a partner is shown what follows, and who may."""
    before = session(workspace)
    look(partner, starts="2016-03-07T10:30")
    assert "kasia has no right over bice-page (BICE), bice-site, bice-x (BICE)." in partner.text
    assert "These people may: chef, direction, redaction." in partner.text
    assert "Save, with everything that follows" not in partner.text
    look(manager, starts="2016-03-07T10:30")
    fields = {**FIELDS, "starts": "2016-03-07T10:30", "shown": manager.shown, "sure": "yes"}
    assert partner.send(DAY, seen=seen(partner), **fields).status_code == 403
    assert (session(workspace), dues(app, "day.fr")) == (before, {"07 08:00"})
    assert not app.queries.steps_about_file("posts/session.yaml", 9)
    look(partner, place="Salle XX")
    assert "place: Salle XX" in session(workspace)


def test_staff_of_one_organisation_only_looks(app: Application, address: str) -> None:
    app.people.add("ola", Rank.STAFF, PASSWORD, organisations=["BICE"])
    with Visit(address) as ola:
        ola.log_in("ola")
        ola.get("/agenda")
        assert "Add an item" not in ola.text
        assert "<form" not in ola.get(DAY).text.partition("<main")[2]
        assert "ola may not do this as staff: it needs at least the role manager." in ola.text
        for path in ("/agenda/new", "/agenda/import", DAY):
            if path != DAY:
                assert ola.get(path).status_code == 403
            ola.get("/me")
            assert ola.send(path, **FIELDS).status_code == 403


def test_staff_with_a_right_over_everything_changes_the_agenda(
    workspace: Workspace, staff: Visit
) -> None:
    look(staff, place="Salle XX")
    assert "place: Salle XX" in session(workspace)


def test_what_was_typed_is_kept_over_a_log_in(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    """It is still of the file that the form was made from: what others changed is not undone."""
    manager.get(DAY)
    digest_of_file = seen(manager)
    for person in app.people.all():
        app.sessions.revoke(person)
    typed = {**FIELDS, "title": "Un autre titre", "starts": "2016-03-07T10:30"}
    assert manager.send(DAY, seen=digest_of_file, **typed).status_code == 401
    workspace.write("posts/session.yaml", session(workspace).replace("09:00", "09:15"))
    kept = re.search(r'<textarea name="kept" hidden>(.*?)</textarea>', manager.page, re.DOTALL)
    assert kept
    manager.send("/login", name="direction", password=PASSWORD, next=DAY, kept=unescape(kept[1]))
    assert 'value="Un autre titre"' in manager.page
    assert 'value="2016-03-07T10:30"' in manager.page
    assert manager.send(DAY, seen=seen(manager), **typed).status_code == 409
    assert "Someone else changed the agenda in the meantime." in manager.text
    assert "09:15" in session(workspace)


def test_an_agenda_with_errors_is_shown_and_not_built_upon(
    workspace: Workspace, manager: Visit
) -> None:
    assert manager.get("/agenda/items/nothing").status_code == 404
    workspace.edit("session.yaml", "starts: 2016-03-07 09:00", "starts: never")
    manager.get("/agenda")
    assert "is not a time" in manager.text
    assert manager.get("/agenda/new").status_code == 409
    (workspace.path / "posts/session.yaml").unlink()
    manager.get("/agenda")
    assert "There is no agenda yet." in manager.text


@pytest.mark.parametrize("width", in_tiers(1440, 390))
def test_a_person_moves_an_item_in_a_browser(
    address: str, app: Application, browser: Browser, width: int
) -> None:
    with visiting(browser, address, viewport={"width": width, "height": 844}) as page:
        enter(page, "direction")
        page.goto("/agenda")
        assert serious(page, "/agenda") == []
        page.get_by_role("link", name="Journée annuelle").click()
        page.get_by_label("It begins").fill("2016-03-07T10:30")
        assert serious(page, DAY) == []
        page.get_by_role("button", name="Show what changes").click()
        expect(page.get_by_role("heading", name="What changes")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert serious(page, f"{DAY} shown") == []
        page.get_by_role("button", name="Save, with everything that follows").click()
        expect(
            page.get_by_text("Saved, and changed on the schedule: 3 deliveries.")
        ).to_be_visible()
    assert {one.due_at for one in app.queries.deliveries(post="day.fr")} == {
        datetime.fromisoformat("2016-03-07T09:30Z")
    }
