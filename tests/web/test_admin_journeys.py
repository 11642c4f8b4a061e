"""Journeys of an admin: people and their log-ins, an agenda item, the withdrawal of a consent."""

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base.i18n import _
from publisher.model.states import State
from tests.support.desk import Desk, View, made, missing
from tests.support.journeys import visiting
from tests.support.log_ins import an_hour_later
from tests.support.pages import PASSWORD, Visit
from tests.support.workspaces import Workspace

TABLE = {
    "invite": [View(1440, "en", "mouse"), View(390, "fr", "touch")],
    "role": [View(820, "fr", "keys")],
    "session": [View(390, "en", "no-js")],
    "agenda": [View(820, "en", "mouse"), View(1440, "fr", "no-js")],
    "consent": [View(1440, "fr", "keys"), View(390, "en", "touch")],
}


@pytest.fixture
def person() -> str:
    return "chef"


def test_an_admin_meets_every_width_language_and_way() -> None:
    assert missing(TABLE) == []


def _people(desk: Desk, name: str = "") -> None:
    """To the page about people, and of one of them."""
    desk.page.goto("/")
    desk.go(_("People"))
    if name:
        desk.press(desk.page.locator("main").get_by_role("link", name=name))


@made(TABLE, "invite")
def test_somebody_who_is_invited_chooses_a_password_and_is_at_the_desk(
    desk: Desk, view: View, browser: Browser, shared: tuple[Workspace, Application, str]
) -> None:
    page, name = desk.page, f"nadia-{view.width}"
    _people(desk)
    desk.press(page.locator("summary", has_text=_("Invite someone")))
    desk.type(page.locator("#name"), name)
    desk.press(page.get_by_label(_("all organisations")).first)
    desk.press(page.get_by_role("button", name=_("Create the link")))
    link = page.locator("#link").input_value()
    with visiting(browser, shared[2], refused=(), **view.options) as guest:
        guest.goto(f"/login{link.partition('/login')[2]}")
        guest.locator("#password").fill(PASSWORD)
        guest.get_by_role("button", name=_("Save and log in")).click()
        expect(guest.get_by_role("heading", name=_("Today"))).to_be_visible()
    assert desk.app.people.find(name).rank is Rank.STAFF


@made(TABLE, "role")
def test_a_role_is_changed(desk: Desk) -> None:
    _people(desk, "stagiaire")
    page = desk.page
    desk.press(page.locator("#act-rights summary"))
    desk.choose(page.locator("#rights-role"), "manager")
    desk.press(page.get_by_role("button", name=_("Change the rights")))
    expect(page.locator("#act-rights summary")).to_be_visible()
    desk.told(_("manager"))
    assert desk.app.people.find("stagiaire").rank is Rank.MANAGER


@made(TABLE, "session")
def test_a_session_that_is_ended_lets_nobody_in_any_more(
    desk: Desk, shared: tuple[Workspace, Application, str]
) -> None:
    with Visit(shared[2]) as lost:
        lost.log_in("redaction")
        assert lost.get("/").status_code == 200
        _people(desk, "redaction")
        desk.press(desk.page.locator(".sessions").get_by_role("button", name=_("Log out")))
        desk.told(_("Nowhere."))
        assert lost.client.get("/").headers["location"].startswith("/login")


@made(TABLE, "agenda")
def test_an_item_moves_with_its_posts_once_they_were_shown(desk: Desk) -> None:
    """A post that was approved is approved again; that is agreed to by a tick."""
    post = desk.post("day", "La journée.", at="annual-day - 30m", approved=True)
    (before,) = {one.due_at for one in desk.deliveries(post)}
    page = desk.page
    page.goto("/")
    desk.go(_("Agenda"))
    desk.press(page.get_by_role("link", name="Journée annuelle"))
    begins = page.locator("#starts")
    hour = int(begins.input_value()[11:13]) + 1
    desk.type(begins, f"2016-03-07T{hour:02}:00")
    desk.press(page.get_by_role("button", name=_("Show what changes")))
    desk.told("La journée.")
    assert {one.due_at for one in desk.deliveries(post)} == {before}, "nothing moves yet"
    if page.locator(".sure input").count():
        desk.tick(page.locator(".sure input"))
    desk.press(page.get_by_role("button", name=_("Save, with everything that follows")))
    expect(page.get_by_role("status").first).to_be_visible()
    (after,) = {one.due_at for one in desk.deliveries(post)}
    assert (after - before).total_seconds() == 3600


@made(TABLE, "consent")
def test_a_consent_is_withdrawn_after_a_proof_and_its_posts_are_held(
    desk: Desk, view: View
) -> None:
    """Nothing happens before the password; the reason and the tick are kept over it."""
    consent = f"panel-{view.width}"
    desk.workspace.write("posts/consents.yaml", f"{consent}: {{note: folder 12}}\n")
    folder = desk.workspace.path / "posts/media"
    folder.mkdir(exist_ok=True)
    Image.new("RGB", (30, 20), "teal").save(folder / f"{consent}.png")
    picture = f"\nmedia:\n  - file: /media/{consent}.png\n    alt: Trois femmes\n"
    picture += f"    people: true\n    consent: {consent}"
    post = desk.post("voices", "Trois voix.", more=picture)
    an_hour_later(desk.app)
    page = desk.page
    page.goto("/")
    desk.go(_("Accounts"))
    desk.press(page.get_by_role("link", name=_("Consents")))
    desk.press(page.get_by_role("button", name=_("Withdraw …")))
    desk.told("Trois voix.")
    desk.type(page.locator("#reason"), "the family asked for it")
    desk.tick(page.locator(".sure input"))
    desk.press(page.get_by_role("button", name=_("Withdraw the consent")))
    expect(page.get_by_role("heading", name=_("Confirm that it is you"))).to_be_visible()
    assert desk.states(post) == {State.AWAITING_APPROVAL}
    desk.type(page.locator("#proof"), PASSWORD)
    desk.press(page.get_by_role("button", name=_("Confirm and continue")))
    expect(page.get_by_role("heading", name=_("Confirm that it is you"))).to_have_count(0)
    assert desk.states(post) == {State.HELD}
