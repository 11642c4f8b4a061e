"""Several hosts on one PostgreSQL and one broker, as `docs/deployment.md` has it, in trouble."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from publisher.model.states import State
from tests.support import postgres, system
from tests.surroundings.faketime import FakeTime
from tests.surroundings.stage import PATIENCE, Stage, until

DISPATCHER = ("workers.dispatcher",)
WORKER = ("celery", "-A", "workers", "worker", "--pool", "threads", "--loglevel", "WARNING")


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """One of these tests' own, which may be frozen."""
    if not postgres.available():
        system.missing("PostgreSQL", "postgresql")
    with postgres.serve() as made:
        yield made


@pytest.fixture
def stage(tmp_path: Path, server: postgres.Server, broker_url: str) -> Iterator[Stage]:
    with server.database() as url, Stage(tmp_path / "workspace").serving() as made:
        made.environment |= {
            "PUBLISHER_DATABASE__URL": url,
            "PUBLISHER_BROKER__URL": broker_url,
            "PUBLISHER_WORKSPACE": str(made.folder),
        }
        made.queue()
        yield made


class Host:
    """A dispatcher and a worker, with a log of their own."""

    def __init__(self, stage: Stage, name: str, more: dict[str, str] | None = None) -> None:
        self._environment = {**os.environ, **stage.environment, **(more or {})}
        self._log = stage.folder / f"{name}.txt"
        self.processes = [self._start(DISPATCHER), self._start((*WORKER, "-n", name))]

    def _start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", *command],
                env=self._environment, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def terminate(self) -> None:
        for process in self.processes:
            process.terminate()

    def end(self) -> None:
        """Kill what is still there."""
        for process in self.processes:
            process.kill()
            process.wait()


@contextmanager
def hosts(stage: Stage, **each: dict[str, str]) -> Iterator[list[Host]]:
    """As many as there are environments."""
    made = [Host(stage, name, environment) for name, environment in each.items()]
    try:
        yield made
    finally:
        for host in made:
            host.end()


def _drafts(stage: Stage, *due_in: float) -> list[str]:
    for number, seconds in enumerate(due_in):
        stage.draft(f"x-{number}", seconds)
        stage.draft(f"page-{number}", seconds, to="bice-page")
    stage.queue()
    return [f"{kind}-{number}" for kind in ("x", "page") for number in range(len(due_in))]


@pytest.mark.parametrize("difference", ["+20s", "-20s"])
def test_a_host_whose_clock_is_wrong_leaves_the_work_to_the_other(
    stage: Stage, tmp_path: Path, difference: str
) -> None:
    """Nothing goes out early, all goes out, and the host says what is wrong with it."""
    fake_time = FakeTime(tmp_path)
    fake_time.set(difference)
    with hosts(stage, right={}, wrong=fake_time.environment) as (right, wrong):
        posts = _drafts(stage, 3, 8, 13)
        until(stage.has_published(*posts), 2 * PATIENCE)
        said = "ahead of" if difference.startswith("+") else "behind"
        until(lambda: wrong.said.count(said) >= 2)  # its dispatcher and its worker
        assert said not in right.said
    stage.look_at()


def test_processes_end_although_the_database_stands_still(
    stage: Stage, server: postgres.Server
) -> None:
    """The worker tries for half a minute to record what X has answered; then others find it out."""
    with hosts(stage, one={}) as (host,):
        before = _drafts(stage, 1)
        until(stage.has_published(*before))
        stage.answer_slowly(createPosts=2)
        stage.draft("under-way", 1)
        stage.draft("afterwards", 6)
        stage.queue()
        until(stage.has_sent("This is under-way."))
        with server.frozen():
            host.terminate()
            for process in host.processes:
                assert process.wait(2 * PATIENCE) == 0
    with hosts(stage, two={}):
        until(stage.has_published("under-way", "afterwards"), 2 * PATIENCE)
    assert {str(d.state) for d in stage.deliveries()} == {State.PUBLISHED}
    stage.look_at()
