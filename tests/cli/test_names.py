"""What a file's name says is no line of its own, and a program that is not ours gets no secret."""

import os
import sys
from functools import partial
from pathlib import Path

import pytest

from publisher.base.process import bare_environment
from publisher.running.child_process import Child
from tests.cli.runner import Cli
from tests.support.waiting import wait_for


def test_a_line_break_in_a_file_s_name_begins_no_line(cli: Cli, workspace: Path) -> None:
    """In a log of CI it would be a command."""
    (workspace / "posts" / "nl\n::error::injected.fr.md").write_text("---\nto: bice-x\n---\nx\n")
    for form in ("text", "github"):
        result = cli("check", "--format", form)
        lines = (result.out + result.err).splitlines()
        assert not [line for line in lines if line.startswith("::error::injected")], form


def test_a_stranger_among_the_programs_gets_no_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_ACCOUNTS__BICE_X__API_KEY", "hunter2")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    assert "hunter2" not in bare_environment().values()
    command = [sys.executable, "-c", "import os; print(sorted(os.environ))"]
    for stranger in (True, False):
        log = tmp_path / f"{stranger}.log"
        child = Child("broker", command, log, stranger=stranger)
        child.start()
        wait_for(partial(_has_ended, child))
        assert ("PUBLISHER_ACCOUNTS__BICE_X__API_KEY" in log.read_text()) is not stranger
    assert os.environ["PATH"] == bare_environment()["PATH"]


def _has_ended(child: Child) -> bool:
    return not child.running
