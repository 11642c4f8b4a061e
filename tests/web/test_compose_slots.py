"""The composer's next free slot: a time that no other post of the chosen accounts has."""

import pytest
from playwright.sync_api import Browser, expect

from publisher.app import Application
from publisher.base.i18n import _, speaking
from tests.support.forms import Composer
from tests.support.journeys import log_in, visiting
from tests.support.pages import Visit
from tests.support.workspaces import Workspace

from .conftest import SETTINGS

pytestmark = pytest.mark.guards("publisher.planning.free_slots")

SLOTS = SETTINGS.replace(
    "[accounts.bice-x]\n", '[accounts.bice-x]\nslots = ["weekdays 09:30", "weekdays 17:00"]\n'
)


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    """It is Monday, 7 March, 7:00 in Geneva."""
    workspace.write("publisher.toml", SLOTS)
    return workspace


def test_the_next_slot_fills_the_field(staff: Visit) -> None:
    form = Composer(staff, "/new").fill(account="bice-x").write("Bonjour.")
    assert form.send("slot").status_code == 200
    assert (form.values("when"), form.values("at")) == (["time"], ["2016-03-07T09:30"])
    assert form.send("keep").status_code == 200


def test_a_slot_is_taken_by_what_is_on_the_schedule_and_free_again_when_that_is_cancelled(
    app: Application, staff: Visit, workspace: Workspace
) -> None:
    path = workspace.draft("other.fr", "at: 2016-03-07 09:30\nto: [bice-x]", "Un autre.")
    assert not app.planner.queue([path], actor="redaction").errors
    own = Composer(staff, "/posts/other.fr/edit")
    own.send("slot")
    assert own.values("at") == ["2016-03-07T09:30"], "its own time is free"
    workspace.remove("other.fr")
    form = Composer(staff, "/new").fill(account="bice-x").write("Bonjour.")
    form.send("slot")
    assert form.values("at") == ["2016-03-07T17:00"]
    app.control.cancel("other.fr", None, "direction", "changed")
    form.send("slot")
    assert form.values("at") == ["2016-03-07T09:30"]


def test_a_slot_is_taken_by_a_draft_of_the_account(staff: Visit, workspace: Workspace) -> None:
    workspace.draft("other.fr", "at: 2016-03-07 09:30\nto: [bice-x]", "Un autre.")
    form = Composer(staff, "/new").fill(account="bice-x").write("Bonjour.")
    form.send("slot")
    assert form.values("at") == ["2016-03-07T17:00"]
    workspace.draft("site-only.fr", "at: 2016-03-07 17:00\nto: [bice-site]", "Le site.")
    form.send("slot")
    assert form.values("at") == ["2016-03-07T17:00"], "another account's post takes nothing"


def test_without_an_account_that_has_slots_nothing_changes(staff: Visit) -> None:
    form = Composer(staff, "/new").fill(account="bice-page").write("Bonjour.")
    form.send("slot")
    assert "None of the chosen accounts has slots." in staff.text
    assert "Bonjour." in staff.page


def test_in_a_browser_the_time_is_shown_and_has_the_cursor(address: str, browser: Browser) -> None:
    with speaking("fr"), visiting(browser, address, locale="fr") as page:
        log_in(page, "stagiaire")
        page.goto("/new")
        page.locator("input[name=account][value=bice-x]").check()
        page.get_by_role("button", name=_("Next free slot")).click()
        expect(page.locator("#at")).to_have_value("2016-03-07T09:30")
        expect(page.locator("#at")).to_be_focused()
        expect(page.locator("#when")).to_have_value("time")
