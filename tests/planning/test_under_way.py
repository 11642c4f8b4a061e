"""Drafts that change while what they said is on its way, or may be out."""

from typing import Any

import pytest

from publisher.app import Application
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Accepted, Kind, Refused
from publisher.model.states import State
from publisher.planning import Change
from tests.support.clock import ManualClock
from tests.support.happening import meet
from tests.support.queueing import (
    NOON,
    begin_to_send,
    look,
    lose_the_answer,
    plan_of,
    prove_absent,
    queue,
    refusals,
    standing,
)
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards(
    "publisher.ledger.enqueue",
    "publisher.planning",
    "publisher.planning.diff",
    "publisher.planning.duplicates",
    "publisher.planning.edits",
)


def test_parts_of_a_thread_that_are_out_cannot_be_edited(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]", "Un.\n\n---\nDeux.")
    queue(app)
    (claim,) = app.dispatch.claim(app.clock.ahead(10**7), app.clock.ahead(60), 1)
    meet(app, claim, Accepted("1"), Refused(Kind.POLICY, "No replies."))
    workspace.edit("a.fr.md", "Un.", "Autre chose.")
    assert refusals(app) == ["partly-out"]
    workspace.edit("a.fr.md", "Autre chose.", "Un.")
    workspace.edit("a.fr.md", "Deux.", "Une suite plus courte.")
    assert queue(app) == [(Change.RESTORE, "a.fr", "bice-x")]
    assert standing(app, "a.fr").remote_ids == ("1",)


def test_a_delivery_that_moved_on_meanwhile_is_looked_at_again(
    app: Application, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is being sent after the plan was made: the second look finds it out of reach.

    If it is not out, it waits for the next `queue`.
    """
    workspace.draft("a.fr", "at: 2016-03-07 09:00\nto: [bice-x]")
    queue(app)
    workspace.edit("a.fr.md", "Le texte.", "Un autre texte.")
    plan = app.planner.plan
    claimed: list[Delivery] = []

    def plan_then_claim(paths: object = (), **more: Any) -> object:
        made = plan((), **more)
        if not claimed:
            claimed.append(begin_to_send(app))
        return made

    monkeypatch.setattr(app.planner, "plan", plan_then_claim)
    result = app.planner.queue(actor="redaction")
    assert [change.kind for change in result.changes] == [Change.STOP]
    assert standing(app, "a.fr").content.parts[0].text == "Le texte."
    assert standing(app, "a.fr").pending_stop is State.HELD


def test_removing_a_draft_while_it_is_published_cancels_it_if_it_is_not_out(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    begin_to_send(app)
    workspace.remove("a.fr")
    (change,) = app.planner.queue(actor="redaction").changes
    assert change.kind is Change.STOP
    assert change.note == "it may be out; if it is not, it is cancelled: its draft is gone"
    assert (standing(app, "a.fr").state, standing(app, "a.fr").pending_stop) == (
        State.PUBLISHING, State.CANCELLED,
    )  # fmt: skip


def test_what_a_worker_has_in_hand_but_does_not_send_yet_follows_its_draft(
    app: Application, workspace: Workspace
) -> None:
    """The worker finds its claim worthless, and lets go."""
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]", "Un.")
    workspace.draft("b.fr", f"{NOON}\nto: [bice-x]", "Deux.")
    queue(app)
    claims = app.dispatch.claim(app.clock.ahead(10**7), app.clock.ahead(60), 2)
    assert queue(app) == []
    workspace.remove("a.fr")
    workspace.edit("b.fr.md", "Deux.", "Deux, corrigé.")
    assert set(queue(app)) == {(Change.CANCEL, "a.fr", "bice-x"), (Change.EDIT, "b.fr", "bice-x")}
    assert app.attempts.take_all(claims) == []
    assert standing(app, "b.fr").state is State.SCHEDULED


@pytest.mark.parametrize("change", ["text", "time", "agenda", "account", "draft"])
def test_what_its_draft_stops_while_it_may_be_out_does_not_go_out(
    app: Application, workspace: Workspace, clock: ManualClock, change: str
) -> None:
    """The next `queue` brings what the draft wants now."""
    workspace.draft("a.fr", "at: annual-day + 30m\nto: [bice-x]")
    queue(app)
    lose_the_answer(app)
    match change:
        case "text":
            workspace.edit("a.fr.md", "Le texte.", "Un autre texte.")
        case "time":
            workspace.edit("a.fr.md", "30m", "3h")
        case "agenda":
            workspace.edit("session.yaml", "ends: 2016-03-07 18:00", "cancelled: true")
        case "account":
            workspace.edit("a.fr.md", "bice-x", "bice-page")
        case "draft":
            workspace.remove("a.fr")
    assert (Change.STOP, "a.fr", "bice-x") in queue(app)
    assert queue(app) == []
    absent = prove_absent(app, clock)
    stopped = State.CANCELLED if change in ("account", "draft") else State.HELD
    assert absent.state is stopped
    after = queue(app)
    delivery = standing(app, "a.fr")
    if change in ("text", "time"):
        assert after == [(Change.RELEASE, "a.fr", "bice-x")]
        assert delivery.state is State.SCHEDULED
        wanted = "Un autre texte." if change == "text" else "Le texte."
        assert delivery.content.parts[0].text == wanted
        assert delivery.draft_hold is None
    else:
        assert after == []
        assert delivery.state is stopped


def test_a_draft_that_is_renamed_while_it_may_be_out_goes_on_under_its_old_name(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    lose_the_answer(app)
    workspace.remove("a.fr")
    workspace.draft("b.fr", f"{NOON}\nto: [bice-x]")
    workspace.draft("new.fr", f"{NOON}\nto: [bice-x]", "Autre chose.")
    assert queue(app) == [(Change.ADD, "new.fr", "bice-x")]
    assert prove_absent(app, clock).state is State.SCHEDULED


def test_a_draft_that_is_renamed_and_held_stops_what_may_be_out(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", "at: annual-day + 30m\nto: [bice-x]")
    queue(app)
    lose_the_answer(app)
    workspace.remove("a.fr")
    workspace.draft("b.fr", "at: annual-day + 30m\nto: [bice-x]")
    workspace.edit("session.yaml", "ends: 2016-03-07 18:00", "cancelled: true")
    assert queue(app) == [(Change.STOP, "a.fr", "bice-x")]
    assert prove_absent(app, clock).state is State.CANCELLED


def test_a_draft_takes_back_no_stop_of_a_person(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    workspace.draft("b.fr", f"{NOON}\nto: [bice-x]", "Un autre.")
    queue(app)
    lose_the_answer(app)
    lose_the_answer(app)
    app.control.cancel("a.fr", None, "direction", "changed")
    app.approvals.reject(["b.fr"], None, "direction", "a wrong name")
    workspace.edit("a.fr.md", "Le texte.", "Le texte corrigé.")
    assert queue(app) == []
    assert {prove_absent(app, clock).state for _ in range(2)} == {
        State.CANCELLED, State.REJECTED,
    }  # fmt: skip
    assert standing(app, "a.fr").state is State.CANCELLED


def test_what_is_found_though_its_draft_was_edited_is_out_as_it_was(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    lose_the_answer(app)
    workspace.edit("a.fr.md", "Le texte.", "Un autre texte.")
    queue(app)
    assert look(app, clock, Accepted("7")).state is State.PUBLISHED
    assert plan_of(app) == ([], ["already-out"])
