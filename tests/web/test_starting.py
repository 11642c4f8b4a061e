"""start, played in a browser: what a newcomer does to get to a first approved post."""

from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from publisher.base.i18n import speaking
from tests.cli.runner import SCRIPT
from tests.support.journeys import visiting
from tests.support.system import free_port
from tests.support.tutorial import Reader, reading

pytestmark = [pytest.mark.deep, pytest.mark.guards("publisher.cli.commands.starting")]

PASSWORD = "four voices from Geneva"


def test_two_commands_lead_to_a_first_approved_post(
    tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To install it is the one, to start it the other; the rest happens in the browser. A name or
    a password that will not do is asked for again. The second start asks nothing.
    """
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    pages = f"http://127.0.0.1:{free_port()}"
    answers = ["y", "marie", "short", "short", "marie", PASSWORD, PASSWORD]
    programs = f"{SCRIPT.parent}:/usr/bin:/bin"
    with reading(Reader(tmp_path, programs, pages, answers=answers)) as reader:
        reader.start("publisher start campaign")
        reader.await_pages()
        with speaking("en"), visiting(browser, pages) as page:
            _log_in(page, "marie")
            page.get_by_role("link", name="Write a first post").click()
            page.locator("input[name=account][value=our-x]").check()
            page.get_by_label("The text", exact=True).fill("Four voices, one message.")
            page.get_by_label("When it goes out").select_option("now")
            page.get_by_role("button", name="Submit for approval").click()
            expect(page.get_by_text("Submitted for approval")).to_be_visible()
            page.goto("/people")
            page.get_by_text("Invite someone").click()
            page.locator("#name").fill("awa")
            page.locator("#new-role").select_option("manager")
            page.get_by_label("all organisations").first.check()
            page.get_by_role("button", name="Create the link").click()
            link = page.locator("#link").input_value()
            with visiting(browser, pages) as other:
                other.goto(link)
                other.locator("input[type=password]").fill(PASSWORD)
                other.get_by_role("button", name="Save and log in").click()
                expect(other.get_by_role("heading", name="Today")).to_be_visible()
                other.goto("/review")
                other.locator("[data-key=a]").click()
                expect(other.get_by_text("Approved: ")).to_be_visible()
        reader.await_text("/x", "Four voices, one message.")
    second = Reader(tmp_path, programs, f"http://127.0.0.1:{free_port()}", answers=[])
    with reading(second) as reader:
        reader.start("publisher start campaign")
        reader.await_pages()
        assert requests.get(f"{reader.sandbox}/x", timeout=30).ok


def _log_in(page: Page, name: str) -> None:
    page.goto("/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
