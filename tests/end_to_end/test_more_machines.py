"""As on several machines: PostgreSQL, a Redis broker, two dispatchers and two workers."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
import redis

from publisher.sandbox.server import Sandbox
from tests.support.waiting import wait_for
from tests.support.workspaces import SETTINGS, Workspace

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


WORKER = ("celery", "-A", "workers", "worker", "--pool", "threads", "--loglevel", "WARNING")


@contextmanager
def process(workspace: Workspace, *command: str, **more: str) -> Iterator[None]:
    environment = {**os.environ, "PUBLISHER_WORKSPACE": str(workspace.path), **more}
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
    with ExitStack() as stack:
        for name in ("one", "two"):
            stack.enter_context(process(workspace, *WORKER, "-n", name))
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


@pytest.mark.usefixtures("_servers")
def test_what_one_machine_lacks_the_other_publishes_in_time(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher, tmp_path: Path, broker_url: str
) -> None:
    """The worker that lacks the Page suspended it for both, or had its posts wait."""
    publisher("migrate")
    lacking = Workspace(tmp_path / "lacking", SETTINGS.partition("[accounts.bice-page]")[0])
    keys = (workspace.path / "secrets.toml").read_text().partition("[bice-page]")[0]
    lacking.write("secrets.toml", keys).chmod(0o600)
    with ExitStack() as stack:
        stack.enter_context(process(workspace, "workers.dispatcher"))
        for number, place in enumerate((workspace, lacking)):
            stack.enter_context(process(place, *WORKER, "-n", f"{number}"))
        with redis.Redis.from_url(broker_url) as broker:
            wait_for(lambda: len(broker.keys("publisher.peer.*")) == 3, _PATIENCE)
        write_drafts(workspace, due_in=18)
        publisher("queue")
        wait_for(lambda: published(sandbox) == WANTED, _PATIENCE)
        rows = json.loads(publisher("log", "--format", "json"))
        assert max(row["lateness_s"] for row in rows) < 10
        assert "suspended" not in publisher("status")


@pytest.mark.usefixtures("_servers")
def test_of_two_ledgers_with_the_same_posts_one_alone_publishes_to_each_account(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher, tmp_path: Path
) -> None:
    """Both begin at the same moment, and neither knows of the other before its first post."""
    accident = {"PUBLISHER_DATABASE__URL": f"sqlite:///{tmp_path}/accident.db"}
    write_drafts(workspace, due_in=25)
    for more in ({}, accident):
        with mock.patch.dict(os.environ, more):
            publisher("queue")

    def suspended() -> list[str]:
        """The accounts that one of the two ledgers holds."""
        told = ""
        for more in ({}, accident):
            with mock.patch.dict(os.environ, more):
                told += publisher("status")
        return [name for name in ("bice-page", "bice-x") if f"--account {name}" in told]

    with ExitStack() as stack:
        for number, more in enumerate(({}, accident)):
            stack.enter_context(process(workspace, *WORKER, "-n", f"{number}", **more))
            stack.enter_context(process(workspace, "workers.dispatcher", **more))
        wait_for(lambda: suspended() == ["bice-page", "bice-x"], _PATIENCE)
        wait_for(lambda: len(published(sandbox)) >= len(WANTED), _PATIENCE)
    assert published(sandbox) == WANTED
