"""Several posts are held, released, cancelled or retried at once: all or nothing."""

import html
import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base.i18n import speaking
from publisher.model.outcomes import Kind, Refused, Unknown
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.happening import ends
from tests.support.journeys import enter, serious, visiting
from tests.support.pages import PASSWORD, Visit
from tests.support.workspaces import Workspace

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def _states(app: Application, *posts: str) -> set[State]:
    return {d.state for post in posts for d in app.queries.deliveries(post=post)}


def _asked(visit: Visit, do: str, *posts: str) -> dict[str, list[str] | str]:
    """The form of the page that shows what would become of the posts."""
    visit.get("/bulk", params={"do": do, "post": posts})
    possible = re.findall(r'name="post" value="([^"]+)"', visit.page)
    seen = re.findall(r'name="seen" value="([^"]+)"', visit.page)
    return {"do": do, "post": possible, "seen": seen}


@both
def test_several_posts_are_held_released_and_cancelled(app: Application, manager: Visit) -> None:
    form = _asked(manager, "hold", "day.fr", "site/news.fr")
    assert form["post"] == ["day.fr", "site/news.fr"]
    assert len(form["seen"]) == 3
    assert "waits for approval → held" in manager.text
    assert manager.send("/bulk", **form).status_code == 400, "a reason is needed"
    _asked(manager, "hold", "day.fr", "site/news.fr")
    manager.send("/bulk", **form, reason="a figure is looked at")
    assert "Held: 3 deliveries." in manager.text
    assert 'action="/undo"' in manager.page
    assert _states(app, "day.fr", "site/news.fr") == {State.HELD}
    form = _asked(manager, "release", "day.fr", "site/news.fr")
    assert "held → scheduled" in manager.text, "it needs no approval"
    assert "held → waits for approval" in manager.text
    manager.send("/bulk", **form)
    assert _states(app, "day.fr", "site/news.fr") == {State.SCHEDULED, State.AWAITING_APPROVAL}
    manager.send("/bulk", **_asked(manager, "cancel", "day.fr", "site/news.fr"))
    assert _states(app, "day.fr", "site/news.fr") == {State.CANCELLED}


@both
def test_nothing_is_done_when_one_was_changed_since_it_was_shown(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    form = _asked(manager, "cancel", "day.fr", "later.fr")
    workspace.edit("later.fr.md", "Deux", "Trois")
    app.planner.queue(actor="redaction")
    assert manager.send("/bulk", **form).status_code == 409
    assert "“Un.” has changed since you looked at it." in manager.text
    assert State.CANCELLED not in _states(app, "day.fr", "later.fr")
    form = _asked(manager, "cancel", "day.fr", "later.fr")
    app.holds.hold("later.fr", None, "chef", "wait")
    app.holds.release("later.fr", None, "chef")
    assert manager.send("/bulk", **form).status_code == 409, "also if it is again as it was"
    assert State.CANCELLED not in _states(app, "day.fr", "later.fr")


@both
def test_old_troubles_are_left_as_they_are_by_a_tick_for_each(
    app: Application, manager: Visit
) -> None:
    """What is ticked and was shown, with a reason and the name on record; the others stay."""
    app.clock.sleep_until(app.clock.now() + timedelta(days=5))
    app.dispatch.expire()
    manager.get("/")
    assert 'href="/bulk?do=acknowledge"' in manager.page
    form = _asked(manager, "acknowledge")
    assert form["post"] == ["day.es", "day.fr", "site/news.fr", "later.fr"]
    assert "checked" not in manager.page
    ticked = {**form, "post": ["day.es", "site/news.fr"]}
    assert manager.send("/bulk", **ticked).status_code == 400, "a reason is needed"
    _asked(manager, "acknowledge")
    assert manager.send("/bulk", **ticked, reason="long past").url.path == "/"
    assert "Left as it is: 2 deliveries." in manager.text
    step = app.queries.history("day.es")[-1]
    assert (step.event, step.actor, step.detail) == (
        "acknowledged", "direction", {"reason": "long past"},
    )  # fmt: skip
    assert {d.post for d in app.queries.unresolved(State.MISSED)} == {"day.fr", "later.fr"}
    form = _asked(manager, "acknowledge", "day.fr")
    assert re.search(r'value="day.fr" checked', manager.page), "it was ticked on the page before"
    app.control.acknowledge("day.fr", ["bice-x"], "chef", "meanwhile")
    assert manager.send("/bulk", **form, reason="long past").status_code == 409


def test_at_most_thirty_troubles_are_left_as_they_are_at_once(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    names = [f"old-{number:02}.fr" for number in range(31)]
    for minute, name in enumerate(names):
        at = f"2016-03-07 10:{minute:02}"
        workspace.draft(name, f"at: {at}\nto: [bice-site]", f"Une nouvelle {minute}.")
    app.planner.queue(actor="redaction")
    app.clock.sleep_until(app.clock.now() + timedelta(days=5))
    app.dispatch.expire()
    assert len(_asked(manager, "acknowledge")["post"]) == 30
    form = _asked(manager, "acknowledge", *names)
    assert len(form["post"]) == 30
    assert "1 of those you ticked is not shown" in manager.text
    assert manager.send("/bulk", **{**form, "post": names}, reason="past").status_code == 400
    assert "At most 30 posts" in manager.text


def test_trouble_of_others_is_neither_offered_nor_denied(
    app: Application, anonymous: Visit, workspace: Workspace
) -> None:
    """However many others have, one's own is offered; without any, nobody says that all is well."""
    app.people.add("ola", Rank.MANAGER, PASSWORD, organisations=["BICE"])
    anonymous.enter("ola")
    for minute in range(201):
        at = f"2016-03-09 {10 + minute // 60}:{minute % 60:02}"
        workspace.draft(f"other-{minute}.fr", f"at: {at}\nto: [bice-site]", f"Autre {minute}.")
    app.planner.queue(actor="redaction")
    app.clock.sleep_until(app.clock.now() + timedelta(days=5))
    app.dispatch.expire()
    assert _asked(anonymous, "acknowledge")["post"] == ["day.fr", "later.fr"]
    anonymous.get("/")
    assert 'href="/bulk?do=acknowledge"' in anonymous.page
    for post in ("day.fr", "later.fr"):
        app.control.acknowledge(post, None, "chef", "long past")
    assert not _asked(anonymous, "acknowledge")["post"]
    assert "Nothing that needs attention is yours to leave as it is." in anonymous.text
    anonymous.get("/")
    assert 'href="/bulk?do=acknowledge"' not in anonymous.page


def test_what_was_not_shown_stays(app: Application, manager: Visit) -> None:
    form = _asked(manager, "cancel", "day.fr", "later.fr")
    manager.send("/bulk", **{**form, "post": ["later.fr"]})
    assert _states(app, "later.fr") == {State.CANCELLED}
    assert _states(app, "day.fr") == {State.AWAITING_APPROVAL}
    manager.get("/posts")
    assert manager.send("/bulk", do="cancel", post=["day.fr"]).status_code == 409, "none was seen"
    manager.get("/posts")
    assert manager.send("/bulk", do="withdraw", post=["day.fr"]).status_code == 400


def test_a_retry_says_what_it_cannot_do(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    """What may be out needs a look at the account, and what the draft changed its own page."""
    ends(app, app.queries.deliveries(post="day.es")[0], Unknown("No answer."))
    ends(app, app.queries.deliveries(post="site/news.fr")[0], Refused(Kind.CONTENT, "No."))
    form = _asked(manager, "retry", "site/news.fr", "day.es", "later.fr")
    assert form["post"] == ["site/news.fr"]
    assert "It may be out on bice-site · Website: look there first" in manager.text
    assert "This is not possible for this one as it is now." in manager.text
    workspace.edit("site/news.fr.md", "nouvelle", "chose")
    assert manager.send("/bulk", **form, sure="yes").status_code == 409
    assert _asked(manager, "retry", "site/news.fr")["post"] == []
    assert "The draft no longer matches what was queued" in manager.text
    workspace.edit("site/news.fr.md", "chose", "nouvelle")
    form = _asked(manager, "retry", "site/news.fr")
    assert "goes out at once: its time has passed" in manager.text
    assert manager.send("/bulk", **form).status_code == 400
    manager.get("/posts")
    manager.send("/bulk", **form, sure="yes")
    assert _states(app, "site/news.fr") == {State.SCHEDULED}


@both
@pytest.mark.parametrize("do", ["release", "retry"])
def test_what_is_late_goes_out_one_by_one_on_each_account(
    app: Application, manager: Visit, do: str
) -> None:
    """As after a pause, and the page says when; what nobody chose is not moved."""
    posts = ("day.es", "site/news.fr")
    if do == "release":
        app.holds.hold(posts, None, "chef", "wait")
    else:
        app.control.cancel(posts, None, "chef", "wait")
    clock = app.clock
    assert isinstance(clock, ManualClock)
    clock.set(3 * 3600)
    form = _asked(manager, do, *posts)
    assert manager.text.count("goes out at once: its time has passed") == 1
    assert re.search(r"goes out at 10:01\s*: its time has passed", manager.text)
    assert "on each account the first goes at once" in manager.text
    manager.send("/bulk", **form, sure="yes")
    assert "What is late goes out one by one." in manager.text
    due = [d.next_check_at for post in posts for d in app.queries.deliveries(post=post)]
    now = clock.now()
    assert sorted(due) == [now, now + timedelta(minutes=1)]
    assert _states(app, *posts) == {State.SCHEDULED}
    claimed = app.dispatch.claim(clock.ahead(2), clock.ahead(30), 9)
    assert len(claimed) == 1


def test_what_has_expired_takes_no_place_and_is_not_said_to_go_out(
    app: Application, manager: Visit
) -> None:
    app.holds.hold(["day.es", "site/news.fr"], None, "chef", "wait")
    clock = app.clock
    assert isinstance(clock, ManualClock)
    clock.set(12 * 3600)
    _asked(manager, "release", "day.es", "site/news.fr")
    assert manager.text.count("will not go out: it has expired") == 2
    assert "its time is over" not in manager.text


def test_a_partner_decides_on_their_own_accounts_alone(app: Application, address: str) -> None:
    app.people.add("partner", Rank.MANAGER, PASSWORD, organisations=["BICE"])
    with Visit(address) as partner:
        partner.log_in("partner")
        form = _asked(partner, "hold", "day.fr", "site/news.fr")
        assert form["post"] == ["day.fr"]
        assert "You have no right over bice-site · Website." in partner.text
        (other,) = app.queries.deliveries(post="site/news.fr")
        forged = {"post": ["site/news.fr"], "seen": [f"{other.id}:{other.version}"]}
        assert partner.send("/bulk", do="hold", reason="x", **forged).status_code == 403
    assert _states(app, "site/news.fr") == {State.SCHEDULED}


def test_staff_are_offered_nothing(staff: Visit) -> None:
    assert 'type="checkbox"' not in staff.get("/posts").text
    staff.get("/bulk?do=hold&post=day.fr")
    assert staff.send("/bulk", do="hold", post="day.fr", reason="x").status_code == 403


def test_posts_are_ticked_and_cancelled_with_the_keyboard(address: str, browser: Browser) -> None:
    with visiting(browser, address, java_script_enabled=False) as page:
        enter(page, "direction")
        page.goto("/posts")
        expect(page.locator(".bulk .bar")).to_be_hidden()
        page.get_by_label("Choose Un.").press("Space")
        page.get_by_role("button", name="Cancel …").press("Enter")
        page.get_by_role("button", name="Cancel 1 post").press("Enter")
        expect(page.get_by_text("Cancelled: 1 delivery.")).to_be_visible()
    with visiting(browser, address) as page:
        enter(page, "direction")
        page.goto("/bulk?do=hold&post=day.fr&post=site/news.fr")
        assert serious(page, "/bulk") == []


@pytest.mark.parametrize("do", ["hold", "cancel", "release"])
def test_a_selection_that_is_sent_after_the_session_ended_is_there_again(
    app: Application, manager: Visit, do: str
) -> None:
    """With the reason; and nothing is done before it is sent once more."""
    if do == "release":
        app.holds.hold(["day.fr", "later.fr"], None, "chef", "wait")
    form = _asked(manager, do, "day.fr", "later.fr")
    before = _states(app, "day.fr", "later.fr")
    app.sessions.revoke(app.people.find("direction"))
    assert manager.send("/bulk", **form, reason="a figure is wrong").status_code == 401
    kept = re.search(r'<textarea name="kept" hidden>(.*?)</textarea>', manager.page, re.DOTALL)
    assert kept
    place = re.search(r'name="next" value="([^"]+)"', manager.page)
    assert place
    assert "2 posts" in manager.text
    fields = {"name": "direction", "password": PASSWORD, "next": place[1]}
    manager.send("/login", **fields, kept=html.unescape(kept[1]))
    assert "Your session had ended." in manager.text
    assert re.findall(r'name="post" value="([^"]+)"', manager.page) == ["day.fr", "later.fr"]
    if do != "release":
        assert 'value="a figure is wrong"' in manager.page
    assert _states(app, "day.fr", "later.fr") == before, "nothing is sent by itself"
    seen = re.findall(r'name="seen" value="([^"]+)"', manager.page)
    manager.send("/bulk", do=do, post=["day.fr", "later.fr"], seen=seen, reason="a figure is wrong")
    assert _states(app, "day.fr", "later.fr") != before


def test_several_approvals_that_are_sent_after_the_session_ended_are_there_again(
    app: Application, manager: Visit
) -> None:
    manager.get("/review/many?post=later.fr")
    seen = re.findall(r'name="seen" value="([^"]+)"', manager.page)
    app.sessions.revoke(app.people.find("direction"))
    assert manager.send("/review/many", post=["later.fr"], seen=seen).status_code == 401
    fields = {"name": "direction", "password": PASSWORD, "next": "/review/many"}
    manager.send("/login", **fields, kept='{"post": "later.fr"}')
    assert re.findall(r'name="post" value="([^"]+)"', manager.page) == ["later.fr"]
    assert _states(app, "later.fr") == {State.AWAITING_APPROVAL}


def test_what_is_late_is_told_within_the_width_of_a_phone(
    app: Application, address: str, browser: Browser
) -> None:
    """A sentence in a state wraps; in French it is longer than the phone is wide."""
    app.holds.hold(["day.es", "site/news.fr"], None, "chef", "wait")
    assert isinstance(app.clock, ManualClock)
    app.clock.set(3 * 3600)
    phone: ViewportSize = {"width": 390, "height": 844}
    with speaking("fr"), visiting(browser, address, locale="fr", viewport=phone) as page:
        enter(page, "direction")
        page.goto("/bulk?do=release&post=day.es&post=site/news.fr")
        expect(page.get_by_text("part à 10:01")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
