"""The ledger's file is deleted, or another put in its place, while everything is at work."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.base.errors import LedgerGone
from publisher.settings.settings import load
from tests.support.waiting import wait_for
from tests.surroundings.stage import PATIENCE, Stage, until


def _delete(var: Path) -> None:
    """`rm var/publisher.db*`."""
    for path in var.glob("publisher.db*"):
        path.unlink()


def _replace(var: Path) -> None:
    """A copy from before, put over it without `publisher restore`."""
    shutil.copy(var / "publisher.db", var / "copy.db")
    (var / "copy.db").replace(var / "publisher.db")


def _clean(var: Path) -> None:
    """`git clean -fdx`: `var/` is ignored."""
    shutil.rmtree(var)


@pytest.fixture
def stage(stage_of_its_own: Stage) -> Stage:
    stage_of_its_own.queue()
    return stage_of_its_own


DEEDS: dict[str, Callable[[Path], None]] = {
    "deleted": _delete, "replaced": _replace, "cleaned": _clean,
}  # fmt: skip


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_more_goes_out_and_the_run_ends_and_says_why(stage: Stage, deed: str) -> None:
    """What went out afterwards, no ledger would know: after the next `queue` it were out twice."""
    with stage.run() as run:
        for number in range(3):
            stage.draft(f"soon-{number}", 12 + number / 2)
            stage.draft(f"soon-page-{number}", 12 + number / 2, to="bice-page")
        stage.queue()
        due = time.monotonic() + 15
        # Some are claimed and prepared by now: those must not leave either.
        until(lambda: any(d.state == "publishing" for d in stage.deliveries()))
        DEEDS[deed](stage.var)
        assert run.process.wait(PATIENCE) == 3, run.screen
        assert not run.children()
        assert "publisher.db was deleted or replaced while it was in use." in run.screen
        assert " restore FILE`" in run.screen
    until(lambda: time.monotonic() > due)
    texts = {post["text"] for post in stage.sandbox.state()["posts"] if post["published"]}
    assert texts == {"This is first-1."}


def test_no_second_run_starts_beside_one_whose_lock_was_deleted(stage: Stage) -> None:
    with stage.run() as run:
        run.process.send_signal(signal.SIGSTOP)  # so that it cannot end meanwhile
        try:
            _clean(stage.var)
            second = stage.command("run", "--no-web", "--until-idle")
        finally:
            run.process.send_signal(signal.SIGCONT)
        assert second.returncode == 3
        assert " run` is already running in this workspace." in second.stderr
        assert run.process.wait(PATIENCE) == 3


def test_the_web_pages_end_and_say_why(stage: Stage) -> None:
    with stage.app() as app:
        app.database.migrate()
    log = stage.folder / "web.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "publisher", "--workspace", str(stage.folder), "web", "--port", "18471"],
            env={**os.environ, **stage.environment}, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_for(lambda: _answers("http://127.0.0.1:18471/login") or process.poll() is not None, 60)
        assert process.poll() is None, log.read_text()
        _delete(stage.var)
        assert process.wait(PATIENCE) == 3
    finally:
        process.kill()
        process.wait()
    assert "publisher.db was deleted or replaced while it was in use." in log.read_text()
    assert "Traceback" not in log.read_text()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.parametrize("deed", ["deleted", "replaced"])
def test_no_transaction_begins_or_is_committed_in_a_file_that_is_gone(
    stage: Stage, deed: str
) -> None:
    app = Application(load(stage.folder, stage.environment), stage.clock)
    try:
        app.database.migrate()
        with pytest.raises(LedgerGone), app.database.write():
            DEEDS[deed](stage.var)
        for transaction in (app.database.read, app.database.write):
            with pytest.raises(LedgerGone), transaction():
                raise AssertionError("it began")
        with pytest.raises(LedgerGone):
            app.database.check_revision()
    finally:
        app.close()


def test_signals_that_mean_nothing_end_nothing(stage: Stage) -> None:
    with stage.run() as run:
        run.process.send_signal(signal.SIGUSR1)
        run.process.send_signal(signal.SIGUSR2)
        stage.draft("after", 0, to="bice-page")
        stage.queue()
        until(stage.has_published("after"))
        run.end()
