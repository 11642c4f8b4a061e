"""Open pages stay true: they lose no event, and nobody loses their place."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from playwright.sync_api import Browser, expect

from publisher.app import Application
from publisher.base.i18n import _
from publisher.model.states import State, state_name
from tests.support.journeys import enter, visiting
from tests.support.pages import Visit
from tests.support.tiers import in_tiers

_PAUSED = "Everything is paused."


def _step(page: str) -> int:
    found = re.search(r'data-step="(\d+)"', page)
    assert found
    return int(found[1])


def _first(visit: Visit, path: str, wanted: str = "", **headers: str) -> str:
    """The stream's lines up to the first with what is `wanted`."""
    with visit.client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        return next(text for text in answer.iter_text() if wanted in text)


def test_what_happens_before_the_stream_begins_is_told_at_once(
    app: Application, manager: Visit
) -> None:
    manager.get("/")
    seen = _step(manager.page)
    assert seen == app.queries.last_step()
    assert _first(manager, f"/events?after={seen}").startswith(":")
    app.control.pause("bice-x", "wrong picture", "direction")
    newest = app.queries.last_step()
    assert _first(manager, f"/events?after={seen}", f"data: {newest}\n")
    told = {"Last-Event-ID": str(seen)}
    assert "event: ledger" in _first(manager, f"/events?after={newest}", **told)


def test_a_person_has_ten_streams_and_one_more_ends_the_oldest(
    app: Application, address: str, manager: Visit, staff: Visit
) -> None:
    """A page whose stream was ended asks again later; other people's are not touched."""

    def opened(visit: Visit) -> Iterator[str]:
        answer = streams.enter_context(visit.client.stream("GET", path))
        lines = answer.iter_text()
        assert next(lines).startswith(":")
        return lines

    path = f"/events?after={app.queries.last_step()}"
    with ExitStack() as streams:
        of_staff = opened(staff)
        first, second, *_others = [opened(manager) for _ in range(10)]
        app.control.pause("bice-x", "wrong picture", "direction")
        assert "event: ledger" in next(first)  # ten are not too many
        opened_last = streams.enter_context(manager.client.stream("GET", path)).iter_text()
        assert "event: ledger" in next(opened_last)
        assert list(first) == ["retry: 30000\n\n"]
        app.control.resume("bice-x", "direction")
        newest = f"data: {app.queries.last_step()}\n"
        for stream in (second, of_staff, opened_last):
            assert any(newest in text for text in stream)


def test_the_step_is_that_of_before_the_page_was_made(
    app: Application, manager: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happens while it is made is news to it."""
    coming, seen = app.queries.coming, app.queries.last_step()

    def and_meanwhile(limit: int | None) -> object:
        found = coming(limit)
        app.control.pause("bice-x", "wrong picture", "direction")
        return found

    monkeypatch.setattr(app.queries, "coming", and_meanwhile)
    manager.get("/")
    assert _step(manager.page) == seen < app.queries.last_step()


def test_a_page_that_asks_by_itself_is_not_led_to_the_log_in(anonymous: Visit) -> None:
    for path in ("/?part=live", "/stopped?part=live", "/posts/day.fr?part=live"):
        answer = anonymous.get(path, headers={"HX-Request": "true"})
        assert answer.status_code == 401
        assert "HX-Redirect" not in answer.headers


@pytest.mark.parametrize("path", in_tiers("/", "/calendar", "/posts", "/posts/day.fr", "/posts/day.fr/edit",
                                  "/log", "/accounts", "/report", "/me"))  # fmt: skip
def test_a_pause_of_everything_shows_on_every_page_that_is_open(
    address: str, app: Application, browser: Browser, path: str
) -> None:
    with visiting(browser, address) as page:
        enter(page, "direction")
        page.goto(path)
        expect(page.get_by_text(_PAUSED)).to_have_count(0)
        app.control.pause(None, "wrong picture", "chef")
        expect(page.get_by_text(_PAUSED)).to_be_visible()
        app.control.resume(None, "chef")
        expect(page.get_by_text(_PAUSED)).to_have_count(0)


def test_during_a_pause_of_everything_no_account_publishes(
    app: Application, manager: Visit
) -> None:
    manager.get("/accounts")
    assert "publishes" in manager.text
    app.control.pause(None, "wrong picture", "direction")
    manager.get("/accounts")
    assert "publishes" not in manager.text
    assert manager.text.count("paused with all the others") == 3


def test_a_post_that_is_open_tells_what_becomes_of_it_and_keeps_what_is_typed(
    address: str, app: Application, browser: Browser
) -> None:
    with visiting(browser, address) as page:
        enter(page, "direction")
        page.goto("/posts/later.fr")
        page.locator("#act-hold summary").click()
        page.locator("#reason-hold").fill("a wrong")
        app.approvals.reject(["later.fr"], None, "chef", "too long")
        expect(page.locator(".views .state")).to_have_text(state_name(State.REJECTED))
        expect(page.get_by_text("too long").first).to_be_visible()


def test_a_swap_leaves_the_focus_and_the_form_where_they_are(
    address: str, app: Application, browser: Browser
) -> None:
    with visiting(browser, address) as page:
        enter(page, "direction")
        link = page.get_by_role("link", name=re.compile("Une nouvelle"))
        link.focus()
        link.evaluate("element => { window.kept = element; }")
        app.control.pause("bice-x", "wrong picture", "direction")
        expect(page.locator("#needs")).to_be_visible()
        assert page.evaluate("document.activeElement === window.kept")
        page.goto("/posts/site/news.fr")
        page.locator("#act-hold summary").click()
        page.locator("#reason-hold").fill("a wrong")
        app.control.pause("bice-page", "wrong picture", "direction")
        app.holds.hold("later.fr", None, "chef", "too long")
        step = str(app.queries.last_step())
        expect(page.locator("html")).to_have_attribute("data-step", step)
        expect(page.locator(".htmx-request")).to_have_count(0)
        expect(page.locator("#reason-hold")).to_have_value("a wrong")
        expect(page.locator("#reason-hold")).to_be_focused()


def test_what_was_looked_at_is_what_is_approved_whatever_the_page_shows_by_now(
    address: str, app: Application, browser: Browser
) -> None:
    """An edit comes while somebody is about to approve: the form is still about what it was made
    for.
    """
    with visiting(browser, address, refused=[409]) as page:
        enter(page, "direction")
        page.goto("/posts/later.fr")
        page.locator("#act-approve summary").click()
        draft = app.settings.posts / "later.fr.md"
        draft.write_text(draft.read_text("utf-8").replace("Deux.", "Trois."), "utf-8")
        assert not app.planner.queue([draft], actor="redaction").errors
        expect(page.locator("#looks + .views")).to_contain_text("Trois.")
        page.get_by_role("button", name=_("Approve exactly this")).click()
        expect(page.get_by_text("is not what you looked at")).to_be_visible()
        (delivery,) = app.queries.deliveries(post="later.fr")
        assert delivery.state is State.AWAITING_APPROVAL


def test_the_scripts_are_ours_and_the_policy_stays_strict(manager: Visit) -> None:
    manager.get("/")
    scripts = re.findall(r'<script src="([^"]+)"', manager.page)
    assert len(scripts) == 3
    base = str(manager.client.base_url)
    assert all(httpx.get(base + script).status_code == 200 for script in scripts)
    policy = manager.get("/").headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
