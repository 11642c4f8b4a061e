"""On a phone the pages can be installed, and Today can be read without a network."""

import pytest
from playwright.sync_api import Browser, expect

from publisher.web.routes import assets
from tests.support.journeys import enter
from tests.support.pages import Visit
from tests.support.waiting import wait_for

_READY = """async () => {
  await navigator.serviceWorker.ready;
  await new Promise((done) => navigator.serviceWorker.controller ? done()
    : navigator.serviceWorker.addEventListener("controllerchange", done));
}"""


def test_the_pages_can_be_installed_and_open_at_review(anonymous: Visit) -> None:
    answer = anonymous.get("/manifest.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json"
    told = answer.json()
    assert (told["start_url"], told["display"]) == ("/review", "standalone")
    for icon in told["icons"]:
        assert anonymous.get(icon["src"]).headers["content-type"] == "image/png"
    assert '<link rel="manifest" href="/manifest.webmanifest">' in anonymous.get("/login").text


def test_what_a_phone_keeps_names_nobody(manager: Visit) -> None:
    page = manager.get("/offline").text
    assert "You are offline" in page
    assert "direction" not in page
    assert 'name="form"' not in page


def test_after_an_upgrade_a_phone_stores_the_files_anew(
    address: str, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the page without a network names styles that are not there any more."""
    page = browser.new_context(base_url=address).new_page()
    page.goto("/login")
    page.evaluate("navigator.serviceWorker.register('/sw.js')")
    page.evaluate(_READY)
    assert page.evaluate("caches.keys()") != ["files another en"]
    monkeypatch.setattr(assets, "version", lambda: "another")
    page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found.update())")
    wait_for(lambda: page.evaluate("caches.keys()") == ["files another en"])
    stored = page.evaluate("caches.match('/offline').then((found) => found.text())")
    assert page.evaluate(f"caches.match('{assets.address('web.css')}').then(Boolean)")
    assert assets.address("web.css") in stored
    page.context.close()


def test_today_can_be_read_without_a_network_until_somebody_logs_out(
    address: str, browser: Browser
) -> None:
    context = browser.new_context(base_url=address, viewport={"width": 390, "height": 844})
    page = context.new_page()
    enter(page, "direction")
    page.evaluate(_READY)
    page.goto("/")
    context.set_offline(True)
    page.goto("/")
    expect(page.get_by_text("Bonjour de Genève.").first).to_be_visible()
    expect(page.locator("#offline")).to_contain_text("this page is as it was at 07:00")
    page.goto("/accounts")
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    context.set_offline(False)
    page.goto("/")
    expect(page.locator("#offline")).to_be_hidden()
    page.locator(".menu").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert page.evaluate("caches.match('/')") is None
    context.close()
