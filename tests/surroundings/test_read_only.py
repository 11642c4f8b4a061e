"""A `var/` that cannot be written, from the start or from some moment on."""

import os
import signal

import pytest

from tests.surroundings.conftest import ReadOnly
from tests.surroundings.stage import PATIENCE, Stage, until


@pytest.mark.parametrize("words", [("run",), ("queue",), ("pause", "--reason", "x"), ("status",)])
def test_a_read_only_var_is_named_with_the_remedy(
    stage: Stage, read_only: ReadOnly, words: tuple[str, ...]
) -> None:
    stage.draft("later", 3600)
    with read_only(stage.var):
        done = stage.command(*words)
    assert done.returncode == 3
    assert f"error: {stage.var}/" in done.stderr
    assert "hint: Check free space and permissions" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_var_that_becomes_read_only_ends_the_run_with_its_name_and_loses_nothing(
    stage_of_its_own: Stage, read_only: ReadOnly
) -> None:
    """The website cannot be written, and a worker that dies cannot start again; after a restart
    with a var/ that can be written, everything goes out.
    """
    stage = stage_of_its_own
    with stage.run() as run:
        stage.draft("page", 4, to="bice-site")
        stage.draft("later", 12)
        stage.queue()
        with read_only(stage.var):
            until(lambda: _waits_for_its_folder(stage))
            os.kill(run.children()["worker"], signal.SIGKILL)
            assert run.process.wait(PATIENCE) == 3
        assert f"error: {stage.var}/log/worker-1.log cannot be written" in run.screen
        assert "hint: Check free space and permissions" in run.screen
    with stage.run() as run:
        until(stage.has_published("page", "later"))
        run.end()
    stage.look_at()


def _waits_for_its_folder(stage: Stage) -> bool:
    (page,) = (delivery for delivery in stage.deliveries() if delivery.post == "page")
    return "folder cannot be used" in str(page.error_message)
