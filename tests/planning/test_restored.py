"""Queueing into a ledger that was restored: what the lost one may have published is not sent."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from publisher.app import Application
from publisher.ledger.integrity.after_restore import face
from publisher.ledger.integrity.seals import Audit
from publisher.model.outcomes import Accepted, Kind, Refused
from publisher.model.states import State
from publisher.planning import Change
from publisher.settings import settings
from tests.planning.queued import doubted, only, queue
from tests.support.clock import ManualClock
from tests.support.happening import meet
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards(
    "publisher.ledger.integrity.after_restore", "publisher.planning.past_times"
)

HOUR = 3600.0


@pytest.fixture
def app(
    workspace: Workspace, ledger_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    """On each database, at 8:00 UTC (9:00 in Geneva) on the annual day."""
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", ledger_url)
    app = Application(settings.load(workspace.path), clock)
    app.database.migrate()
    yield app
    app.close()


def restore(app: Application, clock: ManualClock, *, lost: float) -> None:
    """The ledger as it stands is a backup's; so many seconds of its life are lost."""
    app.audit.seal(always=True)
    clock.advance(lost)
    face(app.database, clock, "manager")


def claimed(app: Application) -> int:
    """How many deliveries go to the workers, to be sent, when nothing is paused."""
    app.control.resume(None, "manager")
    lease = app.clock.ahead(30)
    ahead = app.clock.ahead(2)
    return len(app.dispatch.claim(ahead, lease, 10))


def refuse(app: Application, clock: ManualClock) -> None:
    """The platform refuses what is due."""
    (claim,) = app.dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    meet(app, claim, Refused(Kind.CONTENT, "Too long."))


def test_a_new_post_that_was_due_in_the_gap_waits_for_a_person(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """Even before its expiry, and even when everything goes on again."""
    workspace.draft("one.fr", "at: 2016-03-07 09:30\nto: bice-x")
    restore(app, clock, lost=HOUR)
    (problem,) = doubted(queue(app))
    assert problem.file == "posts/one.fr.md"
    assert (
        "It was due 2016-03-07 09:30 (Europe/Zurich), before the ledger was restored"
        in problem.message
    )
    assert "publisher resolve one.fr --account bice-x --published ID" in (problem.hint or "")
    found = only(app)
    assert (found.state, found.error_kind) == (State.UNCERTAIN, Kind.UNKNOWN_OUTCOME)
    assert "restored from a backup of" in (found.error_message or "")
    assert found.doubt_since == found.due_at
    assert claimed(app) == 0
    assert queue(app).changes == ()
    assert Audit(app.database, clock).verify().breaks == ()


def test_a_person_tells_what_became_of_it(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """It is there, under its id; or it is not, and goes out."""
    workspace.draft("there.fr", "at: 2016-03-07 09:30\nto: bice-x", "Il y est.")
    workspace.draft("absent.fr", "at: 2016-03-07 09:40\nto: bice-x", "Il n'y est pas.")
    restore(app, clock, lost=HOUR)
    queue(app)
    (there,) = app.control.resolve("there.fr", None, ("71",), "manager")
    assert (there.state, there.published_at) == (State.PUBLISHED, there.due_at)
    app.control.retry("absent.fr", None, "manager")
    assert queue(app).changes == ()
    assert claimed(app) == 1


def test_a_post_that_expired_in_the_gap_gets_onto_the_record_too(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """Otherwise it would be on the platform and in no log."""
    workspace.draft("one.fr", "at: 2016-03-07 09:30\nto: bice-x\nexpires: 1h")
    restore(app, clock, lost=48 * HOUR)
    assert len(doubted(queue(app))) == 1
    app.control.retry("one.fr", None, "manager")
    app.dispatch.expire()
    assert only(app).state is State.MISSED
    assert queue(app).changes == ()


def test_what_had_expired_before_the_backup_is_simply_past(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """No ledger can have published it since."""
    workspace.draft("old.fr", "at: 2016-03-06 09:30\nto: bice-x")
    restore(app, clock, lost=HOUR)
    assert [problem.code for problem in app.planner.plan().errors] == ["past"]


@pytest.mark.parametrize(
    "front", ["at: 2016-03-07 10:30", "at: 2016-03-07 09:30\nembargo: 2016-03-07 10:30"]
)
def test_what_leaves_after_the_restore_is_scheduled(
    app: Application, workspace: Workspace, clock: ManualClock, front: str
) -> None:
    """An embargo counts: before its end nothing was published."""
    workspace.draft("one.fr", f"{front}\nto: bice-x")
    restore(app, clock, lost=HOUR)
    assert doubted(queue(app)) == []
    assert only(app).state is State.SCHEDULED


def test_without_a_restore_a_late_post_goes_out_at_once(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("one.fr", "at: 2016-03-07 08:30\nto: bice-x")
    assert doubted(queue(app)) == []
    assert only(app).state is State.SCHEDULED


def test_every_restore_left_a_gap_of_its_own(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """A second restore does not make up for what the first one lost."""
    restore(app, clock, lost=HOUR)
    clock.advance(600)
    restore(app, clock, lost=60)
    workspace.draft("in-the-first.fr", "at: 2016-03-07 09:30\nto: bice-x", "Un.")
    workspace.draft("between.fr", "at: 2016-03-07 10:05\nto: bice-x\nexpires: 4m", "Deux.")
    workspace.draft("in-the-second.fr", "at: 2016-03-07 10:10:30\nto: bice-x", "Trois.")
    plan = app.planner.queue(actor="redaction", keep_going=True)
    assert [p.file for p in doubted(plan)] == [
        "posts/in-the-first.fr.md", "posts/in-the-second.fr.md",
    ]  # fmt: skip
    assert [p.file for p in plan.errors] == ["posts/between.fr.md"]


def test_what_was_moved_into_the_gap_waits_for_a_person(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """The backup has it for the evening; the draft, and so the lost ledger, for the morning."""
    workspace.draft("one.fr", "at: 2016-03-07 20:00\nto: bice-x")
    queue(app)
    workspace.edit("one.fr.md", "20:00", "09:30")
    restore(app, clock, lost=HOUR)
    assert only(app).state is State.SCHEDULED
    plan = queue(app)
    assert [change.kind for change in plan.changes] == [Change.MOVE]
    assert len(doubted(plan)) == 1
    assert only(app).state is State.UNCERTAIN
    assert claimed(app) == 0


def test_what_was_mended_in_the_gap_waits_for_a_person(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """It had failed when the backup was taken. With the words that may be out now."""
    workspace.draft("one.fr", "at: 2016-03-07 08:30\nto: bice-x")
    queue(app)
    refuse(app, clock)
    workspace.edit("one.fr.md", "Le texte.", "Un texte plus court.")
    restore(app, clock, lost=HOUR)
    assert len(doubted(queue(app))) == 1
    found = only(app)
    assert found.is_forgotten
    assert found.content.parts[0].text == "Un texte plus court."
    assert found.error_kind == Kind.UNKNOWN_OUTCOME
    assert claimed(app) == 0


def test_what_came_back_in_the_gap_waits_for_a_person(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """The backup has it as cancelled by the lack of its draft."""
    workspace.draft("one.fr", "at: annual-day + 30m\nto: bice-x")
    queue(app)
    workspace.remove("one.fr")
    queue(app)
    workspace.draft("one.fr", "at: annual-day + 30m\nto: bice-x")
    restore(app, clock, lost=HOUR)
    assert len(doubted(queue(app))) == 1
    assert only(app).state is State.UNCERTAIN


@pytest.mark.parametrize("released", ["before the restore", "after it", "not at all"])
def test_what_was_held_in_the_gap_waits_for_a_person(
    app: Application, workspace: Workspace, clock: ManualClock, released: str
) -> None:
    """It may have been released, and be out. If it is not, it follows its agenda item."""

    def release() -> None:
        workspace.edit("session.yaml", "cancelled: true", "ends: 2016-03-07 18:00")

    workspace.draft("one.fr", "at: annual-day + 30m\nto: bice-x")
    workspace.edit("session.yaml", "ends: 2016-03-07 18:00", "cancelled: true")
    queue(app)
    restore(app, clock, lost=HOUR)
    assert only(app).is_forgotten
    if released == "before the restore":
        release()
    assert [change.kind for change in queue(app).changes] == [Change.GO_ON] * (
        released == "before the restore"
    )
    assert claimed(app) == 0
    app.control.retry("one.fr", None, "manager")
    if released == "before the restore":
        assert only(app).state is State.SCHEDULED
        return
    assert (only(app).state, only(app).reason) == (State.HELD, "annual-day is cancelled")
    if released == "after it":
        release()
        assert doubted(queue(app)) == [], "a person has looked"
        assert only(app).state is State.SCHEDULED


def test_what_a_draft_holds_in_the_gap_may_be_out_too(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """The backup does not have it; it may have been held only after it was out."""
    workspace.draft("one.fr", "at: annual-day + 30m\nto: bice-x")
    workspace.edit("session.yaml", "ends: 2016-03-07 18:00", "cancelled: true")
    restore(app, clock, lost=HOUR)
    assert len(doubted(queue(app))) == 1
    (retried,) = app.control.retry("one.fr", None, "manager")
    assert (retried.state, retried.reason) == (State.HELD, "annual-day is cancelled")


def test_what_was_approved_in_the_gap_is_not_approved_and_sent_again(
    workspace: Workspace, app: Application, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backup has it as waiting; since then it was approved, and went out."""
    monkeypatch.setenv("PUBLISHER_APPROVAL__REQUIRED", "true")
    strict = Application(settings.load(workspace.path), clock)
    workspace.draft("one.fr", "at: 2016-03-07 08:30\nto: bice-x")
    queue(strict)
    restore(strict, clock, lost=HOUR)
    assert queue(strict).changes == ()
    assert only(strict).is_forgotten
    assert strict.approvals.waiting() == []
    (retried,) = strict.control.retry("one.fr", None, "manager")
    assert retried.state is State.AWAITING_APPROVAL
    assert queue(strict).changes == ()
    assert [delivery.id for delivery in strict.approvals.waiting()] == [retried.id]
    strict.close()


def test_what_a_person_has_looked_at_may_be_edited(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """`retry` was their word that it is not out; a new text does not take it back."""
    workspace.draft("one.fr", "at: 2016-03-07 09:30\nto: bice-x")
    queue(app)
    restore(app, clock, lost=HOUR)
    app.control.retry("one.fr", None, "manager")
    workspace.edit("one.fr.md", "Le texte.", "Un autre texte.")
    assert doubted(queue(app)) == []
    assert only(app).state is State.SCHEDULED


def test_what_nobody_approved_is_not_sent_by_a_retry(
    workspace: Workspace, app: Application, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger that knew an approval is lost, and so is the approval."""
    monkeypatch.setenv("PUBLISHER_APPROVAL__REQUIRED", "true")
    strict = Application(settings.load(workspace.path), clock)
    workspace.draft("one.fr", "at: 2016-03-07 09:30\nto: bice-x")
    restore(strict, clock, lost=HOUR)
    assert len(doubted(queue(strict))) == 1
    (retried,) = strict.control.retry("one.fr", None, "manager")
    assert retried.state is State.AWAITING_APPROVAL
    assert queue(strict).changes == ()
    strict.close()


def test_a_plan_tells_it_and_changes_nothing(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("one.fr", "at: 2016-03-07 09:30\nto: bice-x")
    restore(app, clock, lost=HOUR)
    assert len(doubted(app.planner.plan())) == 1
    assert app.queries.deliveries() == []


def test_the_gap_is_from_the_backup_to_the_restore(app: Application, clock: ManualClock) -> None:
    begun: datetime = clock.now()
    assert app.queries.gaps() == []
    restore(app, clock, lost=HOUR)
    (gap,) = app.queries.gaps()
    assert (gap.since, gap.until) == (begun, begun + timedelta(hours=1))


def test_a_post_that_the_restored_ledger_has_as_out_is_left_alone(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("one.fr", "at: 2016-03-07 08:30\nto: bice-x")
    queue(app)
    (claim,) = app.dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    meet(app, claim, Accepted("71"))
    restore(app, clock, lost=HOUR)
    assert queue(app).changes == ()
    assert only(app).state is State.PUBLISHED
