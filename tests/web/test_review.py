"""Review: what waits for a manager, one post at a time or many at once."""

import re
from html import unescape
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.drafts.draft_files import DraftFiles
from publisher.ledger.manager.approvals import digest
from publisher.ledger.tables import deliveries
from publisher.ledger.token_bounds import Bounds, acting_by_token
from publisher.model.events import Event
from publisher.model.states import State
from publisher.web import review_view
from tests.support.journeys import enter, serious, visiting
from tests.support.pages import PASSWORD, Visit
from tests.support.workspaces import Workspace
from tests.web.conftest import SETTINGS, opened


def _listed(visit: Visit) -> list[str]:
    return re.findall(r'name="post" value="([^"]+)" aria-label', visit.page)


def _seen(visit: Visit) -> list[str]:
    return re.findall(r'name="seen" value="([^"]+)"', visit.page)


def _ticked(visit: Visit) -> list[str]:
    """The posts that the page for several approves as it comes."""
    return re.findall(r'name="post" value="([^"]+)" checked', visit.page)


def _versions(visit: Visit, do: str) -> list[str]:
    """What the form of a rejection or a hold carries."""
    form = visit.page.partition(f'id="{do}-')[2].partition("</form>")[0]
    return re.findall(r'name="version" value="([^"]+)"', form)


def _approved(app: Application, post: str) -> None:
    """A colleague approves it."""
    seen = {one.id: digest(one) for one in app.approvals.waiting(post)}
    app.approvals.approve([post], None, "chef", seen)


def _states(app: Application, post: str) -> set[State]:
    return {delivery.state for delivery in app.queries.deliveries(post=post)}


def test_what_waits_is_listed_soonest_first_and_counted(manager: Visit) -> None:
    manager.get("/review")
    assert _listed(manager) == ["day.fr", "later.fr"]
    assert "2 posts wait for you" in manager.text
    assert re.search(r'id="count-rail-waiting">2<', manager.page)
    manager.get("/")
    assert '<a href="/review?post=day.fr">' in manager.page


def test_a_partners_post_is_found_behind_everybody_elses(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as the list holds are due before it; a post is listed with all its accounts."""
    monkeypatch.setattr(review_view, "_MOST", 1)
    account = '[accounts.warsaw-x]\nchannel = "twitter"\norganisation = "Warsaw"\nlanguage = "pl"\n'
    workspace.write("publisher.toml", SETTINGS + account)
    draft = workspace.draft("last.pl", "at: 2016-03-09 12:00\nto: [warsaw-x]", "Na koniec.")
    app = opened(workspace.path)
    assert not app.planner.queue([draft], actor="redaction").errors
    app.people.add("kasia", Rank.MANAGER, PASSWORD, organisations=["Warsaw"])

    def waiting(name: str) -> dict[str, int]:
        found = review_view.waiting(app, app.people.find(name))
        return {one.post: len(one.deliveries) for one in found}

    assert waiting("kasia") == {"last.pl": 1}
    assert waiting("direction") == {"day.fr": 2}
    assert waiting("stagiaire") == {}
    app.close()


def test_an_error_page_counts_what_waits_now(app: Application, manager: Visit) -> None:
    """Its step of the history is not known: nothing that was counted before is said of it."""
    manager.get("/review")
    for number in ("2", "1"):
        assert manager.send("/review", post="day.fr", do="reject").status_code == 400
        assert f'id="count-rail-waiting">{number}<' in manager.page
        if number == "2":
            _approved(app, "day.fr")


def test_an_approval_is_of_what_was_shown_and_leads_to_the_next_post(
    app: Application, manager: Visit
) -> None:
    manager.get("/review")
    form = {
        "post": "day.fr",
        "account": "bice-page,bice-x",
        "do": "approve",
        "seen": _seen(manager),
    }
    answer = manager.send("/review", **form)
    assert (answer.status_code, str(answer.url.query, "ascii")) == (200, "post=later.fr")
    assert "Approved: 2 deliveries." in manager.text
    assert _states(app, "day.fr") == {State.SCHEDULED}


def test_what_was_edited_since_it_was_shown_is_not_approved(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    manager.get("/review")
    seen = _seen(manager)
    workspace.edit("day.fr.md", "Bonjour", "Bonsoir")
    app.planner.queue(actor="redaction")
    form = {"post": "day.fr", "account": "bice-page,bice-x", "do": "approve", "seen": seen}
    assert manager.send("/review", **form).status_code == 409
    assert '<a class="button primary" href="/review">' in manager.page
    assert _states(app, "day.fr") == {State.AWAITING_APPROVAL}


@pytest.mark.parametrize("path", ["/review", "/review/many"])
def test_what_somebody_rejected_meanwhile_is_not_approved(
    app: Application, manager: Visit, path: str
) -> None:
    """Its content is as it was shown, but a colleague has said no."""
    manager.get("/review")
    seen = _seen(manager)
    app.approvals.reject(["day.fr"], None, "chef", "La salle a changé.")
    assert manager.send(path, post="day.fr", do="approve", seen=seen).status_code == 409
    assert _states(app, "day.fr") == {State.REJECTED}


def test_what_is_sent_back_says_why_and_waits_no_more(app: Application, manager: Visit) -> None:
    manager.get("/review?post=day.fr")
    shown = _versions(manager, "reject")
    form = {"post": "day.fr", "account": "bice-page,bice-x", "do": "reject", "version": shown}
    assert manager.send("/review", **form, reason=" ").status_code == 400
    manager.get("/review?post=day.fr")
    manager.send("/review", **form, reason="La salle a changé.")
    assert _listed(manager) == ["later.fr"]
    assert _states(app, "day.fr") == {State.REJECTED}


@pytest.mark.parametrize("do", ["reject", "hold"])
def test_what_is_sent_back_or_held_is_what_was_shown_waiting(
    app: Application, manager: Visit, workspace: Workspace, do: str
) -> None:
    """Neither what a colleague approved meanwhile, nor what was edited, nor what was not seen."""
    manager.get("/review?post=later.fr")
    other = _versions(manager, do)
    manager.get("/review?post=day.fr")
    form = {"post": "day.fr", "account": "bice-page,bice-x", "do": do, "reason": "non"}
    shown = _versions(manager, do)
    assert len(shown) == 2
    assert manager.send("/review", **form).status_code == 409
    manager.get("/review?post=day.fr")
    assert manager.send("/review", **form, version=other).status_code == 409
    workspace.edit("day.fr.md", "Bonjour", "Bonsoir")
    app.planner.queue(actor="redaction")
    manager.get("/review?post=day.fr")
    assert manager.send("/review", **form, version=shown).status_code == 409
    assert "Look at it again, then decide." in manager.text
    assert _states(app, "day.fr") == {State.AWAITING_APPROVAL}
    manager.get("/review?post=day.fr")
    shown = _versions(manager, do)
    _approved(app, "day.fr")
    assert manager.send("/review", **form, version=shown).status_code == 409
    assert _states(app, "day.fr") == {State.SCHEDULED}


@pytest.mark.parametrize("path", ["/review", "/review?post=day.fr"])
def test_a_page_that_is_open_keeps_its_post_and_says_when_that_is_decided(
    app: Application, manager: Visit, path: str
) -> None:
    manager.get(path)
    live = unescape(re.findall(r'hx-get="(/review[^"]*)"', manager.page)[0])
    _approved(app, "day.fr")
    for part in (live, "/review?post=day.fr"):
        manager.get(part)
        assert (
            "The post that you were looking for is no longer waiting for approval." in manager.text
        )
        assert _listed(manager) == ["later.fr"]
        assert 'action="/review"' not in manager.page
        assert 'href="/review?post=later.fr" data-key="j"' in manager.page
    _approved(app, "later.fr")
    manager.get(live)
    assert "The post that you were looking for is no longer waiting for approval." in manager.text


def test_a_second_review_says_what_was_changed_since_the_first(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    waiting = app.approvals.waiting("day.fr")
    app.approvals.approve(["day.fr"], None, "direction", {d.id: digest(d) for d in waiting})
    workspace.edit("day.fr.md", "Bonjour", "Bonsoir")
    app.planner.queue(actor="redaction")
    manager.get("/review?post=day.fr")
    assert "Since it was last approved" in manager.text
    assert "<del>Bonjour </del><ins>Bonsoir </ins>" in manager.page


def test_an_author_is_not_offered_to_approve_their_own_post(address: str) -> None:
    with Visit(address) as author:
        author.log_in("redaction")
        author.get("/review?post=day.fr")
        assert 'value="approve"' not in author.page
        assert "Someone else has to approve it: bice-page · Facebook, bice-x · X." in (
            author.text.replace(
                "bice-x · X, bice-page · Facebook", "bice-page · Facebook, bice-x · X"
            )
        )


def test_staff_review_nothing(staff: Visit) -> None:
    staff.get("/review")
    assert "Nothing is waiting for you." in staff.text
    assert 'href="/review"' not in staff.page.partition("<main")[0]
    assert staff.send("/review", post="day.fr", do="hold", reason="x").status_code == 403
    assert staff.send("/review/many", post="day.fr", seen="1:x").status_code == 403


def test_many_are_approved_by_one_confirmation(app: Application, manager: Visit) -> None:
    manager.get("/review/many?post=day.fr&post=later.fr")
    assert _ticked(manager) == ["day.fr", "later.fr"]
    manager.send("/review/many", post=["day.fr", "later.fr"], seen=_seen(manager))
    assert "Approved: 3 deliveries." in manager.text
    assert _states(app, "day.fr") | _states(app, "later.fr") == {State.SCHEDULED}


def test_of_many_only_what_is_ticked_is_approved(app: Application, manager: Visit) -> None:
    """Nothing ticked is nothing, on the page that shows them and on its way back."""
    assert "No post is chosen." in manager.get("/review/many").text
    manager.get("/review/many?post=day.fr&post=later.fr")
    seen = _seen(manager)
    assert manager.send("/review/many", seen=seen).status_code == 400
    manager.get("/review/many?post=day.fr&post=later.fr")
    manager.send("/review/many", post=["later.fr"], seen=seen)
    assert _states(app, "later.fr") == {State.SCHEDULED}
    assert _states(app, "day.fr") == {State.AWAITING_APPROVAL}


def test_at_most_thirty_are_shown_and_approved_at_once(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    names = [f"one-{number}.fr" for number in range(31)]
    for name in names:
        workspace.draft(name, "at: 2016-03-07 11:00\nto: [bice-x]", f"Voix de {name}.")
    app.planner.queue(actor="redaction")
    manager.get("/review/many?" + "&".join(f"post={name}" for name in names))
    assert len(_ticked(manager)) == 30
    assert "1 of those you ticked stays in the list" in manager.text
    assert manager.send("/review/many", post=names, seen=_seen(manager)).status_code == 400
    assert {state for name in names for state in _states(app, name)} == {State.AWAITING_APPROVAL}


def test_what_is_special_comes_first_and_is_ticked_one_by_one(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    """People in its pictures, an embargo, another organisation than most of them."""
    workspace.write(
        "posts/consents.yaml",
        "salle: {granted_to: [BICE], channels: [twitter], until: 2030-01-01}\n",
    )
    (workspace.path / "posts/media").mkdir()
    Image.new("RGB", (30, 20), "teal").save(workspace.path / "posts/media/salle.png")
    people = "media:\n  - {file: media/salle.png, alt: La salle, people: true, consent: salle}"
    for name, keys in (("people", people), ("embargo", "embargo: 2016-03-09 10:00")):
        workspace.draft(f"{name}.fr", f"at: 2016-03-09 11:00\nto: [bice-x]\n{keys}", f"Un {name}.")
    assert not app.planner.queue(actor="redaction").errors
    other = app.settings.accounts["bice-page"].model_copy(update={"organisation": "Partenaire"})
    app.settings.accounts["bice-page"] = other
    posts = ("day.fr", "later.fr", "people.fr", "embargo.fr")
    manager.get("/review/many?" + "&".join(f"post={post}" for post in posts))
    assert _ticked(manager) == ["later.fr"]
    titles = re.findall(r'name="post" value="([^"]+)"', manager.page)
    assert titles == ["day.fr", "embargo.fr", "people.fr", "later.fr"]
    for said in (
        "It is for another organisation: Partenaire.",
        "There are people in its pictures.",
        "It is under embargo until Wed 9 Mar, 10:00.",
    ):
        assert manager.text.count(said) == 1


def test_what_a_program_wrote_is_special(app: Application, manager: Visit) -> None:
    with acting_by_token(Bounds(program="n8n")):
        app.edits.apply(
            "later.fr", Event.DRAFT_EDITED, {}, "redaction", ["bice-x"],
            digest="", save=lambda: None, put_back=lambda: None,
        )  # fmt: skip
    manager.get("/review/many?post=day.fr&post=later.fr")
    assert _ticked(manager) == ["day.fr"]
    assert "A program wrote or changed it: redaction, by n8n." in manager.text


def test_what_is_held_after_its_approval_is_said_to_be_and_why(
    app: Application, manager: Visit
) -> None:
    """It was rejected, and its platform published another one with the same words early."""
    app.approvals.reject(["later.fr"], None, "direction", "not now")
    with app.database.write() as connection:
        ours = deliveries.c.post == "later.fr"
        connection.execute(update(deliveries).where(ours).values(manual_hold="It is out already."))
    manager.get("/posts/later.fr")
    digests = re.findall(r'name="seen" value="([^"]+)"', manager.page)
    manager.send("/posts/later.fr", do="approve", seen=digests)
    assert _states(app, "later.fr") == {State.HELD}
    assert "Held: 1 delivery. It is out already." in manager.text
    assert "Approved:" not in manager.text


@pytest.mark.parametrize(
    ("page", "most"),
    [("/review", 1), ("/review/many?post=day.fr&post=later.fr", 1), ("/posts/day.fr", 3)],
)
def test_the_folder_of_drafts_is_listed_once_for_a_page(
    manager: Visit, monkeypatch: pytest.MonkeyPatch, page: str, most: int
) -> None:
    """However many posts are on it; to check a draft and to plan it lists the folder as well."""
    listed = []
    init = DraftFiles.__init__

    def counted(files: DraftFiles, *given: Any) -> None:
        listed.append(files)
        init(files, *given)

    monkeypatch.setattr(DraftFiles, "__init__", counted)
    assert manager.get(page).status_code == 200
    assert len(listed) <= most


def test_of_many_all_or_none_are_approved(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    """Also when one of them was decided otherwise, not only when one was edited."""
    manager.get("/review/many?post=day.fr&post=later.fr")
    seen = _seen(manager)
    app.control.cancel("later.fr", None, "chef", "said already")
    form = {"post": ["day.fr", "later.fr"], "seen": seen}
    assert manager.send("/review/many", **form).status_code == 409
    assert _states(app, "day.fr") == {State.AWAITING_APPROVAL}
    manager.get("/review/many?post=day.fr")
    seen = _seen(manager)
    workspace.edit("day.fr.md", "Bonjour", "Bonsoir")
    app.planner.queue(actor="redaction")
    assert manager.send("/review/many", post=["day.fr"], seen=seen).status_code == 409
    assert _states(app, "day.fr") == {State.AWAITING_APPROVAL}


def test_a_reason_typed_too_late_comes_back(app: Application, manager: Visit) -> None:
    manager.get("/review?post=later.fr")
    for person in app.people.all():
        app.sessions.revoke(person)
    form = {"post": "later.fr", "account": "bice-x", "do": "reject", "reason": "Le titre"}
    assert manager.send("/review", **form).status_code == 401
    kept = re.search(r'<textarea name="kept" hidden>(.*?)</textarea>', manager.page, re.DOTALL)
    wanted = re.search(r'name="next" value="([^"]*)"', manager.page)
    assert kept
    assert wanted
    manager.send(
        "/login", name="direction", password=PASSWORD, next=wanted[1], kept=unescape(kept[1])
    )
    assert "Nothing was done: Send back · “Un.”" in manager.text
    assert re.search(r'name="reason"[^>]*>Le titre</textarea>', manager.page)
    assert _states(app, "later.fr") == {State.AWAITING_APPROVAL}


def _at_review(page: Page, post: str) -> None:
    expect(page.locator(".queue [aria-current]")).to_have_attribute("href", f"/review?post={post}")
    page.wait_for_load_state()  # a key that comes before the page's script does nothing


def test_keys_lead_through_the_list(app: Application, address: str, browser: Browser) -> None:
    with visiting(browser, address, viewport={"width": 1440, "height": 900}) as page:
        enter(page, "direction")
        page.goto("/review")
        _at_review(page, "day.fr")
        page.keyboard.press("j")
        _at_review(page, "later.fr")
        page.keyboard.press("k")
        _at_review(page, "day.fr")
        page.keyboard.press("r")
        expect(page.locator("#why-reject")).to_be_focused()
        page.keyboard.type("aj")
        page.keyboard.press("Escape")
        expect(page.locator("#why-reject")).to_have_value("aj")
        page.locator("#title").click()
        page.keyboard.press("a")
        _at_review(page, "later.fr")
        assert serious(page, "/review") == []
    assert _states(app, "day.fr") == {State.SCHEDULED}


def test_a_key_that_is_held_down_approves_one_post(
    app: Application, address: str, browser: Browser
) -> None:
    with visiting(browser, address) as page:
        enter(page, "direction")
        page.goto("/review")
        _at_review(page, "day.fr")
        page.keyboard.down("a")
        _at_review(page, "later.fr")
        page.keyboard.down("a")  # the keyboard repeats it
        page.keyboard.up("a")
        assert _states(app, "later.fr") == {State.AWAITING_APPROVAL}
        twice = """(button) => {
            let sent = 0;
            window.addEventListener("submit", (event) => { sent += !event.defaultPrevented; });
            button.click();
            button.click();
            return sent;
        }"""
        assert page.locator("button[value=approve]").evaluate(twice) == 1


def test_a_colleagues_decision_does_not_bring_another_post_under_the_buttons(
    app: Application, address: str, browser: Browser, workspace: Workspace
) -> None:
    with visiting(browser, address) as page, Visit(address) as colleague:
        enter(page, "direction")
        page.goto("/review")
        _at_review(page, "day.fr")
        page.get_by_label("Choose Un.").check()
        workspace.draft("soon.fr", "at: 2016-03-07 07:30\nto: [bice-x]\nauthor: redaction", "Vite.")
        app.planner.queue([workspace.path / "posts/soon.fr.md"], actor="redaction")
        expect(page.locator(".queue li")).to_have_count(3)
        expect(page.locator(".queue li").first).to_contain_text("Vite.")
        expect(page.locator("#title")).to_contain_text("Bonjour de Genève.")
        expect(page.get_by_label("Choose Un.")).to_be_checked()
        assert page.locator(".queue input:checked").count() == 1
        expect(page.locator(".approve [name=post]")).to_have_value("day.fr")

        page.keyboard.press("r")
        page.keyboard.type("Le titre")
        colleague.log_in("chef")
        colleague.get("/review?post=day.fr")
        seen = _seen(colleague)
        colleague.send("/review", post="day.fr", do="approve", seen=seen)
        expect(page.get_by_text("is no longer waiting")).to_be_visible()
        expect(page.locator(".queue li")).to_have_count(2)
        assert page.locator("form[action='/review']").count() == 0
        page.keyboard.press("a")
        page.keyboard.press("j")
        _at_review(page, "soon.fr")
        expect(page.locator(".approve [name=post]")).to_have_value("soon.fr")
    assert _states(app, "day.fr") == {State.SCHEDULED}
    assert _states(app, "soon.fr") == _states(app, "later.fr") == {State.AWAITING_APPROVAL}


def test_a_thumb_reaches_everything_on_a_phone(address: str, browser: Browser) -> None:
    with visiting(browser, address, viewport={"width": 390, "height": 844}) as page:
        enter(page, "direction")
        page.get_by_role("navigation", name="Most used").get_by_role("link", name="Review").click()
        page.locator(".queue a").first.click()
        approve = page.locator("button[value=approve]")
        expect(approve).to_be_in_viewport(ratio=1)
        box = approve.bounding_box()
        assert box is not None
        assert box["height"] >= 40
        assert box["y"] > 844 / 2
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert serious(page, "/review?post=") == []
        approve.click()
        expect(page.get_by_text("Approved: 2 deliveries.")).to_be_visible()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_counter_counts_what_its_reader_may_approve(
    app: Application, address: str, manager: Visit, staff: Visit
) -> None:
    """Not what they wrote, nor what a mandate gives to others; staff, who approve nothing, none."""

    def counted(visit: Visit, page: str = "/calendar") -> str:
        found = re.search(r'id="count-rail-waiting">(\d*)<', visit.get(page).text)
        return found[1] if found else "no counter"

    assert counted(manager) == "2"
    assert "2 posts wait for you" in manager.get("/review").text
    assert counted(staff) == "no counter"
    with Visit(address) as author:
        author.enter("redaction")
        assert counted(author) == ""
        author.get("/review")
        assert "0 posts wait for you" in author.text
        assert "2 wait for someone else, who did not write them." in author.text
    app.approvals.reject(["day.fr"], None, "chef", "no")
    assert counted(manager) == "1"


def test_what_happened_to_all_posts_of_a_list_is_read_at_once(
    app: Application, manager: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, in as many queries."""
    asked: list[int] = []
    steps = app.queries._steps

    def counting(condition: Any) -> Any:
        asked.append(1)
        return steps(condition)

    monkeypatch.setattr(app.queries, "_steps", counting)
    manager.get("/review/many?post=later.fr")
    one = len(asked)
    manager.get("/review/many?post=later.fr&post=day.fr")
    assert manager.page.count('name="post"') == 2
    assert len(asked) == 2 * one
