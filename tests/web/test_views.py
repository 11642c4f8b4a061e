"""Of many previews one is shown, and on a phone what a page is for comes first."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from publisher.app import Application
from publisher.ledger.manager.approvals import digest
from publisher.model.outcomes import Kind, Refused
from tests.support.happening import ends
from tests.support.journeys import enter, serious, visiting
from tests.support.pages import serving
from tests.support.workspaces import Workspace
from tests.web.conftest import SECRETS, SETTINGS, opened

_ACCOUNTS = [f"site-{number}" for number in range(9)]
_PHONE = {"width": 390, "height": 844}


@pytest.fixture
def many(workspace: Workspace) -> Iterator[tuple[Application, str]]:
    """A post for nine accounts that waits for approval; the application, and its pages' address."""
    workspace.write("secrets.toml", SECRETS).chmod(0o600)
    more = "".join(f'[accounts.{name}]\nchannel = "site"\ntitle = "{name.title()}"\n' for name in _ACCOUNTS)  # fmt: skip
    workspace.write("publisher.toml", SETTINGS + more)
    workspace.draft("all.fr", f"at: 2016-03-08 12:00\nto: [{', '.join(_ACCOUNTS)}]", "Pour tous.")
    app = opened(workspace.path)
    assert not app.planner.queue(actor="redaction").errors
    with serving(app) as address:
        yield app, address
    app.close()


def _shown(page: Page, within: str = ".views") -> list[str]:
    """The previews that can be seen, by what they are called."""
    return [
        view.get_attribute("aria-label") or ""
        for view in page.locator(f"{within} > .view").all()
        if view.is_visible()
    ]


@pytest.mark.parametrize("path", ["/review?post=all.fr", "/posts/all.fr"])
def test_of_nine_previews_the_chosen_one_is_shown(
    many: tuple[Application, str], browser: Browser, path: str
) -> None:
    with visiting(browser, many[1]) as page:
        enter(page, "direction")
        page.goto(path)
        assert _shown(page) == ["Website Site-0"]
        for name in ("Site-8", "Site-3"):
            page.locator(".views > label", has_text=name).click()
            assert _shown(page) == [f"Website {name}"]
        page.keyboard.press("ArrowRight")
        assert _shown(page) == ["Website Site-4"]
        assert serious(page, path) == []


def test_the_preview_of_what_failed_is_shown_first(
    many: tuple[Application, str], browser: Browser
) -> None:
    app, address = many
    waiting = app.queries.deliveries(post="all.fr")
    app.approvals.approve(["all.fr"], None, "direction", {d.id: digest(d) for d in waiting})
    (delivery,) = app.queries.deliveries(post="all.fr", account="site-5")
    ends(app, delivery, Refused(Kind.CONTENT, "No text of this kind."))
    with visiting(browser, address) as page:
        enter(page, "direction")
        page.goto("/posts/all.fr")
        assert _shown(page, ".facing") == ["Website Site-5"]
        expect(page.get_by_text("No text of this kind.").first).to_be_visible()


def test_the_composer_keeps_the_preview_that_was_chosen(
    many: tuple[Application, str], browser: Browser
) -> None:
    with visiting(browser, many[1]) as page:
        enter(page, "stagiaire")
        page.goto("/posts/all.fr/edit")
        page.locator("#look label", has_text="Site-6").click()
        page.get_by_label("The text", exact=True).fill("Pour toutes et tous.")
        expect(page.locator("#look .view:visible")).to_contain_text("Pour toutes et tous.")
        assert _shown(page, "#look .views") == ["Website Site-6"]
        page.locator(".account-chip", has_text="Site-6").click()
        expect(page.locator("#look label", has_text="Site-6")).to_have_count(0)
        assert _shown(page, "#look .views") == ["Website Site-0"]


def test_on_a_phone_lists_come_before_their_filters(address: str, browser: Browser) -> None:
    with visiting(browser, address, viewport=_PHONE) as page:
        enter(page, "direction")
        for path, first in (("/log", ".log tbody tr"), ("/posts", ".list > li")):
            page.goto(path)
            expect(page.locator(first).first).to_be_in_viewport(ratio=1)
            page.get_by_text("Filters", exact=True).click()
            page.locator("main [name=q]").fill("nouvelle")
            page.locator("main [name=q]").press("Enter")
            expect(page.locator("main [name=q]")).to_have_value("nouvelle")
            expect(page.locator("main [name=q]")).to_be_visible()


@pytest.mark.parametrize(("path", "field"), [("move", "#at"), ("edit", "#to legend")])
def test_on_a_phone_a_form_comes_before_what_queueing_would_change(
    address: str, workspace: Workspace, browser: Browser, path: str, field: str
) -> None:
    workspace.edit("day.fr.md", "Bonjour", "Bonsoir. " * 20)
    with visiting(browser, address, viewport=_PHONE) as page:
        enter(page, "direction")
        page.goto(f"/posts/day.fr/{path}")
        expect(page.locator(field)).to_be_in_viewport()
        page.get_by_text("What queueing changes").click()
        expect(page.get_by_role("button", name="Put it on the schedule")).to_be_visible()
