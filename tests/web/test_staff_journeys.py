"""Journeys of a writer: a post, a typo, a picture, an answer; with the presses that they take."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from publisher.base import formats
from publisher.base.i18n import _
from publisher.model.states import State
from tests.support.desk import Desk, View, made, missing
from tests.support.photos import photo

TABLE = {
    "write": [View(1440, "fr", "mouse"), View(820, "en", "no-js"), View(390, "fr", "keys")],
    "typo": [View(820, "en", "keys"), View(390, "fr", "touch"), View(1440, "fr", "no-js")],
    "picture": [
        View(1440, "en", "mouse"),
        View(390, "en", "touch"),
        View(820, "fr", "keys"),
        View(390, "fr", "no-js"),
    ],
    "answer": [View(820, "fr", "no-js"), View(1440, "fr", "keys")],
}


@pytest.fixture
def person() -> str:
    return "stagiaire"


@pytest.mark.parametrize("job", ["write", "typo", "picture"])
def test_each_job_is_done_at_every_width_in_each_language_and_way(job: str) -> None:
    assert missing({job: TABLE[job]}) == []


@made(TABLE, "write")
def test_a_new_post_to_three_accounts_with_a_picture_at_an_agenda_item(
    desk: Desk, view: View, tmp_path: Path
) -> None:
    """Six presses besides typing."""
    page, text = desk.page, f"Seance {view}."
    page.goto("/")
    desk.press(page.get_by_role("link", name=_("New post")).first)
    desk.type(page.get_by_label(_("The text"), exact=True), text)
    desk.tick(page.locator("input[name=account][value=bice-site]"))
    _picture(desk, tmp_path)
    desk.choose(page.get_by_label(_("When it goes out")), "item:annual-day")
    desk.press(page.get_by_role("button", name=_("Submit for approval")))
    desk.told(_("Submitted for approval: {what}.", what=formats.deliveries(2)))
    assert desk.presses <= 6 + (view.way == "no-js")
    found = [one for one in desk.app.queries.deliveries() if one.content.parts[0].text == text]
    assert {one.account for one in found} == {"bice-x", "bice-page", "bice-site"}
    assert {f"{one.due_at:%d %H:%M}" for one in found} == {"07 08:00"}
    assert {one.content.parts[0].pictures[0].alt for one in found} == {"La salle"}


def _picture(desk: Desk, folder: Path) -> None:
    """Add a picture; the cursor is in its description at once."""
    desk.give(desk.page.locator("#upload"), photo(folder / "salle.jpg"))
    alt = desk.page.get_by_label(_("What it shows, for people who cannot see it"))
    if desk.view.way == "no-js":
        desk.press(desk.page.get_by_role("button", name=_("Add it"), exact=True))
    expect(alt).to_be_focused()
    desk.page.keyboard.type("La salle")


@made(TABLE, "typo")
def test_a_typo_on_a_scheduled_post_takes_three_presses(desk: Desk) -> None:
    """What was approved waits for another look."""
    post = desk.post("typo", "Bonjour de Geneve.", approved=True)
    _edit(desk, "Bonjour de Geneve.")
    desk.type(desk.page.get_by_label(_("The text"), exact=True), f"Genève ({desk.view})")
    _submit(desk)
    (text,) = {one.content.parts[0].text for one in desk.deliveries(post)}
    assert (text, desk.presses) == (f"Genève ({desk.view})", 3)
    assert desk.states(post) == {State.AWAITING_APPROVAL}


@made(TABLE, "picture")
def test_a_picture_on_a_scheduled_post_takes_three_presses_and_a_file(
    desk: Desk, tmp_path: Path
) -> None:
    post = desk.post("image", "Une image manque.", approved=True)
    _edit(desk, "Une image manque.")
    _picture(desk, tmp_path)
    _submit(desk)
    assert [one.content.parts[0].pictures[0].alt for one in desk.deliveries(post)] == [
        "La salle"
    ] * 2
    assert desk.presses - 1 == 3 + (desk.view.way == "no-js"), "without a script it is added first"


def _edit(desk: Desk, title: str) -> None:
    desk.page.goto("/")
    desk.press(desk.page.get_by_role("link", name=title).first)
    desk.press(desk.page.get_by_role("link", name=_("Edit"), exact=True))


def _submit(desk: Desk) -> None:
    desk.press(desk.page.get_by_role("button", name=_("Submit for approval")))
    desk.told(_("Submitted for approval: {what}.", what=formats.deliveries(2)))


@made(TABLE, "answer")
def test_a_note_is_answered_on_the_page_of_its_post(desk: Desk) -> None:
    post = desk.post("note", "Trois voix.")
    desk.app.notes.write(post, "@stagiaire, which room?", "direction")
    desk.page.goto("/")
    desk.press(desk.page.get_by_role("link", name="Trois voix.").first)
    desk.told("which room?")
    answer = desk.page.get_by_label(_("A note for the people who work on this post"))
    desk.type(answer, "@direction: salle XX")
    desk.press(desk.page.get_by_role("button", name=_("Add the note")))
    expect(desk.page.locator(".note")).to_have_count(2)
    expect(desk.page.locator(".note .mention").last).to_have_text("@direction")
    desk.told("salle XX")
