"""The manager's journeys in a real browser, against `publisher run` with its workers."""

import csv
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, ViewportSize, expect

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base import formats
from publisher.base.clock import SystemClock
from publisher.base.i18n import _, plural, speaking
from publisher.model.states import State, state_name
from publisher.settings import settings
from tests.support.journeys import enter, log_in, serious, visiting
from tests.support.log_ins import an_hour_later, with_app
from tests.support.pages import PASSWORD, Visit
from tests.support.tiers import in_tiers
from tests.support.waiting import wait_for
from tests.support.workspaces import SESSION, Workspace
from tests.web.conftest import published

_SETTINGS = """\
[approval]
required = true
[accounts.voice-site]
channel = "site"
language = "en"
[accounts.quiet-site]
channel = "site"
language = "en"
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
        return free


@pytest.fixture
def running(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """`publisher run` with its web pages; one post is due in some seconds and waits for
    approval.
    """
    workspace = Workspace(tmp_path, settings=_SETTINGS, session=SESSION)
    at = datetime.now(UTC) + timedelta(seconds=6)
    when = f"at: {at:%Y-%m-%dT%H:%M:%SZ}"
    workspace.draft("hello.en", f"{when}\nto: [voice-site]\nauthor: redaction", "Hello, Geneva.")
    workspace.draft("second.en", f"{when}\nto: [quiet-site]\nauthor: redaction", "The second.")
    app = Application(settings.load(tmp_path, {}), SystemClock())
    app.database.migrate()
    assert not app.planner.queue(actor="redaction").errors
    app.people.add("direction", Rank.MANAGER, PASSWORD)
    app.close()
    monkeypatch.setenv("PUBLISHER_WEB__PORT", str(port))
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "publisher", "--workspace", str(tmp_path), "run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            wait_for(lambda: _answers(address))
            yield address
        finally:
            process.terminate()
            process.wait(30)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def waiting(number: int) -> str:
    return plural("{number} post waits for you", "{number} posts wait for you", number)


def test_a_manager_approves_watches_pauses_and_resumes(
    running: str, browser: Browser, lang: str
) -> None:
    with visiting(browser, running, locale=lang) as page:
        log_in(page, "direction")
        expect(page.get_by_text(waiting(2))).to_be_visible()

        page.get_by_role("link", name="Hello, Geneva.").first.click()
        page.locator("button[value=approve]").click()
        expect(page.get_by_text(_("Approved: {what}.", what=formats.deliveries(1)))).to_be_visible()

        page.get_by_role("link", name=_("Today"), exact=True).click()
        expect(page.get_by_text(waiting(1))).to_be_visible()
        # It goes out, and nobody touches the page.
        published = page.locator(".figures").get_by_text(state_name(State.PUBLISHED))
        expect(published).to_be_visible(timeout=40_000)

        page.get_by_role("link", name=_("Pause everything")).click()
        page.get_by_label(_("Why?")).fill("wrong picture")
        page.get_by_role("button", name=_("Pause everything now")).click()
        expect(page.get_by_role("alert")).to_contain_text(re.compile("direction.*wrong picture"))

        page.get_by_role("link", name=_("Resume publishing …")).click()
        page.get_by_role("button", name=_("Resume publishing")).click()
        expect(page.get_by_text(_("Publishing has resumed."))).to_be_visible()

        page.get_by_role("link", name=_("Log"), exact=True).click()
        page.get_by_label(_("State")).select_option("published")
        page.get_by_role("button", name=_("Show")).click()
        rows = page.locator("table.log tbody tr")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("Hello, Geneva.")
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        text = download.value.path().read_text(encoding="utf-8")
        assert [row[0] for row in csv.reader(text.splitlines())] == ["post", "hello.en"]


def test_a_page_can_be_asked_for_while_a_file_of_it_is_on_its_way(
    address: str, browser: Browser
) -> None:
    """Only what does something is sent once."""
    with visiting(browser, address) as page:
        enter(page, "direction")
        page.goto("/report")
        with page.expect_download():
            page.get_by_role("button", name="Save as a file").click()
        page.get_by_role("button", name="Show", exact=True).click()
        page.wait_for_url("**/report.html?*")


_LOOKED_AT = ["/", "/calendar", "/calendar?view=month", "/calendar?view=day", "/calendar?view=list",
              "/posts/later.fr/move?at=2016-03-09T12:00", "/posts/day.fr/move?at=2016-03-09T12:00", "/posts/day.fr/repeat?on=monday&until=2016-03-21",
              "/posts/later.fr/queue", "/posts/later.fr/edit", "/posts/later.fr/file", "/new", "/posts", "/posts/day.fr", "/log", "/accounts", "/report", "/resume", "/me",
              "/nowhere"]  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), in_tiers(("light", 1200), ("dark", 390)))
def test_every_page_can_be_used_by_everybody(
    app: Application, address: str, browser: Browser, scheme: str, width: int
) -> None:
    """axe finds nothing serious, and nothing hangs out at the side of a phone."""
    published(app, "site/news.fr")  # so that the report has all its tables
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    context = browser.new_context(base_url=address, **options)  # type: ignore[arg-type]
    page = context.new_page()
    flaws = []
    page.goto("/login")
    flaws += serious(page, "/login")
    enter(page, "direction")
    for path in (*_LOOKED_AT, "/report.html"):
        page.goto(path)
        flaws += serious(page, path)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0, path
    context.close()
    assert flaws == []


@pytest.mark.deep
@pytest.mark.parametrize("code", ["fr", "pl"])
def test_the_longer_words_of_another_language_hang_out_of_no_phone_either(
    address: str, browser: Browser, code: str
) -> None:
    size: ViewportSize = {"width": 390, "height": 800}
    context = browser.new_context(base_url=address, locale=code, viewport=size)
    page = context.new_page()
    with speaking(code):
        enter(page, "direction")
    for path in _LOOKED_AT:
        page.goto(path)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0, path
    context.close()


def test_a_post_is_dragged_to_another_day_and_moves_when_that_is_confirmed(
    address: str, app: Application, browser: Browser
) -> None:
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.get_by_role("link", name="Calendar").click()
        post = page.locator("li[draggable]", has_text="Une nouvelle.")
        post.drag_to(page.locator("[data-day='2016-03-10']"))
        expect(page.get_by_label("The new time")).to_have_value("2016-03-10T09:30")
        (delivery,) = app.queries.deliveries(post="site/news.fr")
        assert delivery.due_at.day == 7
        page.get_by_role("button", name="Move").click()
        expect(page.get_by_text("On the schedule: 1 delivery.")).to_be_visible()
        (delivery,) = app.queries.deliveries(post="site/news.fr")
        assert f"{delivery.due_at:%d %H:%M}" == "10 08:30"


def test_a_post_is_moved_by_keyboard_alone(
    address: str, app: Application, browser: Browser
) -> None:
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.goto("/calendar")
        page.get_by_role("link", name="Move Une nouvelle.").focus()
        page.keyboard.press("Enter")
        page.get_by_label("The new time").fill("2016-03-11T10:00")
        page.keyboard.press("Enter")
        expect(page.get_by_text("On the schedule: 1 delivery.")).to_be_visible()
        (delivery,) = app.queries.deliveries(post="site/news.fr")
        assert delivery.due_at.day == 11


def test_an_admin_keeps_somebody_out_and_lets_them_in_again(
    address: str, browser: Browser, lang: str
) -> None:
    with visiting(browser, address, locale=lang) as page, Visit(address) as other:
        other.log_in("stagiaire")
        log_in(page, "chef")
        page.get_by_role("link", name="chef").click()
        page.get_by_role("link", name=_("People")).click()
        page.get_by_role("link", name="stagiaire").click()
        page.get_by_role("button", name=_("Keep out")).click()
        state = page.locator("main .head .state")
        expect(state).to_have_text(_("kept out"))
        assert other.client.get("/").headers["location"].startswith("/login")
        page.get_by_role("button", name=_("Let in again")).click()
        expect(state).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), in_tiers(("light", 1440), ("dark", 390)))
def test_people_and_log_ins_can_be_used_by_everybody(
    app: Application, address: str, browser: Browser, scheme: str, width: int
) -> None:
    """In French: axe finds nothing serious, and nothing hangs out."""
    with_app(app, "direction")
    link = app.password_links.invite("Aïcha", Rank.STAFF).token
    options = {
        "color_scheme": scheme, "viewport": {"width": width, "height": 800}, "locale": "fr",
        "reduced_motion": "reduce",
    }  # fmt: skip
    context = browser.new_context(base_url=address, **options)  # type: ignore[arg-type]
    page, found = context.new_page(), []

    def look(name: str) -> None:
        found.extend(serious(page, name))
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        found.extend([f"{name} hangs out"] if page.evaluate(wide) else [])

    def log_in_as(name: str) -> None:
        page.goto("/login")
        page.locator("#name").fill(name)
        page.locator("#password").fill(PASSWORD)
        page.locator("main form.card button").click()

    page.goto(f"/login/link?key={link}")
    look("link")
    log_in_as("direction")
    look("second step")
    log_in_as("chef")
    page.goto("/people")
    page.locator("details.act summary").first.click()
    page.mouse.move(0, 0)
    look("people")
    page.locator("#name").fill("Nadia")
    page.locator("details form button.primary").click()
    look("link made")
    page.goto("/people/direction")
    page.locator("#act-rights summary").click()
    look("person")
    for press in ("app", "make"):
        page.goto("/me")
        look("me")
        page.locator(f"button[value={press}]").click()
        look(press)
    an_hour_later(app)
    page.goto("/people/direction")
    page.locator("#act-link summary").click()
    page.locator("#act-link form button").click()
    look("confirm")
    context.close()
    assert found == []


def test_a_page_with_an_unsaved_text_asks_before_it_goes(address: str, browser: Browser) -> None:
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.goto("/posts/later.fr/file")
        page.get_by_label("The file").press_sequentially("x")
        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        page.on("dialog", stay)
        page.get_by_role("link", name="Today").click(no_wait_after=True)
        wait_for(lambda: bool(page.title()) and asked == ["beforeunload"])
        assert page.url.endswith("/file")


def test_the_keyboard_reaches_the_content(address: str, browser: Browser) -> None:
    with visiting(browser, address) as page:
        enter(page, "direction")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to content"
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#main"


def test_times_show_the_readers_own_beside_the_sessions(address: str, browser: Browser) -> None:
    with visiting(browser, address, timezone_id="America/Lima") as page:
        enter(page, "direction")
        expect(page.locator(".own").first).to_contain_text("your time")


def test_another_persons_change_shows_without_a_touch(address: str, browser: Browser) -> None:
    with visiting(browser, address) as page, Visit(address) as other:
        enter(page, "stagiaire")
        other.log_in("direction")
        other.send("/posts/site/news.fr", do="cancel", reason="said already")
        expect(page.locator(".figures")).to_contain_text("cancelled")


def test_the_red_button_works_however_many_tabs_are_open(address: str, browser: Browser) -> None:
    """A browser makes six connections to a server, and each open page may keep one."""
    with visiting(browser, address) as page:
        enter(page, "direction")
        for _tab in range(5):
            page.context.new_page().goto("/")
        page.get_by_role("link", name="Pause everything").click()
        page.get_by_label(_("Why?")).fill("the wrong photo")
        page.get_by_role("button", name=_("Pause everything now")).click()
        expect(page.locator("body")).to_contain_text("the wrong photo")
