"""Real dispatchers and workers, each started by itself as on several machines, and a person who is
told.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.ledger.heartbeats import ProcessKind
from tests.monitoring.conftest import Switch, process
from tests.support.receiver import Receiver
from tests.support.waiting import wait_for
from tests.support.workspaces import Workspace

_IMPATIENT = (
    "import sys\n"
    "from publisher.monitoring import alarms, watchdog\n"
    "alarms.PATIENCE, alarms.CALM, watchdog._LOOK = 2.0, 1.0, 0.2\n"
)
_DISPATCHER = f"{_IMPATIENT}from workers.dispatcher import main\nsys.exit(main())\n"
_WORKER = (
    f"{_IMPATIENT}from celery.__main__ import main\n"
    "sys.argv[1:] = '-A workers worker --pool threads --concurrency 2 -n one'.split()\n"
    "sys.exit(main())\n"
)


@pytest.fixture
def ledger_url(tmp_path: Path) -> str:
    """SQLite is enough: what is looked at is the processes."""
    return f"sqlite:///{tmp_path / 'publisher.db'}"


@contextmanager
def at_work(workspace: Workspace, script: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PUBLISHER_WORKSPACE": str(workspace.path)}
    child = subprocess.Popen([sys.executable, "-c", script], env=environment)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGCONT)
        child.terminate()
        try:
            assert child.wait(60) == 0
        finally:
            child.kill()


@pytest.fixture(autouse=True)
def _nobody_is_alive(app: Application) -> None:
    for kind in (ProcessKind.DISPATCHER, ProcessKind.WORKER):
        app.heartbeats.end(process(kind))


def test_a_dispatcher_tells_that_no_worker_is_alive_and_that_it_is_over(
    workspace: Workspace, app: Application, receiver: Receiver, switch: Switch
) -> None:
    with at_work(workspace, _DISPATCHER):
        wait_for(lambda: receiver.bodies, 60)
        assert "No worker is running." in receiver.bodies[0]
        assert not switch.asked
        with at_work(workspace, _WORKER):
            wait_for(lambda: len(receiver.bodies) == 2, 60)
            assert receiver.bodies[1] == "Resolved: No worker is running."
            wait_for(lambda: switch.asked, 60)
            assert {one.process.kind for one in app.heartbeats.all() if one.is_alive} == {
                ProcessKind.DISPATCHER, ProcessKind.WORKER,
            }  # fmt: skip
    assert not app.heartbeats.all()


def test_a_worker_tells_that_no_dispatcher_is_alive(
    workspace: Workspace, app: Application, receiver: Receiver
) -> None:
    """Dispatchers send the notices, but it is they who are missing."""
    with at_work(workspace, _WORKER):
        wait_for(lambda: receiver.bodies, 60)
        assert "No dispatcher is running." in receiver.bodies[0]
