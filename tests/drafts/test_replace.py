"""A file that people wrote is replaced as a whole, and nothing else is written."""

import fcntl
import os
import stat
import tempfile
from pathlib import Path

import pytest

from publisher.base.errors import StorageError
from publisher.drafts import replace as replacing
from publisher.drafts.replace import replace
from tests.drafts.drafts import Workspace


def test_a_planted_link_is_not_written_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by the number of the process, which can be guessed, nor where the name is known."""
    victim = tmp_path / "secrets.toml"
    victim.write_text("hunter2")
    victim.chmod(0o600)
    draft = tmp_path / "a.fr.md"
    draft.write_text("old")
    (tmp_path / f".a.fr.md.{os.getpid()}").symlink_to(victim)
    replace(draft, "a.fr.md", b"old", b"new")
    assert draft.read_text() == "new"
    assert not draft.is_symlink()
    names = iter(["known", "another"])
    monkeypatch.setattr(tempfile, "_get_candidate_names", lambda: names)
    (tmp_path / ".a.fr.md.known.part").symlink_to(victim)
    replace(draft, "a.fr.md", b"new", b"newer")
    assert (draft.read_text(), victim.read_text()) == ("newer", "hunter2")
    assert stat.S_IMODE(victim.stat().st_mode) == 0o600


def test_what_is_locked_for_long_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replacing, "_PATIENCE", 0.1)
    draft = tmp_path / "a.fr.md"
    draft.write_text("old")
    with draft.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StorageError, match="another process has locked it"):
            replace(draft, "a.fr.md", b"old", b"new")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.fr.md", "old")]
    replace(draft, "a.fr.md", b"old", b"new")
    assert draft.read_text() == "new"


def test_a_hidden_link_is_warned_of(workspace: Workspace) -> None:
    (workspace.posts / ".a.fr.md.1234").symlink_to("../secrets.toml")
    (problem,) = workspace.load().problems
    assert (problem.code, problem.file, problem.severity) == (
        "symbolic-link",
        "posts/.a.fr.md.1234",
        "warning",
    )
