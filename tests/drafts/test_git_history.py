"""Which translations are older than their source, by the history of a real repository."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.base import git as base_git
from publisher.drafts.check import check
from publisher.settings import settings
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards("publisher.drafts.translations")

SETTINGS = """\
language = "fr"
[accounts.bice-x]
channel = "twitter"
[accounts.bice-site]
channel = "site"
"""
FRONT = "to: bice-site"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """In a folder of a repository, with a French source and its Spanish translation committed."""
    workspace = Workspace(tmp_path / "campaign", SETTINGS)
    git(tmp_path, "init", "--quiet")
    workspace.draft("lima/a.fr", FRONT, "Le texte.")
    workspace.draft("lima/a.es", FRONT, "El texto.")
    commit(workspace)
    return workspace


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, timeout=30)


def commit(workspace: Workspace) -> None:
    git(workspace.path, "add", ".")
    git(workspace.path, "commit", "--quiet", "--message", "A step")


def stale(workspace: Workspace) -> list[str]:
    _, problems = check(settings.load(workspace.path, {}))
    assert {problem.code for problem in problems} <= {"stale-translation"}
    return [problem.file for problem in problems]


def test_together_they_are_fresh(workspace: Workspace) -> None:
    assert stale(workspace) == []


def test_a_source_that_changed_later_makes_its_translation_stale(workspace: Workspace) -> None:
    workspace.draft("lima/a.fr", FRONT, "Un autre texte.")
    assert stale(workspace) == ["posts/lima/a.es.md"]
    commit(workspace)
    assert stale(workspace) == ["posts/lima/a.es.md"]


def test_a_translation_that_followed_is_fresh(workspace: Workspace) -> None:
    """Also before it is committed."""
    workspace.draft("lima/a.fr", FRONT, "Un autre texte.")
    commit(workspace)
    workspace.draft("lima/a.es", FRONT, "Otro texto.")
    assert stale(workspace) == []
    commit(workspace)
    assert stale(workspace) == []


@pytest.mark.parametrize(
    ("front", "text"), [(f"{FRONT}\nat: 2016-03-07 08:30", "Le texte."), (FRONT, "le  texte :\n")]
)
def test_another_time_or_punctuation_is_no_other_text(
    workspace: Workspace, front: str, text: str
) -> None:
    workspace.draft("lima/a.fr", front, text)
    commit(workspace)
    assert stale(workspace) == []


def test_the_source_may_take_back_its_change(workspace: Workspace) -> None:
    workspace.draft("lima/a.fr", FRONT, "Un autre texte.")
    commit(workspace)
    workspace.draft("lima/a.fr", FRONT, "Le texte.")
    commit(workspace)
    assert stale(workspace) == []


def test_a_draft_that_came_first_is_no_translation(workspace: Workspace) -> None:
    """Lima wrote it, and the French came later."""
    workspace.draft("b.es", FRONT, "Desde Lima.")
    commit(workspace)
    workspace.draft("b.fr", FRONT, "Depuis Lima.")
    assert stale(workspace) == []
    commit(workspace)
    assert stale(workspace) == []


def test_the_session_says_which_language_is_the_source(workspace: Workspace) -> None:
    workspace.edit("session.yaml", "defaults: {", "defaults: {lang: es, ")
    workspace.draft("lima/a.es", FRONT, "Otro texto.")
    assert stale(workspace) == ["posts/lima/a.fr.md"]


def test_without_a_draft_in_that_language_there_is_no_source(workspace: Workspace) -> None:
    workspace.draft("c.pl", FRONT, "Tekst.")
    workspace.draft("c.es", FRONT, "Texto.")
    commit(workspace)
    workspace.draft("c.es", FRONT, "Otro texto.")
    assert stale(workspace) == []


def test_it_can_be_ignored(workspace: Workspace) -> None:
    """By a draft, or by the workspace."""
    workspace.draft("lima/a.es", f"{FRONT}\nignore: stale-translation", "El texto.")
    workspace.draft("b.fr", FRONT, "Bonsoir.")
    workspace.draft("b.es", FRONT, "Buenas noches.")
    commit(workspace)
    workspace.draft("lima/a.fr", FRONT, "Un autre texte.")
    workspace.draft("b.fr", FRONT, "Bonjour.")
    assert stale(workspace) == ["posts/b.es.md"]
    workspace.write("publisher.toml", f'{SETTINGS}[lint]\nignore = ["stale-translation"]\n')
    assert stale(workspace) == []


def test_git_is_asked_about_this_repository_also_in_a_hook(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook's GIT_DIR and GIT_INDEX_FILE are relative to another folder."""
    workspace.draft("lima/a.fr", FRONT, "Un autre texte.")
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert stale(workspace) == ["posts/lima/a.es.md"]


def without_commits(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    (workspace.path.parent / ".git").rename(workspace.path.parent / "was.git")
    git(workspace.path.parent, "init", "--quiet")


def without_a_repository(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    (workspace.path.parent / ".git").rename(workspace.path.parent / "was.git")


def without_git(_workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("PATH", "")


def without_time(_workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(base_git, "_PATIENCE", 0)


@pytest.mark.parametrize(
    "take_away", [without_commits, without_a_repository, without_git, without_time]
)
def test_where_there_is_no_history_nothing_is_said(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    take_away: Callable[[Workspace, pytest.MonkeyPatch], None],
) -> None:
    workspace.draft("lima/a.fr", FRONT, "Un autre texte.")
    take_away(workspace, monkeypatch)
    assert stale(workspace) == []


def test_where_nobody_may_look_there_is_no_history(tmp_path: Path) -> None:
    """`check` says that the folder cannot be read."""
    assert base_git.root_of(tmp_path / ("x" * 300)) is None  # a name that no file system takes
