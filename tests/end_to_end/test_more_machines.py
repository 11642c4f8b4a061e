"""As on several machines: PostgreSQL, a Redis broker, two dispatchers and two workers."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from publisher.sandbox.server import Sandbox
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.deep

Publisher = Callable[..., str]

_POSTS = 20
_PATIENCE = 60.0  # seconds


@pytest.fixture
def _servers(postgres_url: str, broker_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", postgres_url)
    monkeypatch.setenv("PUBLISHER_BROKER__URL", broker_url)


def write_drafts(workspace: Workspace, due_in: float) -> None:
    at = datetime.now(UTC) + timedelta(seconds=due_in)
    for number in range(_POSTS):
        workspace.draft(f"post-{number}.fr", f"at: {at:%Y-%m-%dT%H:%M:%S}Z", f"Texte {number}.")


@contextmanager
def process(workspace: Workspace, *command: str) -> Iterator[None]:
    environment = {**os.environ, "PUBLISHER_WORKSPACE": str(workspace.path)}
    child = subprocess.Popen([sys.executable, "-m", *command], env=environment)
    try:
        yield
        assert child.poll() is None, f"{command[0]} ended by itself with {child.returncode}"
    finally:
        child.terminate()
        child.wait(30)


def published(sandbox: Sandbox) -> list[tuple[str, str]]:
    shown = [post for post in sandbox.state()["posts"] if post["published"]]
    return sorted((post["account"], post["text"]) for post in shown)


WANTED = sorted(
    (account, f"Texte {number}.") for account in ("bice-x", "bice-page") for number in range(_POSTS)
)


@pytest.mark.usefixtures("_servers")
def test_many_workers_and_dispatchers_publish_everything_once(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher
) -> None:
    publisher("migrate")
    write_drafts(workspace, due_in=5)
    publisher("queue")
    worker = ("celery", "-A", "workers", "worker", "--pool", "threads", "--loglevel", "WARNING")
    with ExitStack() as stack:
        for name in ("one", "two"):
            stack.enter_context(process(workspace, *worker, "-n", name))
            stack.enter_context(process(workspace, "workers.dispatcher"))
        deadline = time.monotonic() + _PATIENCE
        while published(sandbox) != WANTED and time.monotonic() < deadline:
            time.sleep(0.1)
    assert published(sandbox) == WANTED
    rows = json.loads(publisher("log", "--format", "json"))
    assert {row["state"] for row in rows} == {"published"}
    assert {identifier for row in rows for identifier in row["remote_ids"]} == {
        post["id"] for post in sandbox.state()["posts"]
    }


@pytest.mark.usefixtures("_servers")
def test_run_uses_the_servers_that_the_settings_name(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher
) -> None:
    publisher("migrate")
    write_drafts(workspace, due_in=2)
    publisher("queue")
    publisher("run", "--no-web", "--until-idle")
    assert published(sandbox) == WANTED
    assert not (workspace.path / "var" / "broker").exists()
