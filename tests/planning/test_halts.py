"""What a person holds stays held, whatever its draft says, until a person releases it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.base.errors import NoSuchPost, NotPossible
from publisher.ledger.manager.approvals import digest
from publisher.ledger.manager.consent_holds import Safeguards
from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Absent, Accepted, Unknown
from publisher.model.states import State
from publisher.planning import Change
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.happening import begin, comes_of
from tests.support.wishes import add, wish
from tests.support.workspaces import SETTINGS, Workspace

pytestmark = pytest.mark.guards(
    "publisher.ledger.manager.consent_holds",
    "publisher.ledger.manager.post_holds",
    "publisher.planning.edits",
)

_NOON = "at: 2016-03-07 12:00\nto: [bice-x]"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    made.draft("a.fr", _NOON)
    return made


@pytest.fixture
def clock() -> ManualClock:
    """08:00 UTC on the annual day, three hours before noon in Geneva."""
    return ManualClock()


@pytest.fixture
def app(workspace: Workspace, clock: ManualClock) -> Iterator[Application]:
    app = Application(settings.load(workspace.path), clock)
    app.database.migrate()
    app.planner.queue(actor="redaction")
    yield app
    assert app.audit.verify().breaks == ()
    app.close()


def standing(app: Application) -> Delivery:
    (delivery,) = app.queries.deliveries(post="a.fr")
    return delivery


def queue(app: Application) -> list[Change]:
    plan = app.planner.queue(actor="redaction")
    assert not plan.errors, plan.errors
    return [change.kind for change in plan.changes]


def hold(app: Application) -> Delivery:
    (delivery,) = app.holds.hold("a.fr", None, "direction", "the figure is old")
    return delivery


def release(app: Application) -> Delivery:
    (delivery,) = app.holds.release("a.fr", None, "direction")
    return delivery


def goes_out(app: Application, clock: ManualClock) -> bool:
    clock.set(3 * 3600)
    return bool(app.dispatch.claim(clock.ahead(2), clock.ahead(30), 1))


def send(app: Application, clock: ManualClock) -> Delivery:
    """It is noon, and a worker is about to send it."""
    clock.set(3 * 3600)
    (claim,) = app.dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    return begin(app, claim)


def prove_absent(app: Application, clock: ManualClock) -> Delivery:
    while standing(app).state is State.UNCERTAIN:
        if claims := app.doubts.claim(clock.ahead(30), 1):
            taken = app.doubts.take(claims[0])
            assert taken
            app.doubts.record(taken, Absent())
        clock.advance(5)
    return standing(app)


def test_it_does_not_go_out_until_it_is_released(app: Application, clock: ManualClock) -> None:
    held = hold(app)
    assert (held.state, held.reason) == (State.HELD, "held by direction: the figure is old")
    assert not goes_out(app, clock)
    released = release(app)
    assert (released.state, released.reason, released.manual_hold) == (State.SCHEDULED, None, None)
    assert goes_out(app, clock)
    events = [(step.event, step.actor) for step in app.queries.history("a.fr")]
    assert events[1:3] == [("held", "direction"), ("hold lifted", "direction")]


def test_queueing_again_changes_nothing(app: Application) -> None:
    hold(app)
    assert queue(app) == []


def test_an_edit_is_followed_and_it_stays_held(app: Application, workspace: Workspace) -> None:
    hold(app)
    workspace.edit("a.fr.md", "Le texte.", "Un autre.")
    plan = app.planner.queue(actor="redaction")
    assert [(c.kind, c.is_held, c.note) for c in plan.changes] == [
        (Change.EDIT, True, "held by direction: the figure is old")
    ]
    held = standing(app)
    assert (held.state, held.reason) == (State.HELD, "held by direction: the figure is old")
    assert held.content.parts[0].text == "Un autre."
    assert release(app).state is State.SCHEDULED


def test_a_draft_that_goes_and_comes_back_stays_held(
    app: Application, workspace: Workspace
) -> None:
    hold(app)
    workspace.remove("a.fr")
    assert queue(app) == [Change.CANCEL]
    workspace.draft("a.fr", _NOON)
    assert queue(app) == [Change.RESTORE]
    assert standing(app).state is State.HELD


def test_a_retry_does_not_lift_it(app: Application) -> None:
    hold(app)
    app.control.cancel("a.fr", None, "direction", "changed")
    (retried,) = app.control.retry("a.fr", None, "direction")
    assert (retried.state, retried.reason) == (State.HELD, "held by direction: the figure is old")


def test_it_is_released_after_it_was_cancelled_and_stays_cancelled(app: Application) -> None:
    hold(app)
    app.control.cancel("a.fr", None, "direction", "changed")
    assert release(app).state is State.CANCELLED
    (retried,) = app.control.retry("a.fr", None, "direction")
    assert retried.state is State.SCHEDULED


def test_what_was_missed_meanwhile_comes_back_held(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    hold(app)
    clock.set(8 * 3600)
    app.dispatch.expire()
    assert standing(app).state is State.MISSED
    workspace.edit("a.fr.md", "12:00", "20:00")
    assert queue(app) == [Change.RESTORE]
    assert standing(app).state is State.HELD


def test_the_drafts_own_reason_outlasts_the_persons(app: Application, workspace: Workspace) -> None:
    """Its agenda item is cancelled while a person holds it."""
    workspace.edit("a.fr.md", "2016-03-07 12:00", "annual-day + 3h")
    queue(app)
    hold(app)
    workspace.edit("session.yaml", "ends: 2016-03-07 18:00", "cancelled: true")
    assert queue(app) == [Change.HOLD]
    assert standing(app).reason == "held by direction: the figure is old"
    released = release(app)
    assert (released.state, released.reason) == (State.HELD, "annual-day is cancelled")
    workspace.edit("session.yaml", "cancelled: true", "cancelled: false")
    assert queue(app) == [Change.RELEASE]
    assert standing(app).state is State.SCHEDULED


def test_the_persons_outlasts_the_drafts(app: Application, workspace: Workspace) -> None:
    workspace.edit("a.fr.md", "2016-03-07 12:00", "annual-day + 3h")
    workspace.edit("session.yaml", "ends: 2016-03-07 18:00", "cancelled: true")
    queue(app)
    hold(app)
    workspace.edit("session.yaml", "cancelled: true", "cancelled: false")
    assert queue(app) == [Change.RELEASE]
    assert standing(app).state is State.HELD
    assert release(app).state is State.SCHEDULED


def test_a_consent_that_ends_meanwhile_keeps_it_after_the_release(
    app: Application, clock: ManualClock
) -> None:
    picture = Picture(
        digest="d", media_type="image/png", width=1, height=1, alt="a", name="n", consent="abidjan"
    )
    content = Content(parts=(Part(text="Un autre.", pictures=(picture,)),))
    add(app.ledger, wish(clock, "b.fr", content=content))
    app.holds.hold("b.fr", None, "direction", "the figure is old")
    Safeguards(app.database, clock).hold("abidjan", "consent withdrawn", "direction")
    (released,) = app.holds.release("b.fr", None, "direction")
    assert (released.state, released.reason) == (State.HELD, "consent withdrawn")


def test_a_worker_that_has_it_in_hand_does_not_send_it(
    app: Application, clock: ManualClock
) -> None:
    clock.set(3 * 3600)
    (claim,) = app.dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    assert hold(app).state is State.HELD
    assert app.attempts.take_all([claim]) == []


def test_what_may_be_out_is_held_once_it_is_known_that_it_is_not(
    app: Application, clock: ManualClock
) -> None:
    sending = send(app, clock)
    held = hold(app)
    assert (held.state, held.pending_stop) == (State.PUBLISHING, State.HELD)
    comes_of(app, sending, Unknown("no answer"))
    assert standing(app).state is State.UNCERTAIN
    with pytest.raises(NotPossible, match="may still be out"):
        release(app)
    assert prove_absent(app, clock).state is State.HELD
    assert release(app).state is State.SCHEDULED


def test_what_is_out_after_all_is_not_called_held(app: Application, clock: ManualClock) -> None:
    sending = send(app, clock)
    hold(app)
    comes_of(app, sending, Accepted("707"))
    assert standing(app).state is State.PUBLISHED
    with pytest.raises(NotPossible, match="cannot be held"):
        hold(app)


def test_an_edit_in_doubt_does_not_go_out_as_it_was_after_the_release(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    sending = send(app, clock)
    hold(app)
    comes_of(app, sending, Unknown("no answer"))
    workspace.edit("a.fr.md", "Le texte.", "Un autre.")
    assert queue(app) == [Change.STOP]
    assert queue(app) == []
    assert prove_absent(app, clock).state is State.HELD
    assert release(app).state is State.HELD
    assert queue(app) == [Change.RELEASE]
    after = standing(app)
    assert (after.state, after.content.parts[0].text) == (State.SCHEDULED, "Un autre.")


def test_an_approval_stays_unless_the_draft_is_edited(
    workspace: Workspace, clock: ManualClock
) -> None:
    workspace.write("publisher.toml", f"{SETTINGS}\n[approval]\nrequired = true\n")
    app = Application(settings.load(workspace.path), clock)
    app.database.migrate()
    queue(app)
    seen = {standing(app).id: digest(standing(app))}
    app.approvals.approve(["a.fr"], None, "direction", seen)
    hold(app)
    assert release(app).state is State.SCHEDULED
    hold(app)
    workspace.edit("a.fr.md", "Le texte.", "Un autre.")
    queue(app)
    assert release(app).state is State.AWAITING_APPROVAL
    app.close()


def test_what_was_rejected_is_not_held_and_so_not_released(app: Application) -> None:
    """A release would let it go where nothing needs an approval."""
    app.approvals.reject(["a.fr"], None, "direction", "wrong name")
    with pytest.raises(NotPossible, match="cannot be held"):
        hold(app)


def test_what_nobody_holds_is_not_released(app: Application) -> None:
    with pytest.raises(NotPossible, match="held by hand"):
        release(app)
    with pytest.raises(NoSuchPost):
        app.holds.hold("nowhere", None, "direction", "x")


def test_it_expires_held(app: Application, clock: ManualClock) -> None:
    hold(app)
    clock.advance(timedelta(days=2).total_seconds())
    app.dispatch.expire()
    assert standing(app).state is State.MISSED


def test_renaming_its_draft_lets_it_go_neither_now_nor_later(
    app: Application, workspace: Workspace
) -> None:
    """Until somebody releases it under the name that it had."""
    hold(app)
    workspace.remove("a.fr")
    workspace.draft("b.fr", _NOON)
    for _ in range(2):
        plan = app.planner.queue(actor="redaction")
        assert [problem.code for problem in plan.problems] == ["held"]
        assert app.queries.deliveries(post="b.fr") == []
    release(app)
    assert Change.ADD in queue(app)
