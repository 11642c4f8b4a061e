"""How far the clock of a rehearsal jumps; no process runs here."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.base.clock import ENVIRONMENT_VARIABLE, SharedClock
from publisher.rehearsal import _jump

Draft = Callable[..., None]

_NOON = datetime(2016, 3, 7, 11, tzinfo=UTC)
_SPEED = 60.0


def _rehearsing(
    workspace: Path, clock: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Application, SharedClock]:
    """The schedule at noon of Geneva, on a clock of its own."""
    made = SharedClock.create(clock, _NOON, _SPEED)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, f"file:{clock}")
    app = Application.open_or_make(workspace)
    app.planner.queue(actor="tests")
    return app, made


def _minutes(clock: SharedClock) -> float:
    return (clock.now() - _NOON).total_seconds() / 60


def test_it_jumps_to_just_before_a_post_that_is_claimed_already(
    workspace: Path, tmp_path: Path, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten minutes before its time, which are ten real seconds."""
    draft("soon", "2016-03-07 12:10")
    draft("later", "2016-03-07 18:00")
    app, clock = _rehearsing(workspace, tmp_path / "clock.json", monkeypatch)
    assert len(app.dispatch.claim(clock.ahead(15), clock.ahead(30), 10)) == 1
    _jump(app, clock)
    assert 7 < _minutes(clock) < 10


def test_it_does_not_jump_while_a_video_is_uploaded(
    workspace: Path, tmp_path: Path, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is claimed long before its time, and needs it."""
    draft("film", "2016-03-07 12:30")
    app, clock = _rehearsing(workspace, tmp_path / "clock.json", monkeypatch)
    assert len(app.dispatch.claim(clock.ahead(60), clock.ahead(90), 10)) == 1
    _jump(app, clock)
    assert _minutes(clock) < 7


def test_it_does_not_jump_while_a_post_is_sent(
    workspace: Path, tmp_path: Path, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft("now", "2016-03-07 12:10")
    draft("later", "2016-03-07 18:00")
    app, clock = _rehearsing(workspace, tmp_path / "clock.json", monkeypatch)
    assert len(app.dispatch.claim(clock.ahead(15), clock.ahead(30), 10)) == 1
    clock.jump_to(_NOON + timedelta(minutes=10))
    _jump(app, clock)
    assert _minutes(clock) < 17
