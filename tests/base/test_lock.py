"""One process at work in a workspace, whoever looks meanwhile."""

import fcntl
import os
import stat
import time
from pathlib import Path

import pytest

from publisher.base.errors import AlreadyRunning
from publisher.base.lock import ensure_free, locked

_WHAT = "`publisher run`"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "run.lock"


def test_who_looks_sees_who_is_at_work(path: Path) -> None:
    ensure_free(path, _WHAT)
    assert not path.exists()
    with locked(path, _WHAT), pytest.raises(AlreadyRunning, match=rf"process {os.getpid()}\)"):
        ensure_free(path, _WHAT)
    ensure_free(path, _WHAT)


def test_who_looks_keeps_nobody_from_starting(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor from looking as well."""
    with locked(path, _WHAT):
        pass
    looking = os.open(path, os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    ensure_free(path, _WHAT)
    monkeypatch.setattr(time, "sleep", lambda _seconds: fcntl.flock(looking, fcntl.LOCK_UN))
    with locked(path, _WHAT):
        assert path.read_text() == f"{os.getpid()}\n"
    os.close(looking)


def test_nobody_else_can_take_a_lock(tmp_path: Path) -> None:
    """Whoever may open the file may lock it, and nothing would run."""
    (tmp_path / "run.lock").touch(mode=0o644)  # as an older version left it
    with locked(tmp_path / "run.lock", "`publisher run`"):
        assert stat.S_IMODE((tmp_path / "run.lock").stat().st_mode) == 0o600
