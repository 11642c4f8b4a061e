"""A draft that says `now`: its clock begins when it may go, queued and approved."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from publisher.app import Application
from publisher.ledger.manager.approvals import digest
from publisher.ledger.manager.operations import can_be_retried
from publisher.model.deliveries import Delivery
from publisher.model.states import State
from publisher.model.timing import UNDO
from publisher.settings import settings
from tests.planning.queued import only, queue
from tests.support.clock import ManualClock
from tests.support.workspaces import Workspace

pytestmark = [pytest.mark.guards("publisher.planning.wishes"), pytest.mark.each_database]

_NOW = "at: now\nto: bice-x\nexpires: 1m"
_AFTER = timedelta(minutes=1)


@pytest.fixture
def app(
    workspace: Workspace, ledger_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    """Where each post needs an approval, and one that says `now` is queued, ten minutes ago."""
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", ledger_url)
    monkeypatch.setenv("PUBLISHER_APPROVAL__REQUIRED", "true")
    app = Application(settings.load(workspace.path), clock)
    with closing(app):
        app.database.migrate()
        workspace.draft("one.fr", _NOW)
        queue(app)
        clock.advance(600)
        yield app


def approve(app: Application) -> Delivery:
    waits = only(app)
    (approved,) = app.approvals.approve(["one.fr"], None, "direction", {waits.id: digest(waits)})
    return approved


def test_it_does_not_expire_while_it_waits_for_its_approval(
    app: Application, clock: ManualClock
) -> None:
    assert app.dispatch.expire() == 0
    assert queue(app).changes == ()
    approved, begins = approve(app), clock.ahead(UNDO)
    assert (approved.due_at, approved.expires_at) == (begins, begins + _AFTER)
    assert approved.send_at == begins
    assert queue(app).changes == (), "the approval stands"
    clock.advance(UNDO)
    assert len(app.dispatch.claim(clock.now(), clock.ahead(30), 10)) == 1


def test_its_clock_stops_when_the_approval_is_taken_back_and_begins_again(
    app: Application, clock: ManualClock
) -> None:
    approved = approve(app)
    since = clock.now() - timedelta(seconds=60)
    (back,) = app.undo.take_back({approved.id: approved.version}, "direction", since)
    assert (back.state, back.expires_at) == (State.AWAITING_APPROVAL, None)
    clock.advance(3600)
    assert app.dispatch.expire() == 0
    assert approve(app).due_at == clock.ahead(UNDO)
    assert app.audit.verify().breaks == ()


def test_one_that_was_missed_is_tried_again_from_now_once_somebody_approves_it(
    app: Application, clock: ManualClock
) -> None:
    """No new `at` has to be written into a draft that says `now`."""
    approve(app)
    clock.advance(3600)
    assert app.dispatch.expire() == 1
    (again,) = app.control.retry("one.fr", None, "direction")
    assert (again.state, again.expires_at, again.approved_by) == (
        State.AWAITING_APPROVAL, None, None,
    )  # fmt: skip
    assert approve(app).expires_at == clock.ahead(UNDO) + _AFTER


def test_one_that_needs_no_approval_any_more_begins_when_it_is_queued_again(
    app: Application, workspace: Workspace, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_APPROVAL__REQUIRED", "false")
    with closing(Application(settings.load(workspace.path), clock)) as other:
        queue(other)
        now = only(other)
    begins = clock.now().replace(microsecond=0)
    assert (now.state, now.due_at, now.expires_at) == (State.SCHEDULED, begins, begins + _AFTER)


def test_under_an_embargo_it_expires_so_long_after_that(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """It was missed before it could go: its expiry counts from when it may."""
    workspace.draft("one.fr", f"{_NOW}\nembargo: 2016-03-07 15:00")
    queue(app)
    approved, ends_at = approve(app), datetime(2016, 3, 7, 14, tzinfo=UTC)
    assert (approved.not_before, approved.expires_at) == (ends_at, ends_at + _AFTER)
    assert queue(app).changes == (), "the approval stands"
    clock.advance(3600)
    assert app.dispatch.expire() == 0
    clock.advance((ends_at - clock.now()).total_seconds())
    assert len(app.dispatch.claim(clock.now(), clock.ahead(30), 10)) == 1


def test_one_that_was_missed_may_be_tried_again(app: Application, clock: ManualClock) -> None:
    """As the command does, so do the pages."""
    approve(app)
    clock.advance(3600)
    app.dispatch.expire()
    assert can_be_retried(only(app), clock.now())
