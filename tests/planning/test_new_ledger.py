"""Queueing into a new ledger: another one may have been lost, and may have published what is
past.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from publisher.app import Application
from publisher.ledger.integrity.after_restore import face
from publisher.model.outcomes import Kind
from publisher.model.states import State
from publisher.settings import settings
from tests.planning.queued import doubted, only, queue
from tests.support.clock import ManualClock
from tests.support.workspaces import Workspace


@pytest.fixture
def app(
    workspace: Workspace, ledger_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    """On each database, made at 8:00 UTC (9:00 in Geneva) on the annual day."""
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", ledger_url)
    app = Application(settings.load(workspace.path), clock)
    assert app.database.migrate(now=clock.now())
    yield app
    app.close()


def test_what_was_due_before_it_was_made_is_not_sent(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """Where `rm var/publisher.db` took a ledger, it is on the account already."""
    workspace.draft("one.fr", "at: 2016-03-07 08:30\nto: bice-x")
    plan = queue(app)
    (problem,) = doubted(plan)
    assert "It was due 2016-03-07 08:30 (Europe/Zurich), before this ledger was made." in (
        problem.message
    )
    assert "`publisher queue --new-ledger`" in (problem.hint or "")
    assert len(plan.doubted) == 1
    found = only(app)
    assert (found.state, found.error_kind) == (State.UNCERTAIN, Kind.UNKNOWN_OUTCOME)
    assert "This ledger is new, made 2016-03-07 08:00 UTC" in (found.error_message or "")
    for told in (found.error_message, problem.message):  # before anybody has to
        assert "looks for it" in (told or "")
    assert found.doubt_since == found.due_at
    assert app.dispatch.claim(clock.ahead(2), clock.ahead(30), 10) == []
    assert queue(app).changes == ()


def test_it_stays_so_for_what_is_queued_later(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """Not the queueing counts but when the ledger was made."""
    clock.advance(1800)
    workspace.draft("before.fr", "at: 2016-03-07 08:45\nto: bice-x", "Avant.")
    workspace.draft("after.fr", "at: 2016-03-07 09:15\nto: bice-x", "Après.")
    queue(app)
    states = {delivery.post: delivery.state for delivery in app.queries.deliveries()}
    assert states == {"before.fr": State.UNCERTAIN, "after.fr": State.SCHEDULED}


def test_what_takes_its_own_place_goes_out(app: Application, workspace: Workspace) -> None:
    """A page of the website is written again over itself: nobody sees it twice."""
    workspace.draft("one.fr", "at: 2016-03-07 08:30\nto: bice-site")
    assert doubted(queue(app)) == []
    assert only(app).state is State.SCHEDULED


def test_what_expired_before_it_was_made_is_simply_past(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("old.fr", "at: 2016-03-06 09:30\nto: bice-x")
    assert [problem.code for problem in app.planner.plan().errors] == ["past"]


def test_a_person_may_say_that_there_was_no_other_ledger(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """Then what is late goes out; who said so is on record, and the history is whole."""
    workspace.draft("one.fr", "at: 2016-03-07 08:30\nto: bice-x")
    assert len(app.planner.plan().doubted) == 1
    app.trust_ledger("direction")
    app.trust_ledger("somebody else")
    assert doubted(queue(app)) == []
    assert only(app).state is State.SCHEDULED
    told = [step for step in app.queries.steps(0) if step.event == "said to be the first ledger"]
    assert [step.actor for step in told] == ["direction"]
    assert app.audit.verify().breaks == ()
    assert len(app.dispatch.claim(clock.ahead(2), clock.ahead(30), 10)) == 1


def test_a_restored_ledger_has_another_id_and_its_own_gap(
    app: Application, clock: ManualClock
) -> None:
    before = app.queries.ledger_id()
    clock.advance(600)
    app.audit.seal(always=True)
    clock.advance(600)
    face(app.database, clock, "manager")
    assert app.queries.ledger_id() != before
    new, restored = app.queries.gaps()
    assert (new.is_new, restored.is_new) == (True, False)
    assert restored.until - new.until == timedelta(seconds=1200)


@pytest.mark.parametrize("at", ["now", "2016-03-07 08:30"])
def test_in_a_trial_a_first_post_goes_out_without_a_doubt(
    workspace: Workspace, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Its draft is older than the ledger, and queued on a page, where nobody is asked."""
    workspace.write("var/sandbox/address", "http://127.0.0.1:9")
    secrets = workspace.write("var/sandbox/secrets.toml", "")
    secrets.chmod(0o600)
    workspace.draft("one.fr", f"at: {at}\nto: bice-x")
    monkeypatch.setenv("PUBLISHER_SANDBOX", "1")
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T09:00:00+01:00")
    trial = Application.open_or_make(workspace.path)
    with closing(trial):
        assert trial.is_new
        assert doubted(queue(trial)) == []
        assert only(trial).state is State.SCHEDULED
