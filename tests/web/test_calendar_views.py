"""The calendar in a browser: what it shows of the campaign, and what a mouse and a thumb do."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from publisher.app import Application
from tests.support.journeys import enter, serious, visiting
from tests.support.pages import PASSWORD, serving
from tests.support.waiting import wait_for
from tests.support.workspaces import Workspace
from tools import screens

_WEEK = "/calendar?day=2016-03-07"
_VIEWS = ("week", "month", "day", "list")


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """This repository's own campaign, on the evening before its annual day; the pages' address."""
    app = screens.campaign(tmp_path_factory.mktemp("campaign"))
    with serving(app) as address:
        yield address
    app.close()


@pytest.mark.deep
def test_the_week_of_the_campaign_fits_into_1200_pixels(campaign: str, browser: Browser) -> None:
    with visiting(browser, campaign, viewport={"width": 1440, "height": 900}) as page:
        enter(page, "direction")
        page.goto(_WEEK)
        expect(page.locator(".chip")).to_have_count(23)
        assert page.evaluate("document.documentElement.scrollHeight") <= 1200


@pytest.mark.deep
@pytest.mark.parametrize("width", [390, 320, 820, 1440])
def test_every_view_of_the_campaign_can_be_read_without_scrolling_sideways(
    campaign: str, browser: Browser, width: int
) -> None:
    with visiting(browser, campaign, locale="fr", viewport={"width": width, "height": 800}) as page:
        page.goto("/login")
        page.locator("#name").fill("direction")
        page.locator("#password").fill(PASSWORD)
        page.locator("main button").click()
        page.wait_for_url("**/")
        for view in _VIEWS:
            page.goto(f"{_WEEK}&view={view}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, view
            assert serious(page, view) == []
            if width < 400:
                assert _are_below_one_another(page), view


def _are_below_one_another(page: Page) -> bool:
    tops: list[float] = page.eval_on_selector_all(
        ".chip",
        "chips => chips.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().top)",
    )
    return tops == sorted(set(tops))


def test_the_days_stay_in_sight(campaign: str, browser: Browser) -> None:
    with visiting(browser, campaign, viewport={"width": 1440, "height": 500}) as page:
        enter(page, "direction")
        page.goto(_WEEK)
        page.mouse.move(720, 250)
        page.mouse.wheel(0, 400)
        wait_for(lambda: page.evaluate("scrollY > 300"))
        expect(page.get_by_role("link", name="Thu 10 Mar", exact=True)).to_be_in_viewport(ratio=1)


def test_a_post_that_hangs_on_the_agenda_is_dragged_to_another_offset(
    address: str, app: Application, browser: Browser
) -> None:
    """One drag, one confirmation."""
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.goto("/calendar")
        post = page.locator(".chip", has_text="Bonjour de Genève")
        post.drag_to(page.locator("[data-day='2016-03-08']"))
        said = "It still hangs on “Journée annuelle”: 1 day after it begins"
        expect(page.get_by_label(said)).to_be_checked()
        page.get_by_role("button", name="Move").click()
        expect(page.get_by_text("Submitted for approval: 2 deliveries.")).to_be_visible()
        draft = (app.settings.posts / "day.fr.md").read_text(encoding="utf-8")
        assert "at: annual-day + 1d" in draft


def test_a_post_is_dragged_to_another_hour_of_its_day(address: str, browser: Browser) -> None:
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.goto("/calendar?view=day")
        post = page.locator(".chip", has_text="Une nouvelle.")
        post.drag_to(page.locator("[data-hour='2016-03-07T12']"))
        expect(page.get_by_label("The new time")).to_have_value("2016-03-07T12:30")


def test_a_click_on_an_empty_place_writes_there(address: str, browser: Browser) -> None:
    with visiting(browser, address, refused=[404]) as page:
        enter(page, "stagiaire")
        for path, place, at in (
            ("/calendar", "[data-day='2016-03-10']", "2016-03-10T09:00"),
            ("/calendar?view=day", "[data-hour='2016-03-07T15']", "2016-03-07T15:00"),
        ):
            page.goto(path)
            page.locator(place).click()
            page.wait_for_url(f"**/new?at={at}")


def test_the_line_of_now_moves_on(address: str, workspace: Workspace, browser: Browser) -> None:
    """The page is open while a post's time passes."""
    workspace.draft("soon.fr", "at: 2016-03-07 07:10\nto: [bice-x]", "Bientôt.")
    with visiting(browser, address) as page:
        page.clock.install()
        enter(page, "stagiaire")
        page.goto("/calendar")
        after = page.locator("[data-now-line] + .chip")
        expect(after).to_contain_text("Bientôt.")
        page.clock.run_for("00:11:00")
        expect(after).not_to_contain_text("Bientôt.")


def test_without_javascript_it_is_filtered_turned_and_used(address: str, browser: Browser) -> None:
    with visiting(browser, address, java_script_enabled=False) as page:
        enter(page, "stagiaire")
        page.goto("/calendar")
        page.get_by_label("Account", exact=True).select_option("bice-site")
        page.get_by_role("button", name="Show").click()
        expect(page.locator(".chip")).to_have_count(2)
        page.get_by_role("link", name="Next").click()
        expect(page.locator(".chip")).to_have_count(0)
        expect(page.get_by_label("Account", exact=True)).to_have_value("bice-site")
        expect(page.get_by_role("link", name="New post: Mon 14 Mar")).to_be_visible()
        page.get_by_role("link", name="Previous").click()
        expect(page.get_by_role("link", name="Move Une nouvelle.")).to_be_visible()


def test_on_a_phone_the_filters_are_behind_a_button(address: str, browser: Browser) -> None:
    size = {"width": 390, "height": 844}
    with visiting(browser, address, viewport=size, has_touch=True, is_mobile=True) as page:
        enter(page, "stagiaire")
        page.goto("/calendar")
        expect(page.get_by_label("Account", exact=True)).to_be_hidden()
        page.get_by_text("Filters", exact=True).tap()
        page.get_by_label("Account", exact=True).select_option("bice-site")
        page.get_by_role("button", name="Show").tap()
        expect(page.get_by_label("Account", exact=True)).to_have_value("bice-site")
        expect(page.get_by_role("link", name="Move Une nouvelle.")).to_be_visible()
