"""Journeys of a manager: review, move, stop everything, find what is out; with their presses."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, expect

from publisher.base import formats
from publisher.base.i18n import _
from publisher.model.states import State
from tests.support.desk import Desk, View, made, missing

TABLE = {
    "review": [View(1440, "fr", "keys"), View(390, "en", "touch")],
    "many": [View(820, "en", "mouse"), View(390, "fr", "no-js"), View(1440, "fr", "keys")],
    "drag": [View(1440, "en", "mouse"), View(820, "fr", "mouse")],
    "move": [View(820, "fr", "no-js"), View(390, "en", "keys"), View(1440, "fr", "mouse")],
    "stop": [View(390, "fr", "touch"), View(1440, "en", "keys"), View(820, "fr", "no-js")],
    "find": [
        View(390, "en", "touch"),
        View(1440, "fr", "mouse"),
        View(820, "en", "keys"),
        View(390, "fr", "no-js"),
    ],
}


@pytest.fixture
def person() -> str:
    return "direction"


@pytest.mark.parametrize("job", ["many", "move", "stop", "find"])
def test_each_job_is_done_at_every_width_in_each_language_and_way(job: str) -> None:
    assert missing({job: TABLE[job]}) == []


@made(TABLE, "review")
def test_three_posts_are_decided_and_the_last_decision_is_taken_back(desk: Desk) -> None:
    """One key or one tap each, and a reason where one is asked for."""
    texts = ("Une.", "Deux.", "Trois.")
    posts = [
        desk.post(f"review-{number}", text, at=f"2016-03-07 08:1{number}")
        for number, text in enumerate(texts)
    ]
    page = desk.page
    page.goto("/")
    _open_review(desk)
    expect(page.locator("#title")).to_contain_text("Une.")
    _decide(desk, "a", page.locator("button[value=approve]"))
    expect(page.locator("#title")).to_contain_text("Deux.")
    _decide(desk, "r", page.locator("[data-key=r]"), "La salle a changé.")
    expect(page.locator("#title")).to_contain_text("Trois.")
    _decide(desk, "h", page.locator("[data-key=h]"), "On attend Lima.")
    expect(page.get_by_role("button", name=_("Undo"))).to_be_visible()
    found = [desk.states(post) for post in posts]
    assert found == [{State.SCHEDULED}, {State.REJECTED}, {State.HELD}]
    desk.press(page.get_by_role("button", name=_("Undo")))
    desk.told(_("Undone: {what}.", what=formats.deliveries(2)))
    assert desk.states(posts[2]) == {State.AWAITING_APPROVAL}


def _open_review(desk: Desk) -> None:
    desk.go(_("Review"))
    if desk.view.width < 900:  # a phone shows the list first
        desk.press(desk.page.locator(".queue a").first)


def _decide(desk: Desk, key: str, button: Locator, reason: str = "") -> None:
    """By its key, or by its button; the reason's field has the cursor at once."""
    desk.page.wait_for_load_state()  # a key that comes before the page's script does nothing
    if desk.view.way == "keys":
        desk.page.keyboard.press(key)
    else:
        desk.press(button)
    if reason:
        field = desk.page.locator(".act[open] textarea")
        expect(field).to_be_visible()
        desk.type(field, reason)
        desk.press(desk.page.locator(".act[open] button"))


@made(TABLE, "many")
def test_what_is_ticked_is_approved_by_one_confirmation(desk: Desk) -> None:
    """Three of five posts: a tick each, Review, one of them left out after all, yes."""
    posts = desk.posts("many", [f"Voix {number}." for number in range(5)])
    page = desk.page
    page.goto("/")
    desk.go(_("Review"))
    several = page.get_by_role("button", name=_("Approve several …"))
    sure = page.get_by_role("button", name=_("Approve the ticked posts"))
    if desk.view.way != "no-js":
        expect(several).to_be_disabled()
    for number in range(3):
        desk.tick(page.locator(f'.tick [value="{posts[number]}"]'))
    desk.press(several)
    desk.told("Voix 2.")
    expect(page.locator("[name=post]")).to_have_count(3)
    desk.tick(page.locator(f'[name=post][value="{posts[2]}"]'))
    desk.press(sure)
    desk.told(_("Approved: {what}.", what=formats.deliveries(2)))
    assert desk.presses == 7
    states = [*(state for post in posts for state in desk.states(post))]
    assert states == [State.SCHEDULED] * 2 + [State.AWAITING_APPROVAL] * 3


@pytest.mark.parametrize("view", [View(390, "fr", "touch")], ids=str)
def test_each_post_that_is_looked_at_takes_one_tap(desk: Desk) -> None:
    """After the one that opens the first; the next one is there at once."""
    texts = [f"Regard {number}." for number in range(4)]
    posts = desk.posts("each", texts)
    page = desk.page
    page.goto("/")
    desk.press(page.get_by_role("link", name=texts[0]).first)
    for text in texts:
        expect(page.locator("#title")).to_contain_text(text)
        desk.press(page.locator("button[value=approve]"))
    desk.told(
        _("Nothing is waiting for you. What is submitted for approval appears here, soonest first.")
    )
    assert desk.presses == len(texts) + 1
    assert {state for post in posts for state in desk.states(post)} == {State.SCHEDULED}


@pytest.mark.parametrize("view", [View(390, "fr", "touch")], ids=str)
def test_a_thumb_reaches_what_review_asks_for(desk: Desk) -> None:
    """Targets of 44 pixels in the lower half; they cover neither the text nor what is told."""
    desk.posts("thumb", ["Pouce un.", "Pouce deux."])
    page = desk.page
    page.goto("/")
    _open_review(desk)
    buttons = page.locator(".decide .bar :is(summary, .approve button)")
    expect(buttons).to_have_count(3)
    for button in buttons.all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= 44
        assert box["y"] > 844 / 2
    page.mouse.wheel(0, 10_000)
    last = page.locator(".notes form button")
    expect(last).to_be_in_viewport(ratio=1)
    assert _bottom(last) <= _top(page.locator(".decide .bar"))
    desk.press(page.locator("button[value=approve]"))
    assert _bottom(page.locator(".toast")) <= _top(page.locator(".decide .bar"))
    page.goto("/review")
    box = page.locator(".tick").bounding_box()
    assert box
    assert min(box["height"], box["width"]) >= 44


def _top(what: Locator) -> float:
    box = what.bounding_box()
    assert box
    return box["y"]


def _bottom(what: Locator) -> float:
    box = what.bounding_box()
    assert box
    return box["y"] + box["height"]


@made(TABLE, "drag")
def test_a_post_moves_to_another_day_by_a_drag_and_a_confirmation(desk: Desk) -> None:
    post = desk.post("drag", "Glisser.", to="[bice-site]")
    page = desk.page
    page.goto("/")
    desk.go(_("Calendar"))
    desk.drag(page.locator("li[draggable]", has_text="Glisser."), page.locator(_DAY))
    expect(page.locator("#at")).to_have_value("2016-03-10T08:30")
    desk.press(page.locator("main").get_by_role("button", name=_("Move"), exact=True))
    desk.told(_("On the schedule: {what}.", what=formats.deliveries(1)))
    assert desk.presses == 1 + 2, "the calendar, a drag, a confirmation"
    assert {f"{one.due_at:%d %H:%M}" for one in desk.deliveries(post)} == {"10 07:30"}


_DAY = "[data-day='2016-03-10']"


@made(TABLE, "move")
def test_a_post_moves_to_another_day_by_a_form(desk: Desk) -> None:
    """Its link "Move" does what the mouse does."""
    post = desk.post("form", "Par lien.", to="[bice-site]")
    page = desk.page
    page.goto("/")
    desk.go(_("Calendar"))
    desk.press(page.get_by_role("link", name=_("Move {post}", post="Par lien.")))
    desk.type(page.locator("#at"), "2016-03-11T10:00")
    desk.press(page.locator("main").get_by_role("button", name=_("Move"), exact=True))
    desk.told(_("On the schedule: {what}.", what=formats.deliveries(1)))
    assert {f"{one.due_at:%d %H:%M}" for one in desk.deliveries(post)} == {"11 09:00"}


@made(TABLE, "stop")
def test_everything_stops_after_two_presses_and_a_reason(desk: Desk) -> None:
    """The cursor is in the field for the reason at once."""
    desk.page.goto("/")
    desk.go(_("Pause") if desk.view.width < 900 else _("Pause everything"))
    expect(desk.page.get_by_label(_("Why?"))).to_be_focused()
    desk.page.keyboard.type("une photo")
    try:
        desk.press(desk.page.get_by_role("button", name=_("Pause everything now")))
        expect(desk.page.locator("#stopped")).to_contain_text(re.compile("direction.*une photo"))
        assert desk.presses == 2
        assert desk.app.control.stop(None)
    finally:
        desk.app.control.resume(None, "direction", {}, None)


@made(TABLE, "find")
def test_what_went_out_an_hour_ago_is_two_presses_away_on_the_platform(desk: Desk) -> None:
    """Although others went out since, more than Today shows."""
    now = desk.app.clock.now()
    posts = desk.posts("out", [f"Sorti {number}." for number in range(12)])
    for number, post in enumerate(posts):
        desk.out(post, now - timedelta(minutes=5 * (number + 1)))
    sought = posts[-1]
    desk.page.context.route("https://platform.example.org/**", lambda route: route.fulfill(body=""))
    desk.page.goto("/")
    assert desk.page.get_by_role("link", name=f"Sorti 11. ({desk.view})").count() == 0
    desk.press(desk.page.get_by_role("link", name=_("Show all")))
    row = desk.page.locator("tr", has_text=f"Sorti 11. ({desk.view})")
    desk.press(row.locator("a[href^='https://platform']"))
    desk.page.wait_for_url(f"https://platform.example.org/{sought}")
    assert desk.presses == 2
