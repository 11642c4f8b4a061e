"""A session that ends while somebody types takes nothing of it away."""

import re
from html import unescape

import pytest
from playwright.sync_api import Browser, expect

from publisher.app import Application
from publisher.base.i18n import _
from tests.support.journeys import log_in, visiting
from tests.support.pages import PASSWORD, Visit
from tests.support.uploads import seen
from tests.support.workspaces import Workspace

_EDIT = "/posts/day.fr/edit"
_TYPED = "Bonsoir </textarea> & « voilà ».\n\n---\nDeux."


def _end_all(app: Application) -> None:
    for person in app.people.all():
        app.sessions.revoke(person)


def _area(page: str) -> str:
    found = re.search(r'<textarea id="body".*?>\n(.*?)</textarea>', page, re.DOTALL)
    assert found
    return unescape(found[1])


@pytest.mark.parametrize("typed", [_TYPED, _TYPED + "x" * 50_000], ids=["short", "long"])
def test_a_text_that_is_saved_too_late_is_kept_over_the_log_in(
    app: Application, manager: Visit, workspace: Workspace, typed: str
) -> None:
    before = (workspace.path / "posts/day.fr.md").read_bytes()
    manager.get(_EDIT)
    digest = seen(manager)
    _end_all(app)
    answer = manager.send(_EDIT, seen=digest, body=typed, do="save")
    assert answer.status_code == 401
    assert "What you typed is kept" in manager.text
    kept = re.search(r'<textarea name="kept" hidden>(.*?)</textarea>', manager.page, re.DOTALL)
    assert kept
    fields = {"name": "direction", "next": _EDIT, "kept": unescape(kept[1])}
    assert manager.send("/login", password="wrong password", **fields).status_code == 401
    assert 'name="kept"' in manager.page, "a wrong password loses nothing"
    manager.send("/login", password=PASSWORD, **fields)
    assert "What you typed is here again." in manager.text
    assert _area(manager.page) == typed
    assert (workspace.path / "posts/day.fr.md").read_bytes() == before, "nobody has saved it yet"
    assert manager.send(_EDIT, seen=seen(manager), body=typed, do="save").status_code == 200
    assert "Deux." in (workspace.path / "posts/day.fr.md").read_text("utf-8")


def test_who_logged_in_in_another_tab_sends_the_old_form_again(
    app: Application, manager: Visit
) -> None:
    manager.get(_EDIT)
    digest, old = seen(manager), manager.token
    _end_all(app)
    manager.log_in("direction")
    answer = manager.client.post(
        _EDIT, data={"form": old, "seen": digest, "body": _TYPED, "do": "save"}
    )
    assert answer.status_code == 400
    manager.page = answer.text
    assert _area(manager.page) == _TYPED
    assert manager.send(_EDIT, seen=seen(manager), body=_TYPED, do="save").status_code == 200


def test_an_alternative_text_is_kept_too(app: Application, manager: Visit) -> None:
    manager.get("/posts/day.fr/media")
    digest = seen(manager)
    _end_all(app)
    manager.send("/posts/day.fr/media", seen=digest, do="add", alt="La salle XX, vide")
    kept = re.search(r'<textarea name="kept" hidden>(.*?)</textarea>', manager.page, re.DOTALL)
    assert kept
    manager.send("/login", name="direction", password=PASSWORD, next="/posts/day.fr/media",
                 kept=unescape(kept[1]))  # fmt: skip
    assert "La salle XX, vide" in manager.text


@pytest.mark.parametrize("kept", ["{", "[1]", '{"body": 1}', "null", "[" * 2000, '{"body": "x"}'])
@pytest.mark.parametrize(
    "elsewhere", ["//evil.example/posts/a/edit", "/log", "/posts/day.fr/queue"]
)
def test_what_is_kept_leads_nowhere_else(anonymous: Visit, kept: str, elsewhere: str) -> None:
    anonymous.get("/login")
    answer = anonymous.client.post(
        "/login",
        data={
            "form": anonymous.token, "name": "direction", "password": PASSWORD,
            "next": elsewhere, "kept": kept,
        },
    )  # fmt: skip
    assert answer.status_code == 303
    assert answer.headers["location"] in ("/", elsewhere)
    assert not answer.headers["location"].startswith("//")


def test_another_site_puts_no_words_into_anybodys_mouth(anonymous: Visit, manager: Visit) -> None:
    """Neither into the form of the log-in, nor, for somebody who is logged in, into the page."""
    evil = {"Origin": "https://evil.example"}
    answer = anonymous.client.post(_EDIT, data={"body": "Faux."}, headers=evil)
    assert answer.status_code == 303
    answer = manager.client.post(_EDIT, data={"body": "Faux.", "form": "0"}, headers=evil)
    assert answer.status_code == 403
    assert "Faux." not in answer.text


def test_a_browser_says_so_where_one_types(
    address: str, app: Application, browser: Browser
) -> None:
    """No page goes away under the hands of its author."""
    with visiting(browser, address, refused=[400, 401]) as page:
        log_in(page, "stagiaire")
        page.goto(_EDIT)
        text = page.locator("#body")
        text.fill("Un texte.")
        expect(page.locator("#verdict")).to_contain_text("Un texte.")
        _end_all(app)
        text.fill("Un texte bien plus long.")
        told = page.locator("#gone")
        expect(told).to_be_visible()
        expect(told.get_by_role("link", name=_("Log in in a new tab"))).to_be_visible()
        expect(text).to_have_value("Un texte bien plus long.")
        assert page.url.endswith(_EDIT)
        page.get_by_role("button", name=_("Save")).click()
        page.get_by_label(_("Name"), exact=True).fill("stagiaire")
        page.get_by_label(_("Password"), exact=True).fill(PASSWORD)
        page.get_by_role("button", name=_("Log in")).click()
        expect(page.locator("#body")).to_have_value("Un texte bien plus long.")
        page.get_by_role("button", name=_("Save")).click()
        expect(page.get_by_text(_("Saved."))).to_be_visible()
