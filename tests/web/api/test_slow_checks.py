"""While a check is slow, everything else answers, and everything can be paused."""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from publisher.app import Application
from publisher.base.process_pool import ProcessPool
from publisher.drafts import check_process
from tests.support import system
from tests.support.pages import Visit
from tests.support.waiting import wait_for
from tests.support.workspaces import Workspace
from tests.web.api.conftest import Make, Program

pytestmark = [pytest.mark.deep, pytest.mark.guards("publisher.drafts.check_process")]

_SIZE = 90_000
_PLAIN = ("Le Conseil des droits de l'homme. " * 9_000)[:_SIZE]
_HOSTILE = ("[a](" * _SIZE)[:_SIZE]
_ENDLESS = (
    "import re, sys\n"
    "from publisher.drafts import check_process, lint\n"
    "real = lint.Linter.problems\n"
    "def slow(self, post, recipients):\n"
    "    if 'endless' in str(post.texts):\n"
    "        re.match('(a|a)*$', 'a' * 99 + 'b')\n"  # for years, in one call
    "    return real(self, post, recipients)\n"
    "lint.Linter.problems, check_process._PROCESSOR = slow, 600\n"
    "check_process._serve(sys.stdin.buffer, sys.stdout.buffer)\n"
)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessPool]:
    """Checks whose children never come to an end with a text that says so."""
    pool = ProcessPool(check_process._MODULE, check_process._CHECKERS._most)
    pool.program = (sys.executable, "-P", "-c", _ENDLESS)
    monkeypatch.setattr(check_process, "_CHECKERS", pool)
    yield pool
    pool.interrupt()
    pool.end()


def _check(program: Program, text: str) -> httpx.Response:
    values = {"to": ["bice-x"], "lang": "fr", "texts": {"": [text]}}
    return program.client.post("/checks", json=values, timeout=300)


def test_everything_can_be_paused_while_checks_are_slow(
    app: Application, manager: Visit, program: Make, pool: ProcessPool
) -> None:
    """As many as one person may ask for with a token, less the one that a page needs."""
    many = pool._most - 1
    with ThreadPoolExecutor(many) as threads:
        slow = [threads.submit(_check, program(), "endless") for _ in range(many)]
        try:
            wait_for(lambda: len([child for child in pool.busy if child.process]) == many)
            for page in (
                "/healthz",
                "/",
                "/calendar",
                "/posts/day.fr",
                "/accounts",
                "/log",
                "/pause",
            ):
                assert manager.get(page).status_code in (200, 503), page
            assert _check(program("chef"), "Bonjour.").json()["problems"] is not None
            manager.send("/pause", reason="Stop")
            assert app.control.stop(None)
            assert not any(one.done() for one in slow), "they are under way all the time"
        finally:
            pool.interrupt()
        for one in slow:
            answer = one.result()
            assert answer.status_code == 409
            assert "could not be checked" in answer.json()["detail"]


@contextmanager
def _served(app: Application, log: Path) -> Iterator[str]:
    """By a process of its own, as in earnest."""
    port = system.free_port()
    more = {"PUBLISHER_WORKSPACE": str(app.settings.workspace), "PUBLISHER_WEB__PORT": str(port)}
    command = [sys.executable, "-m", "publisher.web"]
    with (
        log.open("wb") as file,
        subprocess.Popen(
            command, env={**os.environ, **more}, stdout=file, stderr=subprocess.STDOUT
        ) as process,
    ):
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(lambda: _answers(address), 60)
            yield address
        finally:
            process.terminate()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").status_code > 0
    except httpx.TransportError:
        return False


@contextmanager
def _probing(address: str) -> Iterator[list[float]]:
    """How long /healthz took again and again meanwhile, in seconds."""
    took: list[float] = []
    is_over = threading.Event()

    def probe() -> None:
        with httpx.Client(timeout=300) as client:
            while not is_over.is_set():
                begin = time.monotonic()
                client.get(f"{address}/healthz")
                took.append(time.monotonic() - begin)
                is_over.wait(0.02)

    thread = threading.Thread(target=probe)
    thread.start()
    try:
        yield took
    finally:
        is_over.set()
        thread.join()


def _measured(address: str, program: Program, text: str) -> tuple[float, float]:
    """How long a check took, in the median of some, and nine in ten of /healthz beside it.

    Not the longest: one that a busy machine kept waiting says nothing of the checks.
    """
    took = []
    with _probing(address) as probes:
        for _ in range(5):
            begin = time.monotonic()
            assert _check(program, text).status_code == 200
            took.append(time.monotonic() - begin)
    return statistics.median(took), statistics.quantiles(probes, n=10)[-1]


def test_a_hostile_text_takes_hardly_longer_than_another_and_nobody_waits_for_it(
    app: Application, workspace: Workspace, tmp_path: Path, program: Make
) -> None:
    """90,000 characters of `[a](` kept all pages waiting for 83 seconds."""
    workspace.write("posts/long.fr.md", f"---\nto: [bice-x]\n---\n{_HOSTILE}")
    with _served(app, tmp_path / "web.log") as address:
        other = Program(address, program().secret)
        with closing(other.client):
            _measured(address, other, "Bonjour.")  # all is loaded
            plain, beside_plain = _measured(address, other, _PLAIN)
            hostile, beside_hostile = _measured(address, other, _HOSTILE)
    told = f"{plain=:.3f} {hostile=:.3f} {beside_plain=:.3f} {beside_hostile=:.3f}"
    assert hostile < 10 * max(plain, 0.05), told
    assert beside_hostile < 10 * max(beside_plain, 0.02), told
