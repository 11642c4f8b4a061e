"""Whoever may commit a file into a workspace runs nothing there, and leads nothing elsewhere."""

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.base import ports
from publisher.base.errors import StorageError
from publisher.base.lock import locked
from publisher.doctor import machine
from publisher.doctor.finding import Grade
from publisher.drafts import planted
from publisher.model.states import State
from publisher.running import child_process
from publisher.running.child_process import Child
from publisher.sandbox.server import Sandbox
from publisher.settings import settings
from tests.support.running import soon, states, texts

pytestmark = [pytest.mark.deep, pytest.mark.guards("publisher.drafts.planted")]

Draft = Callable[..., None]
Queued = Callable[[], Application]
Until = Callable[..., None]
ROOT = Path(__file__).parents[2]


def publisher(workspace: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """As the script `publisher`, called in the workspace."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "publisher", *words],
        cwd=workspace, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def plant(workspace: Path, trap: Path) -> None:
    """Modules that would be imported by whoever begins to look for them in the workspace."""
    code = f"open({str(trap)!r}, 'a').write(__name__)\nraise SystemExit(1)\n"
    for name in ("structlog.py", "celery.py", "json.py", "workers/__init__.py"):
        path = workspace / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(code)


def test_no_process_runs_a_module_of_the_workspace(
    sandbox: Sandbox, draft: Draft, queued: Queued, workspace: Path, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch, until: Until,
) -> None:  # fmt: skip
    """Neither of dispatcher, worker and pages, wherever somebody starts them."""
    draft("first", soon(3))
    app, trap = queued(), tmp_path_factory.mktemp("trap") / "sprung"
    plant(workspace, trap)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("PUBLISHER_WEB__PORT", str(port))
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "publisher", "run"],
        cwd=workspace, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        try:
            until(lambda: ports.answers("127.0.0.1", port) and states(app) == [State.PUBLISHED])
        finally:
            process.send_signal(signal.SIGINT)
        told, _none = process.communicate()
    assert not trap.exists(), trap.read_text()
    assert texts(sandbox) == ["This is first."]
    assert "structlog.py has the name of a Python module" in told


def test_modules_of_the_workspace_are_named(workspace: Path, tmp_path: Path) -> None:
    assert planted.modules(workspace) == []
    plant(workspace, tmp_path / "trap")
    (workspace / "our_own_tool.py").touch()
    (workspace / "publisher").mkdir()  # no module: nothing says that it is a package
    names = ["celery.py", "json.py", "structlog.py", "workers"]
    assert planted.modules(workspace) == names
    found = {f.subject: f.grade for f in machine.examine(settings.load(workspace))}
    assert {found[name] for name in names} == {Grade.WARNING}
    done = publisher(workspace, "check")
    assert done.returncode == 0
    assert all(name in done.stdout for name in names)


def test_our_own_repository_is_no_stranger() -> None:
    assert planted.modules(ROOT) == []


@pytest.mark.parametrize("name", ["var/log/broker.log", "var/publisher.db", "var"])
def test_nothing_runs_where_git_has_something_of_var(workspace: Path, name: str) -> None:
    """A link would lead what is written elsewhere, a ledger would let in whom it names."""
    path = workspace / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(workspace / "elsewhere")
    for command in (["init", "-q"], ["add", "--force", name]):
        subprocess.run(["git", *command], cwd=workspace, check=True, timeout=30)
    for words, code in ((["run"], 3), (["web"], 3), (["check"], 1), (["doctor", "--offline"], 3)):
        done = publisher(workspace, *words)
        assert done.returncode == code, words
        assert f"git contains {name}" in " ".join((done.stdout + done.stderr).split()), words
        assert not (workspace / "elsewhere").exists()


def test_doctor_opens_no_ledger_that_somebody_planted(workspace: Path) -> None:
    """It would say what a stranger wrote into it, and lock another's."""
    assert publisher(workspace, "migrate").returncode == 0
    (workspace / "var/publisher.db").rename(workspace / "elsewhere.db")
    (workspace / "var/publisher.db").symlink_to(workspace / "elsewhere.db")
    found = json.loads(publisher(workspace, "doctor", "--offline", "--json").stdout)
    assert "ledger" in {finding["subject"] for finding in found}
    for command in (["init", "-q"], ["add", "--force", "var/publisher.db"]):
        subprocess.run(["git", *command], cwd=workspace, check=True, timeout=30)
    done = publisher(workspace, "doctor", "--offline", "--json")
    subjects = {finding["subject"]: finding["grade"] for finding in json.loads(done.stdout)}
    assert done.returncode == 3
    assert "var" in subjects
    assert not {"ledger", "deliveries", "drafts"} & {*subjects}


def test_an_empty_folder_in_git_is_nothing(workspace: Path) -> None:
    (workspace / "var").mkdir()
    (workspace / "var" / ".gitignore").write_text("*\n")
    for command in (["init", "-q"], ["add", "--force", "var"]):
        subprocess.run(["git", *command], cwd=workspace, check=True, timeout=30)
    assert planted.in_var(settings.load(workspace)) == []


def test_no_log_is_written_through_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside, log = tmp_path / "outside", tmp_path / "broker.log"
    outside.write_text("ours")
    child = Child("broker", [shutil.which("true") or "true"], log)
    log.symlink_to(outside)
    with pytest.raises(StorageError):
        child.start()
    monkeypatch.setattr(child_process, "_LOG_LIMIT", 2)
    child.trim_log()
    assert outside.read_text() == "ours"
    log.unlink()
    log.write_text("long enough")
    log.with_name("broker.log.1").unlink(missing_ok=True)
    log.with_name("broker.log.1").symlink_to(outside)
    child.trim_log()
    assert (outside.read_text(), log.read_text()) == ("ours", "")
    assert log.with_name("broker.log.1").read_text() == "long enough"


def test_no_lock_is_taken_through_a_link(tmp_path: Path) -> None:
    """Its file gets the number of the process."""
    outside = tmp_path / "outside"
    outside.write_text("ours")
    (tmp_path / "run.lock").symlink_to(outside)
    with pytest.raises(StorageError), locked(tmp_path / "run.lock", "it"):
        pass
    assert outside.read_text() == "ours"
