"""A channel of another distribution needs no edit of ours."""

import os
import subprocess
import sys
from pathlib import Path

BOARD = Path(__file__).parent / "board"
ROOT = Path(__file__).parents[2]


def test_a_channel_of_another_distribution_is_one_like_ours(tmp_path: Path) -> None:
    """Installed by its own pyproject: it is published to, checked, previewed, reported, documented."""
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
         "--no-build-isolation", "--disable-pip-version-check", "--target", tmp_path, BOARD],
        check=True, timeout=120, capture_output=True,
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", BOARD / "installed.py"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=ROOT, check=False, timeout=240, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
