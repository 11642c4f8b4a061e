"""The biggest drafts, answers and pictures: a bounded memory, and a bounded time."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_is_as_big_as_it_may_be_needs_bounded_memory_and_time() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.heavy", "quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "picture: a text of many megabytes" in done.stdout
