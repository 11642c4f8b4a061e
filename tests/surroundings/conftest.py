"""Where the tests of bad surroundings happen."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.surroundings.stage import Run, Stage

Disk = Callable[[Path, int], AbstractContextManager[None]]
ReadOnly = Callable[[Path], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A workspace that the tests of a module share."""
    with Stage(tmp_path_factory.mktemp("workspace")).serving() as made:
        made.queue()
        yield made


@pytest.fixture(scope="module")
def run(stage: Stage) -> Iterator[Run]:
    """`publisher run`, which the tests of a module share; it must end well when they are
    through.
    """
    with stage.run() as running:
        yield running
        running.end()


@pytest.fixture
def stage_of_its_own(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path).serving() as made:
        yield made


def _mount(*words: str) -> None:
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"this user may not mount anything here: {done.stderr.strip()}")


@contextmanager
def _mounted(folder: Path, *words: str) -> Iterator[None]:
    _mount(*words, str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def small_disk() -> Disk:
    """Lets a folder lie on a disk of so many bytes; skips where the user may not do that."""
    return lambda folder, size: _mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs")


@pytest.fixture
def read_only() -> ReadOnly:
    """Makes a folder and all in it read-only, for root too."""

    @contextmanager
    def made(folder: Path) -> Iterator[None]:
        if os.geteuid() == 0:
            # What is open stays as it was; whatever is opened from now on is read-only.
            with ExitStack() as stack:
                stack.enter_context(_mounted(folder, "--bind", str(folder)))
                _mount("-o", "remount,bind,ro", str(folder))
                yield
            return
        paths = [folder, *folder.rglob("*")]
        modes = {path: path.stat().st_mode for path in paths}
        for path in reversed(paths):
            path.chmod(modes[path] & ~0o222)
        try:
            yield
        finally:
            for path in paths:
                path.chmod(modes[path])

    return made
