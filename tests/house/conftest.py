"""The house's own files, and a way to run pytest inside a test."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RunPytest = Callable[[str], str]


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the repository."""
    return Path(__file__).parents[2]


@pytest.fixture
def run_pytest(root: Path, tmp_path: Path) -> RunPytest:
    """Run pytest over the text of a test file, with the conftest of all tests; gives its output."""

    def run(test_file: str) -> str:
        path = tmp_path / "test_inner.py"
        path.write_text(test_file)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider",
             "-c", "/dev/null", "--rootdir", tmp_path, path],
            cwd=root, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return done.stdout

    return run
