"""A process that stands still is noticed, ended and started again; one that must wait is not."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.base.process import Listener, Pulse
from publisher.ledger import database, timeouts
from publisher.model.states import State
from publisher.running import processes as processes_module
from publisher.running import supervised
from publisher.running.child_process import Child
from publisher.running.embedded_broker import EmbeddedBroker
from publisher.running.processes import Processes
from publisher.running.supervised import Kept
from publisher.sandbox.server import Sandbox
from publisher.settings.settings import Settings, load
from tests.support.running import (
    at_work,
    descendants,
    dispatcher_of,
    running,
    soon,
    states,
    texts,
    worker_of,
)

pytestmark = pytest.mark.deep

Until = Callable[..., None]
Draft = Callable[..., None]
Queued = Callable[[], Application]

SHORT = 3.0
"""Seconds of silence that are enough here, once a child has started."""


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "SILENCE_LIMIT", SHORT)


@contextmanager
def stopped(pid: int | None) -> Iterator[None]:
    """A process stands still; if it is there afterwards, it goes on."""
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            return


def all_heard(processes: Processes) -> bool:
    """Whether each has given its first sign of life, and the short limit counts."""
    processes.tend()
    ones = (processes._dispatcher, *processes._workers)
    return processes.ready() and all(one._silence_limit == SHORT for one in ones)


def tended(processes: Processes, seconds: float) -> None:
    """Tend them for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        processes.tend()
        time.sleep(0.1)


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("child_of", [worker_of, dispatcher_of])
def test_a_stopped_process_is_replaced_and_the_post_goes_out(
    sandbox: Sandbox,
    draft: Draft,
    queued: Queued,
    until: Until,
    child_of: Callable[[Processes], Child],
) -> None:
    """The only worker, or the only dispatcher: nobody else would do its work."""
    app, said = queued(), list[str]()
    with at_work(app, said) as processes:
        until(lambda: all_heard(processes))
        child = child_of(processes)
        frozen = child.pid
        # It may stand still while it holds the ledger, which then waits for its end as well.
        with stopped(frozen), ThreadPoolExecutor(1) as person:
            draft("through", soon(1))
            queueing = person.submit(queued)

            def out() -> bool:
                processes.tend()
                return queueing.done() and states(app) == [State.PUBLISHED]

            until(out, 60)
            queueing.result()
        assert child.pid != frozen
    assert said == [f"{child.name} gave no sign of life for 3 s and was killed; it restarts."]
    assert texts(sandbox) == ["This is through."]


@pytest.mark.usefixtures("_short")
def test_a_worker_whose_loop_hangs_is_replaced(
    queued: Queued, until: Until, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its threads live on, and would give signs of life for it."""
    wish = tmp_path / "hang"
    worker = processes_module._worker

    def wedged(settings: Settings, number: int, environment: dict[str, str]) -> Child:
        child = worker(settings, number, {**environment, "WEDGE": str(wish)})
        child._command = [
            "tests.running.wedged" if word == "workers" else word for word in child._command
        ]
        return child

    monkeypatch.setattr(processes_module, "_worker", wedged)
    said: list[str] = []
    with at_work(queued(), said) as processes:
        until(lambda: all_heard(processes))
        before = worker_of(processes).pid
        wish.touch()
        until(lambda: not wish.exists())

        def back() -> bool:
            processes.tend()
            return worker_of(processes).pid != before

        until(back, 60)
        until(processes.ready)
    assert said == ["worker-1 gave no sign of life for 3 s and was killed; it restarts."]


@pytest.mark.usefixtures("_short")
def test_nothing_is_killed_that_has_nothing_to_do(queued: Queued, until: Until) -> None:
    said: list[str] = []
    with at_work(queued(), said) as processes:
        until(lambda: all_heard(processes))
        tended(processes, 2 * SHORT)
    assert said == []


@pytest.mark.usefixtures("_short")
def test_a_broker_that_is_away_is_no_fault_of_theirs(
    queued: Queued, until: Until, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Worker and dispatcher wait for it for longer than they may be silent."""
    broker = EmbeddedBroker(tmp_path / "broker-var")
    broker.start()
    monkeypatch.setenv("PUBLISHER_BROKER__URL", broker.url)
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", "sqlite:///var/publisher.db")
    said: list[str] = []
    try:
        with at_work(queued(), said) as processes:
            until(lambda: broker.listeners() == 1)
            tended(processes, 1.5)  # until the loop itself has given a sign
            assert all_heard(processes)
            pids = worker_of(processes).pid, dispatcher_of(processes).pid
            broker.stop()
            tended(processes, 2 * SHORT)
            assert (worker_of(processes).pid, dispatcher_of(processes).pid) == pids
            broker.start()
            until(lambda: broker.listeners() == 1)
    finally:
        broker.stop()
    assert said == []


def test_a_run_that_was_stopped_itself_kills_nobody(
    queued: Queued, workspace: Path, until: Until
) -> None:
    """Only `publisher run` stood still: the others lived on, and it learns that."""
    queued()
    with running(workspace, silence_limit=SHORT) as run:
        until(lambda: len(descendants(workspace)) == 2)
        before = descendants(workspace)
        with stopped(run.pid):
            time.sleep(SHORT + 2)
        time.sleep(1)
        assert descendants(workspace) == before
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=30)
    assert [line for line in out.splitlines() if line != "owner verified"] == []


def test_a_machine_that_slept_gives_everybody_time_anew(
    workspace: Path, draft: Draft, queued: Queued, until: Until
) -> None:
    """All of them stood still, and `publisher run` is the first to go on."""
    draft("first", soon(0), to="voice-site")
    app = queued()
    with running(workspace, silence_limit=2 * SHORT) as run:
        until(lambda: states(app) == [State.PUBLISHED])
        before = descendants(workspace)
        for pid in before:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(0.5)  # until the last sign of life is heard
        os.kill(run.pid, signal.SIGSTOP)
        time.sleep(2 * SHORT + 2)
        os.kill(run.pid, signal.SIGCONT)
        time.sleep(0.5)
        assert descendants(workspace) == before
        for pid in before:
            os.kill(pid, signal.SIGCONT)
        time.sleep(2 * SHORT + 1)
        assert descendants(workspace) == before
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=30)


def test_a_database_that_hangs_is_no_hang_of_theirs(
    workspace: Path,
    postgres_url: str,
    draft: Draft,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The dispatcher waits for its answer; so does `publisher run`, which reads it as well."""
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", postgres_url)
    app = Application(load(workspace), SystemClock())
    app.database.migrate()
    draft("first", soon(1), to="voice-site")
    assert not app.planner.queue(actor="tests").errors
    with running(workspace, silence_limit=SHORT) as run:
        until(lambda: states(app) == [State.PUBLISHED])
        before = descendants(workspace)
        with app.database.read() as connection:
            query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            sessions = [row.pid for row in connection.execute(text(query))]
        with ExitStack() as stack:
            for session in sessions:
                stack.enter_context(stopped(session))
            time.sleep(SHORT + 2)
        draft("second", soon(0), to="voice-site")
        assert not app.planner.queue(actor="tests").errors
        until(lambda: states(app) == [State.PUBLISHED] * 2)
        assert descendants(workspace) == before
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=30)
    assert "no sign of life" not in out
    app.close()


def test_the_limit_outlasts_every_wait_for_the_ledger() -> None:
    statement = int(timeouts.SESSION_LIMITS["statement_timeout"]) / 1000
    assert max(statement, database._BUSY_TIMEOUT_S) * 1.5 <= supervised.SILENCE_LIMIT


def test_a_process_that_gives_no_sign_from_the_start_is_ended(
    tmp_path: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "START_LIMIT", 0.5)
    said: list[str] = []
    silent = Child(
        "mute", [sys.executable, "-c", "import time; time.sleep(3600)"], tmp_path / "log",
        listen=True,
    )  # fmt: skip
    one = Kept(silent, said.append)
    one.start()

    def ended() -> bool:
        one.tend()
        return bool(said)

    until(ended)
    silent.kill()
    assert said == ["mute gave no sign of life for 0.5 s and was killed; it restarts."]


def test_a_sign_waits_until_somebody_listens() -> None:
    """Also many of them; none blocks whoever gives it, and nobody's absence hurts."""
    listener = Listener()
    pulse = Pulse(listener.childs)
    assert not listener.hears()
    for _ in range(100_000):
        pulse.beat()
    assert listener.hears()
    assert not listener.hears()
    pulse.beat()
    assert listener.hears()


def test_a_child_whose_parent_is_gone_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Listener()
    monkeypatch.setenv("PULSE_FD", str(listener.childs))
    pulse = Pulse.of_environment()
    assert pulse.is_heard
    assert "PULSE_FD" not in os.environ, "a child of its own must not give signs for it"
    del listener
    pulse.beat()
    assert not Pulse.of_environment().is_heard
