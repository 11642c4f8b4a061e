"""What the tests of running processes share: a workspace on the sandbox, and patience."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.ledger.integrity import after_restore
from publisher.sandbox import server
from publisher.sandbox.accounts import secrets_toml
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox
from publisher.settings import settings
from tests.support.waiting import wait_for

Until = Callable[..., None]
Draft = Callable[..., None]
Queued = Callable[[], Application]

_SETTINGS = """
[accounts.voice-x]
channel = "twitter"
language = "en"
[accounts.voice-page]
channel = "facebook"
page_id = "100200300"
language = "en"
[accounts.voice-site]
channel = "site"
language = "en"
"""
_SESSION = """
name: A small session
timezone: Europe/Zurich
defaults: {to: [voice-x], lang: en, expires: 4h}
"""


@pytest.fixture
def until() -> Until:
    """Wait for a condition, not for a time."""

    def wait(condition: Callable[[], object], seconds: float = 60.0) -> None:
        wait_for(condition, seconds)

    return wait


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder with three accounts, one on each channel, their secrets, and no drafts."""
    (tmp_path / "posts").mkdir()
    (tmp_path / "publisher.toml").write_text(_SETTINGS)
    (tmp_path / "posts" / "session.yaml").write_text(_SESSION)
    (tmp_path / "secrets.toml").touch(mode=0o600)
    (tmp_path / "secrets.toml").write_text(secrets_toml(accounts_for(settings.load(tmp_path))))
    return tmp_path


@pytest.fixture
def draft(workspace: Path) -> Draft:
    """Write a draft: its name, its time (drafts know whole seconds: the next one), its text."""

    def write(name: str, at: datetime | str, text: str | None = None, **more: str) -> None:
        when: object = at
        if isinstance(at, datetime):
            when = (at + timedelta(seconds=1)).isoformat(timespec="seconds")
        matter: Mapping[str, object] = {"at": when, **more}
        lines = "\n".join(f"{key}: {value}" for key, value in matter.items())
        (workspace / "posts" / f"{name}.md").write_text(
            f"---\n{lines}\n---\n{text or f'This is {name}.'}\n"
        )

    return write


@pytest.fixture
def sandbox(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The platforms' stand-in at work, and an environment that leads the workspace to it."""
    stand_in = Sandbox(accounts_for(settings.load(workspace)), SystemClock())
    with server.running(stand_in) as address:
        monkeypatch.setenv("PUBLISHER_TWITTER_API_URL", address)
        monkeypatch.setenv("PUBLISHER_FACEBOOK_GRAPH_URL", address)
        yield stand_in


@pytest.fixture
def queued(workspace: Path) -> Queued:
    """Queue the drafts on the first ledger that there is, and give the application."""

    def queue() -> Application:
        app = Application.open_or_make(workspace)
        after_restore.trust(app.database, app.clock, "tests")
        plan = app.planner.queue(actor="tests")
        assert not plan.errors
        return app

    return queue
