"""Real avatars and handles: asked of the platforms when a person asks them, and shown from here."""

import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.sandbox.accounts import secrets_toml
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.html import Structure, flaws
from tests.support.pages import PASSWORD, Visit
from tests.support.waiting import wait_for
from tests.support.workspaces import Workspace

PAGES = ("/accounts", "/new", "/review", "/posts/day.fr", "/search?q=bice")
AVATAR = re.compile(r"/accounts/bice-x/avatar\?v=[0-9a-f]{12}")


@pytest.fixture
def sandbox(original: Path) -> Sandbox:
    """The platforms of the workspace's accounts, which are its owners."""
    return Sandbox(accounts_for(settings.load(original, {})), ManualClock())


@pytest.fixture
def environment(sandbox: Sandbox) -> Iterator[Mapping[str, str]]:
    with running(sandbox) as address:
        yield {"PUBLISHER_TWITTER_API_URL": address, "PUBLISHER_FACEBOOK_GRAPH_URL": address}


@pytest.fixture
def workspace(workspace: Workspace, sandbox: Sandbox) -> Workspace:
    workspace.write("secrets.toml", secrets_toml(sandbox.accounts)).chmod(0o600)
    return workspace


def ask(visit: Visit) -> None:
    visit.get("/accounts")
    assert visit.send("/accounts/ask").status_code == 200


def a_minute_later(app: Application) -> None:
    clock = app.clock
    assert isinstance(clock, ManualClock)
    clock.advance(60)


def pictures(page: str) -> list[str]:
    return [str(one["src"]) for one in Structure(page).all("img") if "/avatar" in str(one["src"])]


def test_the_pages_show_the_real_picture_and_handle_and_ask_nobody(
    manager: Visit, sandbox: Sandbox
) -> None:
    for page in PAGES:
        assert pictures(manager.get(page).text) == [], "they show initials"
    assert sandbox.state()["requests"] == {}
    ask(manager)
    asked = sandbox.state()["requests"]
    for page in PAGES:
        answer = manager.get(page)
        assert AVATAR.search(answer.text), page
        assert "@bice_x" in manager.text, page
        assert flaws(answer.text) == []
    assert sandbox.state()["requests"] == asked


def test_a_mock_up_on_x_shows_what_its_readers_see(manager: Visit) -> None:
    page = manager.get("/posts/day.fr").text
    assert "@bice-x" not in page, "that is only its key in publisher.toml"
    ask(manager)
    page = manager.get("/posts/day.fr").text
    assert '<span class="dim handle">@bice_x</span>' in page
    assert re.search(r'<img class="avatar" src="/accounts/bice-x/avatar\?v=', page)
    assert re.search(r'<img class="avatar" src="/accounts/bice-page/avatar\?v=', page)


def test_an_avatar_is_a_small_picture_that_one_browser_keeps(manager: Visit) -> None:
    ask(manager)
    path = pictures(manager.get("/accounts").text)[0]
    answer = manager.get(path)
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"].startswith("private")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (96, 96)
    again = manager.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_an_avatar_is_only_for_those_who_are_logged_in(
    app: Application, manager: Visit, anonymous: Visit
) -> None:
    ask(manager)
    assert app.profiles.pictures()
    answer = anonymous.client.get("/accounts/bice-x/avatar")
    assert answer.headers.get("content-type") != "image/webp"
    assert answer.status_code in (303, 401)


@pytest.mark.parametrize("name", ["bice-site", "nobody", "..%2f..%2fsecrets.toml", "bice-x%00"])
def test_what_has_no_avatar_is_not_found(manager: Visit, name: str) -> None:
    assert manager.get(f"/accounts/{name}/avatar").status_code in (400, 404)


def test_another_picture_has_another_address_once_the_platforms_are_asked_again(
    app: Application, manager: Visit, sandbox: Sandbox
) -> None:
    ask(manager)
    before = pictures(manager.get("/accounts").text)
    sandbox.faults.set([Fault(what=What.AVATAR_CHANGED)])
    ask(manager)
    assert "less than a minute ago" in manager.text
    assert pictures(manager.page) == before, "once a minute is enough for all"
    a_minute_later(app)
    ask(manager)
    after = pictures(manager.get("/accounts").text)
    assert len(after) == len(before) == 2
    assert not {*before} & {*after}


def test_another_handle_is_told_loudly_until_a_manager_confirms_it(
    app: Application, manager: Visit, staff: Visit, sandbox: Sandbox
) -> None:
    ask(manager)
    sandbox.faults.set([Fault(what=What.RENAMED)])
    a_minute_later(app)
    ask(manager)
    told = "The keys of bice-x now belong to @other_bice_x; before, they belonged to @bice_x."
    manager.get("/accounts")
    assert told in manager.text
    staff.get("/accounts")
    assert told in staff.text
    assert "/accounts/bice-x/handle" not in staff.page
    assert staff.send("/accounts/bice-x/handle", handle="other_bice_x").status_code == 403
    assert manager.send("/accounts/bice-x/handle", handle="bice_x").status_code == 409
    assert app.profiles.all()["bice-x"].before
    manager.get("/accounts")
    manager.send("/accounts/bice-x/handle", handle="other_bice_x")
    assert "Confirmed" in manager.text
    assert "before, they belonged to" not in manager.text
    assert "@other_bice_x" in manager.text


def test_a_partner_does_not_confirm_anothers_keys(
    app: Application, manager: Visit, address: str, sandbox: Sandbox
) -> None:
    ask(manager)
    sandbox.faults.set([Fault(what=What.RENAMED)])
    a_minute_later(app)
    ask(manager)
    app.people.add("kasia", Rank.MANAGER, PASSWORD, organisations=["Warsaw"])
    with Visit(address) as partner:
        partner.log_in("kasia")
        partner.get("/accounts")
        assert "/accounts/bice-x/handle" not in partner.page
        assert partner.send("/accounts/bice-x/handle", handle="other_bice_x").status_code == 403
    assert app.profiles.all()["bice-x"].before


def test_another_handle_than_publisher_toml_names_is_told(
    workspace: Workspace, manager: Visit, app: Application
) -> None:
    app.settings.accounts["bice-x"] = app.settings.accounts["bice-x"].model_copy(
        update={"handle": "BICE_ONG"}
    )
    ask(manager)
    told = "The keys belong to @bice_x, but publisher.toml names @BICE_ONG."
    manager.get("/accounts")
    assert manager.text.count(told) == 1, "the platform's answer is not told twice"
    assert "/accounts/bice-x/handle" not in manager.page, "nothing is to be confirmed"


LONG = "Dignité et Droits pour les Enfants en Côte d’Ivoire, compte officiel de la session"


@pytest.mark.deep
@pytest.mark.parametrize("width", [1440, 390])
def test_the_handle_is_readable_beside_a_long_name(
    manager: Visit, address: str, browser: Browser, width: int
) -> None:
    ask(manager)
    page = browser.new_page(base_url=address, viewport={"width": width, "height": 900})
    page.goto("/login")
    page.fill("[name=name]", "direction")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/")
    page.goto("/posts/day.fr")
    name, handle = page.locator(".x .name").first, page.locator(".x .handle").first
    name.evaluate("(element, text) => { element.textContent = text }", LONG)
    shown, whole = handle.evaluate("element => [element.clientWidth, element.scrollWidth]")
    assert shown == whole > 40
    picture = page.locator(".x img.avatar").first
    picture.scroll_into_view_if_needed()
    wait_for(lambda: page.evaluate("document.querySelector('.x img.avatar').naturalWidth > 0"))
    page.close()
