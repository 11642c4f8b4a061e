"""Files that somebody committed decide nothing about what git does when we call it."""

import os
import subprocess
from pathlib import Path

import pytest

from publisher.base import git
from publisher.doctor import machine
from publisher.drafts.check import check
from publisher.settings import settings
from tests.support.workspaces import Workspace

SETTINGS = """\
language = "fr"
[accounts.bice-site]
channel = "site"
"""


def run(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, timeout=30)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A working tree with a stale translation, and secrets that git does not have."""
    workspace = Workspace(tmp_path / "campaign", SETTINGS)
    workspace.draft("a.fr", "to: bice-site", "Le texte.")
    workspace.draft("a.es", "to: bice-site", "El texto.")
    run(workspace.path, "init", "--quiet")
    run(workspace.path, "add", ".")
    run(workspace.path, "commit", "--quiet", "--message", "A step")
    workspace.draft("a.fr", "to: bice-site", "Un autre texte.")
    secrets = workspace.path / "secrets.toml"
    secrets.write_text("")
    secrets.chmod(0o600)
    return workspace


def plant(folder: Path, trap: Path) -> None:
    """A bare repository whose configuration runs a program, as files that git would commit."""
    run(folder.parent, "init", "--quiet", "--bare", str(folder))
    ours = (f"--git-dir={folder}", f"--work-tree={folder}")
    (folder / "bait.txt").write_text("bait")
    run(folder, *ours, "add", "bait.txt")
    run(folder, *ours, "commit", "--quiet", "--message", "Trap")
    command = f"\"sh -c 'touch {trap}; cat'\""
    (folder / "config").write_text(
        f"[core]\n\tbare = false\n\tworktree = {folder}\n\tfsmonitor = {command}\n"
        f'[filter "x"]\n\tclean = {command}\n'
    )
    (folder / ".gitattributes").write_text("* filter=x\n")
    os.utime(folder / "bait.txt", (1, 1))  # so that git looks into it again


def found(workspace: Workspace) -> set[str]:
    return {problem.code for problem in check(settings.load(workspace.path, {}))[1]}


@pytest.mark.parametrize("place", ["posts", "."])
def test_a_repository_among_the_files_runs_nothing(
    workspace: Workspace, tmp_path: Path, place: str
) -> None:
    trap = tmp_path / "trap"
    plant(workspace.path / place, trap)
    assert "stale-translation" in found(workspace)
    subjects = {finding.message for finding in machine.examine(settings.load(workspace.path, {}))}
    assert "Only its owner may read it, and git does not have it." in subjects
    assert not trap.exists()


@pytest.mark.parametrize("place", ["posts", "posts/lima", "posts/media/x", "posts/.hidden/y"])
def test_check_names_a_repository_among_the_files(
    workspace: Workspace, tmp_path: Path, place: str
) -> None:
    folder = workspace.path / place
    folder.mkdir(parents=True, exist_ok=True)
    plant(folder, tmp_path / "trap")
    problems = check(settings.load(workspace.path, {}))[1]
    assert [p.file for p in problems if p.code == "repository"] == [f"{place}/"]


def test_drafts_that_are_a_working_tree_themselves_are_none(workspace: Workspace) -> None:
    (workspace.path / ".git").rename((workspace.path / "posts") / ".git")
    assert "repository" not in found(workspace)


def test_a_program_of_the_operators_gets_none_of_our_environment(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a filter of the real configuration."""
    monkeypatch.setenv("PUBLISHER_ACCOUNTS__BICE_SITE__API_KEY", "hunter2")
    told = tmp_path / "told"
    run(workspace.path, "config", "filter.x.clean", f"sh -c 'env > {told}; cat'")
    ((workspace.path / "posts") / ".gitattributes").write_text("* filter=x\n")
    found(workspace)
    assert "hunter2" not in told.read_text()


def test_what_git_cannot_tell_of_the_secrets_is_not_told_as_good(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    subjects = {finding.message for finding in machine.examine(settings.load(workspace.path, {}))}
    assert "git does not say whether it has this file." in subjects


def test_a_link_is_told_by_its_own_name(workspace: Workspace) -> None:
    (workspace.path / "var").symlink_to("/nowhere")
    run(workspace.path, "add", "var")
    assert git.tracked(workspace.path / "var") == ["var"]
    assert git.tracked(Path("/")) == []


def test_git_is_called_in_one_place(pytestconfig: pytest.Config) -> None:
    """The others would have to know all that this one does."""
    package = pytestconfig.rootpath / "publisher"
    callers = {path.name for path in package.rglob("*.py") if '"git"' in path.read_text()}
    assert callers == {"git.py"}
