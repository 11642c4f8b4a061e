"""The media library and crops in a real browser: by mouse, by keys, and without JavaScript."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Request, Route, expect

from publisher.base.i18n import _, speaking
from tests.support.journeys import enter, serious, visiting
from tests.support.workspaces import Workspace


@pytest.fixture
def french(address: str, browser: Browser) -> Iterator[Page]:
    with speaking("fr"), visiting(browser, address, locale="fr") as page:
        enter(page, "stagiaire")
        yield page


@pytest.fixture
def pictures(workspace: Workspace, media: Path) -> Path:
    Image.new("RGB", (400, 300), "navy").save(media / "table.png")
    workspace.draft(
        "table.fr",
        "at: 2016-03-07 08:00\nto: [bice-x]\nmedia:\n  - file: media/table.png\n    alt: 'La table'",
    )
    return media


def test_a_picture_is_chosen_and_cropped(
    french: Page, workspace: Workspace, pictures: Path
) -> None:
    """The dialog closes by Escape; the frame is dragged and moved by keys; what was typed stays."""
    page = french
    page.goto("/media")
    expect(page.locator(".tile")).to_have_count(2)
    assert serious(page, "/media") == []
    page.goto("/new?lang=fr")
    page.locator("#text-0-1").fill("Bonjour à tous")
    page.get_by_role("button", name=_("From the media library")).click()
    expect(page.locator("dialog:modal [data-find]")).to_be_focused()
    assert serious(page, "the dialog") == []
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.get_by_role("button", name=_("From the media library")).click()
    page.locator("[data-find]").fill("la TABLE")
    page.keyboard.press("Enter")
    expect(page.locator("dialog .tile")).to_have_count(1)
    page.locator("dialog").get_by_role("button", name=_("Choose"), exact=True).click()
    expect(page.locator("#alt-0")).to_have_value("La table")
    expect(page.locator("#alt-0")).to_be_focused()
    expect(page.locator("#look img").first).to_be_visible()

    page.get_by_role("button", name=_("Crop"), exact=True).click()
    frame = page.locator(".stage .frame")
    expect(frame).to_be_focused()
    assert serious(page, "the crop") == []
    page.get_by_role("button", name="1:1", exact=True).click()
    expect(page.locator("[name=frame_width]")).to_have_value("300")
    frame.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[name=frame_left]")).to_have_value("46")
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator("[name=frame_width]")).to_have_value("296")
    expect(page.locator("[name=frame_height]")).to_have_value("296")
    box = frame.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] - 400, box["y"] + box["height"] / 2)
    page.mouse.up()
    expect(page.locator("[name=frame_left]")).to_have_value("0")
    page.get_by_role("button", name=_("Crop it")).click()
    expect(page.get_by_role("button", name=_("Use the whole picture"))).to_be_visible()
    expect(page.locator("#text-0-1")).to_have_value("Bonjour à tous")
    page.get_by_role("button", name=_("Keep as draft")).click()
    expect(page.get_by_role("status").first).to_contain_text(_("Saved."))
    (made,) = pictures.glob("table-crop-0-*x296.png")
    with Image.open(made) as image:
        assert image.size == (296, 296)
    text = (workspace.path / "posts/bonjour-a-tous.fr.md").read_text("utf-8")
    assert made.name in text
    assert "La table" in text


def test_enter_searches_as_soon_as_the_dialog_is_there(french: Page, pictures: Path) -> None:
    """Whoever types fast is not told that nothing happened."""
    page = french
    page.goto("/new?lang=fr")
    page.evaluate(
        """() => new MutationObserver((_changes, watching) => {
            const find = document.querySelector("[data-find]");
            if (!find) return;
            watching.disconnect();
            find.value = "la TABLE";
            find.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true}));
        }).observe(document.getElementById("compose"), {childList: true, subtree: true})"""
    )
    page.get_by_role("button", name=_("From the media library")).click()
    expect(page.locator("dialog:modal .tile")).to_have_count(1)


def test_an_earlier_check_is_given_up_when_a_picture_comes(french: Page, pictures: Path) -> None:
    """It does not know the picture, and its answer would take it out of the preview."""
    page = french
    held: list[Request] = []
    given_up: list[str | None] = []

    def slow(route: Route) -> None:
        sent = route.request.post_data or ""
        if "Bonjour" in sent and "do=" not in sent and "table.png" not in sent:
            held.append(route.request)  # it is never answered
        else:
            route.continue_()

    page.on("requestfailed", lambda request: given_up.append(request.post_data))
    page.route("**/new", slow)
    page.goto("/new?lang=fr")
    page.get_by_role("button", name=_("From the media library")).click()
    expect(page.locator("dialog:modal .tile")).to_have_count(2)
    page.locator("#text-0-1").evaluate(
        """text => {
            text.value = "Bonjour";
            text.dispatchEvent(new Event("input", {bubbles: true}));
        }"""
    )
    _until(page, lambda: bool(held))
    page.locator("dialog .tile", has_text="La table").get_by_role("button").click()
    expect(page.locator("#look img").first).to_be_visible()
    _until(page, lambda: held[0].post_data in given_up)


def _until(page: Page, condition: Callable[[], bool]) -> None:
    for _attempt in range(400):
        if condition():
            return
        page.wait_for_timeout(50)
    raise TimeoutError


def test_the_same_without_javascript(address: str, browser: Browser, pictures: Path) -> None:
    context = browser.new_context(base_url=address, locale="fr", java_script_enabled=False)
    page = context.new_page()
    with speaking("fr"):
        enter(page, "stagiaire")
        page.goto("/new?lang=fr")
        page.locator("#text-0-1").fill("Bonjour à tous")
        page.get_by_role("button", name=_("From the media library")).click()
        page.locator("#find").fill("la table")
        page.keyboard.press("Enter")
        expect(page.locator(".tile")).to_have_count(1)
        page.get_by_role("button", name=_("Choose"), exact=True).click()
        expect(page.locator("#alt-0")).to_have_value("La table")
        expect(page.locator("#alt-0")).to_be_focused()
        page.get_by_role("button", name=_("Crop"), exact=True).click()
        page.get_by_role("button", name="16:9").click()
        page.get_by_label(_("From the top")).fill("0")
        page.get_by_role("button", name=_("Show the frame")).click()
        expect(page.locator(".stage .frame")).to_have_attribute("y", "0")
        page.get_by_role("button", name=_("Crop it")).click()
        expect(page.locator("#text-0-1")).to_have_value("Bonjour à tous")
        page.get_by_role("button", name=_("Keep as draft")).click()
    context.close()
    assert [one.name for one in pictures.glob("table-crop-*")] == ["table-crop-0-0-400x225.png"]
