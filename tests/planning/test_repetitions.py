"""`at: now` is not sent a second time under another name without a question."""

import pytest

from publisher.app import Application
from publisher.planning import Plan
from tests.support.clock import ManualClock
from tests.support.queueing import finish, queue
from tests.support.workspaces import Workspace

NOW = "at: now\nto: bice-x"
TEXT = "La Journée annuelle commence dans une heure, en direct de la salle XX à Genève."
CORRECTED = TEXT.replace("une heure", "deux heures")
HOUR = 3600


@pytest.fixture
def out(app: Application, workspace: Workspace) -> str:
    """A post that went out at once, under this name."""
    workspace.draft("a.fr", NOW, TEXT)
    queue(app)
    finish(app, "a.fr")
    return "a.fr"


def asked(plan: Plan) -> tuple[list[str], list[str]]:
    codes = [problem.code for problem in plan.problems if problem.code == "sent-twice"]
    return [change.post for change in plan.repeated], codes


@pytest.mark.usefixtures("out")
@pytest.mark.parametrize("text", [CORRECTED, "Un tout autre texte."])
def test_a_renamed_draft_with_other_words_is_asked_about(
    app: Application, workspace: Workspace, text: str
) -> None:
    workspace.remove("a.fr")
    workspace.draft("b.fr", NOW, text)
    plan = app.planner.plan()
    assert asked(plan) == (["b.fr"], ["sent-twice"])
    (problem,) = [problem for problem in plan.problems if problem.code == "sent-twice"]
    assert "a.fr went to bice-x" in problem.message
    assert "its draft is gone" in problem.message


@pytest.mark.usefixtures("out")
def test_nearly_the_same_words_are_asked_about_beside_their_draft(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("b.fr", NOW, CORRECTED)
    workspace.draft("c.fr", NOW, "Un tout autre texte, qui ne ressemble à rien.")
    assert asked(app.planner.plan()) == (["b.fr"], ["sent-twice"])


@pytest.mark.usefixtures("out")
def test_what_is_long_out_or_on_another_account_is_not_asked_about(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.remove("a.fr")
    workspace.draft("b.fr", "at: now\nto: bice-page", CORRECTED)
    assert asked(app.planner.plan()) == ([], [])
    clock.advance(25 * HOUR)
    workspace.draft("b.fr", NOW, "Un tout autre texte, qui ne ressemble à rien.")
    assert asked(app.planner.plan()) == ([], [])


@pytest.mark.usefixtures("out")
def test_a_draft_with_a_time_is_not_asked_about(app: Application, workspace: Workspace) -> None:
    """It stands on the schedule first, where people see it."""
    workspace.draft("b.fr", "at: 2016-03-07 18:00\nto: bice-x", CORRECTED)
    assert asked(app.planner.plan()) == ([], [])
