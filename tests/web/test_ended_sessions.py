"""A session that ends while somebody types takes nothing of it away."""

import re
from html import unescape

import pytest
from playwright.sync_api import Browser, expect

from publisher.app import Application
from publisher.base.i18n import _
from tests.support.forms import Composer, pairs
from tests.support.journeys import log_in, visiting
from tests.support.pages import PASSWORD, Visit
from tests.support.uploads import seen
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards("publisher.auth.sessions", "publisher.web.anonymous_forms")

_FILE = "/posts/day.fr/file"
_EDIT = "/posts/day.fr/edit"
_TYPED = "Bonsoir </textarea> & « voilà ».\n\n---\nDeux."
_WHOLE = f"---\nat: annual-day\n---\n{_TYPED}"


def _end_all(app: Application) -> None:
    for person in app.people.all():
        app.sessions.revoke(person)


def _area(page: str) -> str:
    found = re.search(r'<textarea id="body".*?>\n(.*?)</textarea>', page, re.DOTALL)
    assert found
    return unescape(found[1])


def _kept(visit: Visit) -> str:
    """What the page of the log-in carries along."""
    found = re.search(r'<textarea name="kept" hidden>(.*?)</textarea>', visit.page, re.DOTALL)
    assert found
    return unescape(found[1])


@pytest.mark.parametrize("typed", [_WHOLE, _WHOLE + "x" * 50_000], ids=["short", "long"])
def test_a_file_that_is_saved_too_late_is_kept_over_the_log_in(
    app: Application, manager: Visit, workspace: Workspace, typed: str
) -> None:
    before = (workspace.path / "posts/day.fr.md").read_bytes()
    manager.get(_FILE)
    digest = seen(manager)
    _end_all(app)
    answer = manager.send(_FILE, seen=digest, body=typed, do="save")
    assert answer.status_code == 401
    assert "What you typed is kept" in manager.text
    fields = {"name": "direction", "next": _FILE, "kept": _kept(manager)}
    assert manager.send("/login", password="wrong password", **fields).status_code == 401
    assert 'name="kept"' in manager.page, "a wrong password loses nothing"
    manager.send("/login", password=PASSWORD, **fields)
    assert "What you typed is here again." in manager.text
    assert _area(manager.page) == typed
    assert (workspace.path / "posts/day.fr.md").read_bytes() == before, "nobody has saved it yet"
    assert manager.send(_FILE, seen=seen(manager), body=typed, do="save").status_code == 200
    assert "Deux." in (workspace.path / "posts/day.fr.md").read_text("utf-8")


def test_who_logged_in_in_another_tab_sends_the_old_form_again(
    app: Application, manager: Visit
) -> None:
    manager.get(_FILE)
    digest, old = seen(manager), manager.token
    _end_all(app)
    manager.log_in("direction")
    answer = manager.client.post(
        _FILE, data={"form": old, "seen": digest, "body": _WHOLE, "do": "save"}
    )
    assert answer.status_code == 400
    manager.page = answer.text
    assert _area(manager.page) == _WHOLE
    assert manager.send(_FILE, seen=seen(manager), body=_WHOLE, do="save").status_code == 200


@pytest.mark.parametrize(
    "page", [_EDIT, "/new", "/new?copy=day.fr", "/new?translate=day.fr&lang=es"]
)
def test_all_that_was_typed_into_the_composer_is_kept_over_the_log_in(
    app: Application, manager: Visit, workspace: Workspace, photo: bytes, page: str
) -> None:
    """Parts of threads, own texts, pictures with what was said of them, the time."""
    before = sorted(workspace.path.glob("posts/**/*.md"))
    form = Composer(manager, page)
    form.send("part:")
    form.send("check", ("a.jpg", photo))
    texts = [_TYPED.partition("---")[0], "Deux.", *form.values("text")[2:-1], "Le sien."]
    form.fill(text=texts, alt="La salle XX, vide", people="0", when="item:annual-day", number="30")
    form.fill(title="Un titre", account=["bice-x", "bice-site"])
    sent = [pair for pair in form.pairs if pair[0] not in ("form", "sure", "shown", "base")]
    _end_all(app)
    assert form.send("submit").status_code == 401
    assert "What you typed is kept" in manager.text
    assert "Le sien." in manager.text
    manager.send("/login", name="direction", password=PASSWORD, next=form.path, kept=_kept(manager))
    assert "What you typed is here again." in manager.text
    form.pairs = pairs(manager.page, "compose")
    again = [pair for pair in form.pairs if pair[0] not in ("form", "sure", "shown")]
    assert sorted(again) == sorted(sent)
    assert sorted(workspace.path.glob("posts/**/*.md")) == before, "nobody has saved it yet"
    assert form.send("keep").status_code == 200
    assert "Saved." in manager.text
    assert "picture description" in manager.text


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
    for page, field in ((_FILE, "body"), (_EDIT, "text"), ("/new", "text")):
        answer = anonymous.client.post(page, data={field: "Faux."}, headers=evil)
        assert answer.status_code == 303
        answer = manager.client.post(page, data={field: "Faux.", "form": "0"}, headers=evil)
        assert answer.status_code == 403
        assert "Faux." not in answer.text


def test_a_browser_says_so_where_one_types(
    address: str, app: Application, browser: Browser
) -> None:
    """No page goes away under the hands of its author."""
    with visiting(browser, address, refused=[400, 401]) as page:
        log_in(page, "stagiaire")
        page.goto(_EDIT)
        text = page.get_by_label(_("The text"), exact=True)
        text.fill("Un texte.")
        expect(page.locator("#look")).to_contain_text("Un texte.")
        _end_all(app)
        text.fill("Un texte bien plus long.")
        told = page.locator("#gone")
        expect(told).to_be_visible()
        expect(told.get_by_role("link", name=_("Log in in a new tab"))).to_be_visible()
        expect(text).to_have_value("Un texte bien plus long.")
        assert page.url.endswith(_EDIT)
        page.get_by_role("button", name=_("Keep as draft")).click()
        page.get_by_label(_("Name"), exact=True).fill("stagiaire")
        page.get_by_label(_("Password"), exact=True).fill(PASSWORD)
        page.get_by_role("button", name=_("Log in")).click()
        expect(text).to_have_value("Un texte bien plus long.")
        page.get_by_role("button", name=_("Keep as draft")).click()
        expect(page.get_by_text(_("Saved."))).to_be_visible()
