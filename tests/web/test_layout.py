"""What a page shows can be read and reached, at a desk and on a phone, in French."""

import re

import pytest
from playwright.sync_api import Browser, expect

from publisher.app import Application
from publisher.base.i18n import LANGUAGES, speaking
from publisher.model.accounts import Owner, Profile
from publisher.model.outcomes import Kind, Refused
from tests.support.happening import ends
from tests.support.journeys import enter, visiting
from tests.support.pages import PASSWORD, Visit
from tests.support.workspaces import Workspace

_PAGES = ["/", "/calendar", "/calendar?view=month", "/calendar?view=day", "/calendar?view=list", "/posts", "/posts/day.fr", "/posts/day.fr/edit",
          "/posts/day.fr/file", "/new", "/log", "/answers", "/accounts", "/report", "/me", "/media", "/nowhere", "/agenda",
          "/agenda/items/annual-day", "/agenda/import", "/consents", "/bulk?do=hold&post=day.fr&post=site/news.fr"]  # fmt: skip
_HANGS_OUT = """() => [...document.querySelectorAll("main *")].filter((element) => {
  const box = element.getBoundingClientRect();
  return box.width && box.right > innerWidth + 1 && element.checkVisibility({ contentVisibilityAuto: true });
}).map((element) => element.outerHTML.slice(0, 100))"""


@pytest.mark.deep
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_hangs_out_of_a_page_in_french(
    address: str, app: Application, browser: Browser, width: int
) -> None:
    """Nor the handle of an account on a server of its own, which is long."""
    profile = Profile(id="7", handle="droits_de_l_enfant@mastodon.example.org")
    app.profiles.keep("bice-x", profile, None, until=app.clock.ahead(60), by_handle=True)
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    ends(app, delivery, Refused(Kind.CONTENT, "La plateforme ne prend aucun texte de ce genre."))
    size = {"width": width, "height": 900}
    with visiting(browser, address, refused=[404], locale="fr", viewport=size) as page:
        page.goto("/login")
        page.locator("#name").fill("direction")
        page.locator("#password").fill(PASSWORD)
        page.locator("main button").click()
        page.wait_for_url("**/")
        for path in _PAGES:
            page.goto(path)
            assert page.evaluate(_HANGS_OUT) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            place = page.locator(".top nav [aria-current]")
            if place.count():
                expect(place).to_be_in_viewport(ratio=0.9)
        page.goto("/log")
        assert page.locator(".wide").evaluate("e => e.scrollWidth - e.clientWidth") == 0


def test_each_word_of_a_phones_bar_has_one_line_and_room_beside_it(
    address: str, browser: Browser
) -> None:
    """In every language: a word of two lines makes its neighbours stand lower."""
    for language in LANGUAGES:
        size = {"width": 390, "height": 844}
        with visiting(browser, address, locale=language, viewport=size) as page, speaking(language):
            enter(page, "direction")
            places = page.locator(".bottom a").evaluate_all("""places => places.map(place => {
              const words = document.createRange();
              words.selectNodeContents(place.lastElementChild?.matches(".count")
                ? place.lastElementChild.previousSibling : place.lastChild);
              const shown = words.getBoundingClientRect(), room = place.getBoundingClientRect();
              return [words.toString().trim(), shown.height, room.width - shown.width];
            })""")
            assert len(places) == 4
            assert [place for place in places if place[1] > 20 or place[2] < 6] == []


def test_what_is_opened_moves_no_button_away(address: str, browser: Browser) -> None:
    with visiting(browser, address, viewport={"width": 1440, "height": 900}) as page:
        page.goto("/login?next=/posts/day.fr")
        page.locator("#name").fill("direction")
        page.locator("#password").fill(PASSWORD)
        page.locator("main button").click()
        buttons = page.locator(".acts summary")
        expect(buttons.first).to_be_visible()
        before = [buttons.nth(number).bounding_box() for number in range(buttons.count())]
        page.locator("#act-reject summary").click()
        expect(page.locator("#reason-reject")).to_be_visible()
        assert [buttons.nth(n).bounding_box() for n in range(buttons.count())] == before
        below = page.locator("#act-reject form").bounding_box()
        assert below and before[0]  # noqa: PT018
        assert below["y"] > before[0]["y"] + before[0]["height"]


def test_a_preview_shows_the_handle_that_the_keys_belong_to(
    address: str, app: Application, browser: Browser
) -> None:
    app.owners.remember("bice-x", Owner(id="1", name="@BICE_a_long_one"))
    with visiting(browser, address, viewport={"width": 1440, "height": 900}) as page:
        page.goto("/login?next=/posts/later.fr")
        page.locator("#name").fill("direction")
        page.locator("#password").fill(PASSWORD)
        page.locator("main button").click()
        handle = page.locator(".handle").first
        expect(handle).to_have_text("@BICE_a_long_one")
        assert handle.evaluate("e => e.scrollWidth <= e.clientWidth + 1")


def test_a_countdown_rounds(address: str, browser: Browser) -> None:
    """2 h 58 min are about three hours, and told in minutes; 7 h 56 min are eight."""
    with visiting(browser, address) as page:
        page.goto("/login")
        page.evaluate("""() => {
          const now = Date.parse(document.documentElement.dataset.now);
          for (const minutes of [178, 476]) {
            const time = document.createElement("time");
            time.className = "countdown";
            time.dateTime = new Date(now + minutes * 60000 + 20000).toISOString();
            document.querySelector("main").append(time);
          }
        }""")
        expect(page.locator("main time").nth(0)).to_have_text("in 178 minutes")
        expect(page.locator("main time").nth(1)).to_have_text("in 8 hours")


def test_every_error_leads_on(app: Application, manager: Visit) -> None:
    manager.get("/posts/day.fr")
    token = manager.token
    app.control.cancel("day.fr", None, "chef", "said already")
    manager.page = manager.client.post("/posts/day.fr", data={"form": token, "do": "approve"}).text
    assert re.search(r'<a class="button primary" href="/posts/day.fr">', manager.page)
    assert manager.get("/report.html").text.count('<a href="/report">') == 1
    assert '<a href="/report">' not in manager.get("/report.html?keep=true").text


def test_approval_is_offered_to_whom_it_is_open_alone(address: str, manager: Visit) -> None:
    manager.get("/posts/day.fr")
    assert 'id="act-approve"' in manager.page
    with Visit(address) as author:
        author.log_in("redaction")
        author.get("/posts/day.fr")
        assert 'id="act-approve"' not in author.page
        assert "Someone else has to approve it: bice-page · Facebook, bice-x · X." in (
            author.text.replace(
                "bice-x · X, bice-page · Facebook", "bice-page · Facebook, bice-x · X"
            )
        )
        assert 'id="act-reject"' in author.page


_LISTS = (
    "/", "/posts", "/posts/day.fr", "/posts/day.fr/file", "/log", "/review", "/search?q=bonjour", "/bulk?do=hold&post=day.fr",
    "/posts/day.fr/move", "/posts/day.fr/queue", "/posts/day.fr/repeat", "/posts/day.fr/edit",
    "/new?translate=day.fr&lang=es",
)  # fmt: skip
"""Pages that name posts: by their first words, and never by the name of a file."""


def test_no_page_speaks_of_commands_files_or_codes(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    workspace.edit("day.fr.md", "Bonjour", "Bonjour " + "x" * 300)
    for path in ("/posts/day.fr", "/posts/day.fr/file", "/posts/day.fr/queue"):
        manager.get(path)
        assert "too long: " in manager.text
        assert ("line 5 of the file" in manager.text) == path.endswith("/file")
        for jargon in ("too-long", "day.fr.md:", "`publisher", "--split", "front matter"):
            assert jargon not in manager.text, (path, jargon)
    for path in _LISTS:
        manager.get(path)
        assert "Gras" in manager.text, path
        assert not re.search(r"\bday\.(fr|es)\b", manager.text), path
    manager.get("/posts/site/news.fr")
    assert "digest" not in manager.text
    manager.get("/people")
    assert "publisher user" not in manager.text
