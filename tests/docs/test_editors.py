"""What docs/editors.md lets an editor do works on what `publisher check` really prints."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.docs.conftest import DOCS, fences
from tests.support.workspaces import Workspace


def test_the_task_finds_every_problem_that_check_prints(tmp_path: Path) -> None:
    """Also in a file with spaces and colons in its name."""
    workspace = Workspace(tmp_path)
    workspace.draft("a", "att: x\nto: bice-x", "@UNICEF #droitsdelenfant")
    workspace.draft("lima/b 1: c", "at: never\nto: nobody")
    page = (DOCS / "editors.md").read_text(encoding="utf-8")
    (text,) = (fence.text for fence in fences(page) if fence.name == ".vscode/tasks.json")
    (task,) = json.loads(text)["tasks"]
    pattern = task["problemMatcher"]["pattern"]
    command = [sys.executable, "-m", "publisher", *task["command"].split()[1:]]
    printed, as_json = (
        subprocess.run(
            [*command, *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        ).stdout
        for options in ((), ("--json",))
    )
    keys = ("file", "line", "column", "severity", "message", "code")
    found = [
        tuple(match[pattern[key]] for key in keys)
        for line in printed.splitlines()
        if (match := re.match(pattern["regexp"], line))
    ]
    problems = json.loads(as_json)
    assert len(problems) >= 5
    assert found == [tuple(str(problem[key]) for key in keys) for problem in problems]
