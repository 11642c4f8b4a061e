"""A workspace that publishes to the sandbox through the real commands."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from publisher.base.clock import SystemClock
from publisher.sandbox.accounts import secrets_toml
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings.settings import load
from tests.support.workspaces import Workspace

Publisher = Callable[..., str]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def sandbox(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The platforms' stand-in at work, and an environment that leads there."""
    accounts = accounts_for(load(workspace.path))
    workspace.write("secrets.toml", secrets_toml(accounts)).chmod(0o600)
    stand_in = Sandbox(accounts, SystemClock())
    with running(stand_in) as address:
        monkeypatch.setenv("PUBLISHER_TWITTER_API_URL", address)
        monkeypatch.setenv("PUBLISHER_FACEBOOK_GRAPH_URL", address)
        yield stand_in


@pytest.fixture
def publisher(workspace: Workspace) -> Publisher:
    """Run a command in the workspace; what it printed. Another exit code than 0 fails the test."""

    def run(*words: str, code: int = 0) -> str:
        command = [sys.executable, "-m", "publisher", "--workspace", str(workspace.path), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    return run
