"""`publisher run` and its processes, to be hurt by tests."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from publisher.app import Application
from publisher.model.states import State
from publisher.running.child_process import Child
from publisher.running.processes import Processes
from publisher.running.signals import Interruption
from publisher.sandbox.server import Sandbox

_RUN = """
import sys
from pathlib import Path
from publisher.app import Application
from publisher.running import supervised, supervisor

supervised.SILENCE_LIMIT = float(sys.argv[2])
app = Application.open_or_make(Path(sys.argv[1]))
sys.exit(supervisor.run(
    app, report=lambda step: print(step.event, flush=True), say=lambda line: print(line, flush=True)
))
"""


def soon(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def states(app: Application) -> list[State]:
    return [delivery.state for delivery in app.queries.deliveries()]


def texts(sandbox: Sandbox) -> list[str]:
    """What the public sees."""
    return [post["text"] for post in sandbox.state()["posts"] if post["published"]]


def nothing(_line: object) -> None:
    """Report to nobody."""


@contextmanager
def at_work(app: Application, said: list[str]) -> Iterator[Processes]:
    """The processes alone."""
    processes = Processes(app.settings, said.append)
    with Interruption() as interruption:
        try:
            processes.start()
            yield processes
        finally:
            processes.drain(interruption)


@contextmanager
def alone_at_work(app: Application) -> Iterator[Child]:
    """A worker without a dispatcher."""
    processes = Processes(app.settings, nothing)
    worker, broker = worker_of(processes), processes._broker
    assert broker
    broker.start()
    try:
        processes._tell_address()
        worker.start()
        yield worker
    finally:
        worker.kill()
        broker.stop()


def worker_of(processes: Processes) -> Child:
    return processes._workers[0].child


def dispatcher_of(processes: Processes) -> Child:
    return processes._dispatcher.child


@contextmanager
def running(workspace: Path, *, silence_limit: float = 90.0) -> Iterator[subprocess.Popen[str]]:
    """`publisher run` as a process that can be sent signals."""
    command = [sys.executable, "-c", _RUN, str(workspace), str(silence_limit)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def descendants(workspace: Path) -> list[int]:
    """The processes of this workspace that are left, whoever their parent is."""
    mark = f"PUBLISHER_WORKSPACE={workspace}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if mark in environment.split(b"\0"):
            found.append(int(process.name))
    return sorted(found)
