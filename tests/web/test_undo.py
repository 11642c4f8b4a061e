"""An approval, a rejection and a hold can be taken back where they are told."""

import re
from typing import Any

import pytest

from publisher.app import Application
from publisher.model.outcomes import Accepted
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.happening import ends
from tests.support.html import flaws
from tests.support.pages import Visit

ROOM = "/posts/day.fr"


def states(app: Application, post: str = "day.fr") -> set[State]:
    return {delivery.state for delivery in app.queries.deliveries(post=post)}


def decide(visit: Visit, do: str, **more: Any) -> Visit:
    visit.get(ROOM)
    seen = re.findall(r'name="seen" value="([^"]+)"', visit.page)
    visit.send(ROOM, do=do, seen=seen, reason="non", **more)
    return visit


def undo(visit: Visit) -> int:
    """Press the button of the notice."""
    form = visit.page.partition('action="/undo"')[2].partition("</form>")[0]
    assert form, "no undo is offered"
    seen = re.findall(r'name="seen" value="([^"]+)"', form)
    (back,) = re.findall(r'name="back" value="([^"]+)"', form)
    return visit.send("/undo", seen=seen, back=back).status_code


@pytest.mark.parametrize("do", ["approve", "reject", "hold"])
def test_a_decision_is_taken_back_from_its_notice(
    app: Application, manager: Visit, do: str
) -> None:
    decide(manager, do)
    assert states(app) != {State.AWAITING_APPROVAL}
    assert flaws(manager.page) == []
    assert undo(manager) == 200
    assert "Undone: 2 deliveries." in manager.text
    assert states(app) == {State.AWAITING_APPROVAL}
    assert "/undo" not in manager.get(ROOM).text


def test_nothing_else_is_offered_to_be_taken_back(manager: Visit) -> None:
    manager.get(ROOM)
    manager.send(ROOM, do="cancel")
    assert "Cancelled: 2 deliveries." in manager.text
    assert "/undo" not in manager.page


def test_what_has_left_meanwhile_is_not_taken_back(app: Application, manager: Visit) -> None:
    """The page says so, where the person was."""
    decide(manager, "approve", account="bice-x")
    offered = manager.page
    (approved,) = app.queries.deliveries(post="day.fr", account="bice-x")
    ends(app, approved, Accepted("4711"))
    manager.page = offered
    assert undo(manager) == 200
    assert (
        "It is too late to take that back: “Bonjour de Genève. &lt;b&gt;Gras&lt;/b&gt;” to bice-x is on its way or out."
        in manager.text
    )
    assert 'class="problem" role="alert"' in manager.page
    (after,) = app.queries.deliveries(post="day.fr", account="bice-x")
    assert after.state is State.PUBLISHED


def test_what_is_approved_when_it_is_due_waits_for_its_undo_and_the_page_says_so(
    app: Application, manager: Visit
) -> None:
    """A worker has it in hand at once, and nothing has left yet."""
    assert isinstance(app.clock, ManualClock)
    app.clock.sleep_until(app.queries.deliveries(post="day.fr")[0].due_at)
    decide(manager, "approve")
    assert "It goes out in ten seconds unless you undo it." in manager.text
    app.dispatch.claim(app.clock.ahead(15), app.clock.ahead(60), 10)
    assert states(app) == {State.PUBLISHING}
    app.clock.advance(9.9)
    assert undo(manager) == 200
    assert states(app) == {State.AWAITING_APPROVAL}


def test_the_server_takes_nothing_back_after_a_minute(app: Application, manager: Visit) -> None:
    decide(manager, "approve")
    assert isinstance(app.clock, ManualClock)
    app.clock.advance(61)
    undo(manager)
    assert "too long ago" in manager.text
    assert states(app) == {State.SCHEDULED}


def test_nobody_takes_back_what_another_decided(
    app: Application, manager: Visit, address: str, staff: Visit
) -> None:
    decide(manager, "approve")
    offered = manager.page
    with Visit(address) as other:
        other.log_in("chef")
        for visit, told in ((other, 200), (staff, 403)):
            visit.get("/")
            token = visit.token
            visit.page = re.sub(
                r'name="form" value="[0-9a-f]+"', f'name="form" value="{token}"', offered
            )
            assert undo(visit) == told
    assert states(app) == {State.SCHEDULED}


@pytest.mark.parametrize("seen", [[], ["x"], ["99999:1"], ["1:2"] * 600])
def test_a_form_that_is_made_by_hand_changes_nothing(
    app: Application, manager: Visit, seen: list[str]
) -> None:
    before = app.queries.last_step()
    manager.get("/")
    manager.send("/undo", seen=seen, back="//example.org")
    assert app.queries.last_step() == before


def test_a_decision_in_the_review_leads_to_the_next_post_and_its_undo_to_this_one(
    app: Application, manager: Visit
) -> None:
    manager.get("/review?post=day.fr")
    approval = manager.page.rpartition('action="/review"')[2]
    seen = re.findall(r'name="seen" value="([^"]+)"', approval)
    manager.send("/review", do="approve", post="day.fr", seen=seen)
    assert 'name="back" value="/review?post=day.fr"' in manager.page
    assert undo(manager) == 200
    assert states(app) == {State.AWAITING_APPROVAL}
    assert 'id="title" dir="auto">Bonjour de Genève.' in manager.page
    assert "Since it was last approved" not in manager.text


def test_many_approvals_are_taken_back_at_once(app: Application, manager: Visit) -> None:
    posts = ["day.fr", "later.fr"]
    manager.get("/review/many?post=day.fr&post=later.fr")
    seen = re.findall(r'name="seen" value="([^"]+)"', manager.page)
    manager.send("/review/many", post=posts, seen=seen)
    assert states(app, "later.fr") == {State.SCHEDULED}
    assert undo(manager) == 200
    assert [states(app, post) for post in posts] == [{State.AWAITING_APPROVAL}] * 2


def test_a_notice_of_a_session_that_an_older_version_began_is_shown(
    app: Application, manager: Visit
) -> None:
    (session,) = app.sessions.of(app.people.find("direction"))
    for kept in ("Approved: 1 delivery.", '{"text": 1}', "[1]", "null"):
        app.sessions.leave_toast(session, kept)
        assert manager.get("/").status_code == 200
        assert kept.replace('"', "&#34;") in manager.page
