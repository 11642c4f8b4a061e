"""Times that are over when a draft is queued, and `at: now`."""

import os
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.app import Application
from publisher.drafts import overdue as timeliness
from publisher.drafts.check import check
from publisher.model.outcomes import Accepted
from publisher.model.states import State
from publisher.model.values import Problem
from publisher.planning import Change, Plan, past_times
from publisher.settings import settings
from tests.planning.queued import doubted, only, queue
from tests.support.clock import ManualClock
from tests.support.happening import meet
from tests.support.workspaces import SETTINGS, Workspace

pytestmark = pytest.mark.guards("publisher.drafts.overdue", "publisher.planning.past_times")

NOON = "2016-03-07 12:00"
HOUR = 3600


def publish(app: Application) -> None:
    """Let the one delivery that is due go out."""
    (claim,) = app.dispatch.claim(app.clock.ahead(2), app.clock.ahead(30), 1)
    assert meet(app, claim, Accepted("1")).state is State.PUBLISHED


def overdue(plan: Plan) -> list[Problem]:
    return [problem for problem in plan.problems if problem.code == "overdue"]


@pytest.fixture
def lunch(clock: ManualClock) -> ManualClock:
    clock.advance(4 * HOUR)  # 13:00 in Geneva
    return clock


@pytest.mark.usefixtures("lunch")
def test_what_goes_out_late_is_a_warning_once_for_its_accounts(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"at: {NOON}")
    plan = app.planner.plan()
    (warning,) = overdue(plan)
    assert (warning.file, warning.line, warning.severity) == ("posts/a.fr.md", 2, "warning")
    assert "2016-03-07 12:00 (Europe/Zurich)" in warning.message
    assert [change.account for change in plan.overdue] == ["bice-x", "bice-page"]
    queue(app)
    assert overdue(app.planner.plan()) == []
    assert app.planner.plan().overdue == ()


def test_what_is_due_this_minute_is_not_late(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", f"at: {NOON}\nto: bice-x")
    clock.advance(3 * HOUR + 59)
    assert app.planner.plan().overdue == ()
    clock.advance(1)
    assert len(app.planner.plan().overdue) == 1


@pytest.mark.usefixtures("lunch")
def test_what_waits_for_an_approval_does_not_go_out_at_once(
    workspace: Workspace, lunch: ManualClock
) -> None:
    workspace.write("publisher.toml", f"{SETTINGS}[approval]\nrequired = true\n")
    workspace.draft("a.fr", f"at: {NOON}")
    app = Application(settings.load(workspace.path), lunch)
    app.database.migrate()
    plan = app.planner.plan()
    app.close()
    assert plan.overdue == ()
    (warning,) = overdue(plan)
    assert "as soon as it is approved" in warning.message


def test_a_post_that_is_moved_into_the_past_goes_out_at_once_and_an_edit_of_a_late_one_is_none(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", "at: 2016-03-07 18:00\nto: bice-x")
    queue(app)
    clock.advance(4 * HOUR)
    workspace.draft("a.fr", f"at: {NOON}\nto: bice-x")
    assert [change.kind for change in app.planner.plan().overdue] == [Change.MOVE]
    queue(app)
    workspace.draft("a.fr", f"at: {NOON}\nto: bice-x", "Autre texte.")
    plan = app.planner.plan()
    assert [change.kind for change in plan.changes] == [Change.EDIT]
    assert plan.overdue == ()


def test_now_is_when_it_is_queued_and_queueing_again_changes_nothing(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", "at: Now\nto: bice-x")
    plan = queue(app)
    assert (plan.undated, plan.overdue, overdue(plan)) == (0, (), [])
    assert only(app).due_at == clock.now()
    assert only(app).expires_at == clock.now() + timedelta(hours=4)
    clock.advance(HOUR)
    assert app.planner.plan().changes == ()
    workspace.draft("a.fr", "at: now\nto: bice-x", "Autre texte.")
    queue(app)
    assert only(app).due_at == clock.now()


def test_now_that_is_out_is_not_published_again(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", "at: now\nto: bice-x\nrepeat: true")
    queue(app)
    publish(app)
    clock.advance(24 * HOUR)
    workspace.draft("a.fr", "at: now\nto: bice-x\nrepeat: true", "Autre texte.")
    assert app.planner.plan().changes == ()
    workspace.remove("a.fr")
    workspace.draft("b.fr", "at: now\nto: bice-x\nrepeat: true")
    assert app.planner.plan().changes == (), "it was renamed"


def test_an_agenda_item_called_now_sends_nothing_at_once(
    app: Application, workspace: Workspace
) -> None:
    path = workspace.path / "posts/session.yaml"
    path.write_text(f"{path.read_text()}  now:\n    starts: 2016-03-08 09:00\n")
    workspace.draft("a.fr", "at: now\nto: bice-x")
    assert app.planner.queue(actor="redaction", keep_going=True).changes == ()


def test_now_that_may_have_been_out_before_the_ledger_was_lost_waits_for_a_person(
    workspace: Workspace, clock: ManualClock
) -> None:
    app = Application(settings.load(workspace.path), clock)
    app.database.migrate(now=clock.now())
    _written(workspace.draft("a.fr", "at: now\nto: bice-x"), clock.now() - timedelta(days=2))
    workspace.draft("b.fr", "at: now\nto: bice-x", "Neuf.")
    clock.advance(HOUR)
    plan = queue(app)
    assert [problem.file for problem in doubted(plan)] == ["posts/a.fr.md"]
    states = {delivery.post: delivery for delivery in app.queries.deliveries()}
    app.close()
    assert states["a.fr"].state is State.UNCERTAIN
    assert states["a.fr"].doubt_since is not None
    assert states["a.fr"].doubt_since < clock.now() - timedelta(days=2)
    assert states["b.fr"].state is State.SCHEDULED


def test_now_whose_draft_cannot_be_looked_at_any_more_waits_for_a_person(
    workspace: Workspace, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can tell whether it is older than the ledger."""
    doubt, no_folder = past_times.doubt, workspace.path / "publisher.toml"

    def without_a_folder(*given: Any) -> None:
        doubt(*(*given[:5], no_folder))

    monkeypatch.setattr(past_times, "doubt", without_a_folder)
    workspace.draft("a.fr", "at: now\nto: bice-x")
    with closing(Application(settings.load(workspace.path), clock)) as app:
        app.database.migrate(now=clock.now())
        assert len(doubted(queue(app))) == 1


def _written(path: Path, instant: datetime) -> None:
    seconds = instant.timestamp()
    os.utime(path, (seconds, seconds))


def test_advice_on_what_is_out_stops(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft(
        "a.fr", f"at: {NOON}\nto: bice-x\nexpires: 9h", "Lisez [ceci](https://example.org)."
    )
    assert "markdown-link" in {problem.code for problem in app.planner.plan().problems}
    queue(app)
    assert "markdown-link" in {problem.code for problem in app.planner.plan().problems}
    clock.advance(5 * HOUR)
    publish(app)
    assert app.planner.plan().problems == ()
    workspace.draft(
        "a.fr", f"at: {NOON}\nto: bice-x\nexpires: 9h", "Voir [ceci](https://example.org)."
    )
    assert [problem.code for problem in app.planner.plan().problems] == ["already-out"]


def test_check_knows_what_is_out_where_it_reaches_the_ledger(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", f"at: {NOON}\nto: bice-x\nexpires: 9h", "[Ceci](https://example.org).")
    queue(app)
    clock.advance(5 * HOUR)

    def found() -> list[str]:
        library, problems = check(app.settings)
        dues = timeliness.dues(library, app.settings)
        deliveries = app.queries.standing(["a.fr"], and_under_way=False)
        zone = library.session.zone
        return [p.code for p in timeliness.judged(problems, dues, deliveries, clock.now(), zone)]

    assert found() == ["markdown-link"], "it may still be mended"
    publish(app)
    assert found() == []


def test_what_is_over_on_two_accounts_is_told_once(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", f"at: {NOON}")
    clock.advance(9 * HOUR)
    (problem,) = app.planner.plan().errors
    assert problem.code == "past"
    assert "for bice-x, bice-page has passed" in problem.message


def test_an_edit_of_what_is_out_names_withdraw(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "at: now\nto: bice-x")
    queue(app)
    publish(app)
    workspace.draft("a.fr", "at: now\nto: bice-x", "Autre texte.")
    (problem,) = app.planner.plan().problems
    assert problem.code == "already-out"
    assert "`publisher withdraw a.fr`" in str(problem.hint)
