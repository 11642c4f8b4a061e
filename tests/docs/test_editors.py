"""What docs/editors.md lets an editor do works on what `publisher check` really prints."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from publisher.base.i18n import LANGUAGES
from tests.docs.conftest import DOCS, fences
from tests.support.workspaces import Workspace


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_task_finds_every_problem_that_check_prints(tmp_path: Path, language: str) -> None:
    """In a terminal, as an editor has it; also in a file with spaces and colons in its name."""
    workspace = Workspace(tmp_path)
    workspace.draft("a", "att: x\nto: bice-x", "@UNICEF #droitsdelenfant")
    workspace.draft("lima/b 1: c", "at: never\nto: nobody")
    page = (DOCS / "editors.md").read_text(encoding="utf-8")
    (text,) = (fence.text for fence in fences(page) if fence.name == ".vscode/tasks.json")
    (task,) = json.loads(text)["tasks"]
    command = [sys.executable, "-m", "publisher", *task["command"].split()[1:]]
    spoken = {**os.environ, "PUBLISHER_LANGUAGE": language}
    printed = _on_a_terminal(command, tmp_path, {**spoken, **task["options"]["env"]})
    as_json = subprocess.run(
        [*command, "--json"], cwd=tmp_path, env=spoken, capture_output=True, check=False, timeout=60
    ).stdout
    keys = ("file", "line", "column", "severity", "message", "code")
    problems = json.loads(as_json)
    assert len(problems) >= 5
    assert {problem["severity"] for problem in problems} == {"error", "warning"}
    assert sorted(_matched(task["problemMatcher"], printed)) == sorted(
        tuple(str(problem[key]) for key in keys) for problem in problems
    )


def _on_a_terminal(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    """What a command prints there."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        command, cwd=folder, env=dict(environment), stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    printed = b""
    try:
        while piece := os.read(ours, 65_536):
            printed += piece
    except OSError:  # so Linux tells that the other end is closed
        pass
    finally:
        os.close(ours)
    assert process.wait(timeout=60) == 1
    return printed.decode()


def _matched(
    matchers: Sequence[Mapping[str, Any]], printed: str
) -> Iterator[tuple[str, str, str, str, str, str]]:
    for matcher in matchers:
        pattern = matcher["pattern"]
        for line in printed.splitlines():
            if match := re.match(pattern["regexp"], line):
                file, number, column, message, code = (
                    match[pattern[key]] for key in ("file", "line", "column", "message", "code")
                )
                yield file, number, column, matcher["severity"], message, code
