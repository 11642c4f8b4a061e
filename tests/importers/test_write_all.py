"""All drafts of an import are written, or none; nothing is overwritten, nothing comes twice."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from publisher.base.errors import StorageError
from publisher.importers import Import, write
from publisher.settings import settings
from tests.importers.conftest import Bring, told
from tests.support.workspaces import Workspace

ROWS = "2016-03-07 08:30,Bonjour\n2016-03-08 08:30,Bonsoir\n2016-03-09 08:30,Salut\n"


def files(workspace: Workspace) -> list[str]:
    posts = workspace.path / "posts"
    return sorted(path.relative_to(posts).as_posix() for path in posts.rglob("*"))


def put(workspace: Workspace, found: Import) -> None:
    write(settings.load(workspace.path, {}), found)


def test_drafts_get_their_places_and_nothing_else_is_left(
    bring: Bring, workspace: Workspace
) -> None:
    put(workspace, bring("hootsuite", ROWS))
    assert files(workspace) == [
        "2016-03-07-bonjour.fr.md",
        "2016-03-08-bonsoir.fr.md",
        "2016-03-09-salut.fr.md",
        "session.yaml",
    ]


def test_the_same_file_again_says_so(bring: Bring, workspace: Workspace) -> None:
    """Also where the drafts were edited, moved, or the file got another name and more rows."""
    put(workspace, bring("hootsuite", ROWS))
    workspace.edit("2016-03-07-bonjour.fr.md", "Bonjour", "Bonjour à toutes")
    posts = workspace.path / "posts"
    (posts / "lima").mkdir()
    (posts / "2016-03-08-bonsoir.fr.md").rename(posts / "lima/b.md")
    found = bring("hootsuite", ROWS + "2016-03-10 08:30,Enfin\n", name="plan-2.csv")
    assert told(found) == [
        ("already-imported", 1, 1),
        ("already-imported", 2, 1),
        ("already-imported", 3, 1),
    ]
    assert "as posts/lima/b.md." in found.problems[1].message
    assert [draft.file for draft in found.drafts] == ["2016-03-10-enfin.fr.md"]


def test_the_same_text_for_another_account_is_another_post(
    bring: Bring, workspace: Workspace
) -> None:
    rows = "Texte,Date,Canal\nBonjour,2016-03-07 08:30,X\n"
    put(workspace, bring(None, rows, to=()))
    found = bring(None, rows + "Bonjour,2016-03-07 08:30,Facebook\n", to=())
    assert told(found) == [("already-imported", 2, 1)]
    assert [draft.item.to for draft in found.drafts] == [("Facebook",)]


def test_a_taken_name_gets_a_number(bring: Bring, workspace: Workspace) -> None:
    """Whatever the case of its letters; what is there stays."""
    mine = workspace.write("posts/2016-03-07-Bonjour.fr.md", "mine")
    put(workspace, bring("hootsuite", "2016-03-07 08:30,Bonjour\n2016-03-07 09:30,bonjour !\n"))
    assert [name for name in files(workspace) if name.endswith(".md")] == [
        "2016-03-07-Bonjour.fr.md",
        "2016-03-07-bonjour-2.fr.md",
        "2016-03-07-bonjour-3.fr.md",
    ]
    assert mine.read_text() == "mine"


def test_a_draft_that_somebody_made_meanwhile_stays(bring: Bring, workspace: Workspace) -> None:
    """And those of the import that had their places already go again."""
    found = bring("hootsuite", ROWS)
    mine = workspace.write("posts/2016-03-09-salut.fr.md", "mine")
    with pytest.raises(StorageError, match="File exists") as raised:
        put(workspace, found)
    assert "Nothing was imported." in (raised.value.hint or "")
    assert files(workspace) == ["2016-03-09-salut.fr.md", "session.yaml"]
    assert mine.read_text() == "mine"


def test_a_full_disk_leaves_nothing(
    bring: Bring, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the drafts are written, and while they get their places."""
    found = bring("hootsuite", ROWS)
    for name, allowed in (("fsync", 1), ("link", 2)):
        calls = iter([getattr(os, name)] * allowed)

        def work_or_fail(*arguments: Any, calls: Any = calls) -> Any:
            for call in calls:
                return call(*arguments)
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, name, work_or_fail)
        monkeypatch.setattr(Path, "open", _full_when("xb", Path.open))
        with pytest.raises(StorageError, match="No space left"):
            put(workspace, found)
        monkeypatch.undo()
        assert files(workspace) == ["session.yaml"]


def _full_when(mode: str, real: Any) -> Any:
    def opened(path: Path, *arguments: Any, **options: Any) -> Any:
        if arguments[:1] == (mode,):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return real(path, *arguments, **options)

    return opened


def test_an_interruption_leaves_nothing(
    bring: Bring, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = bring("hootsuite", ROWS)
    real, calls = os.link, []

    def link(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(*arguments)

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(KeyboardInterrupt):
        put(workspace, found)
    assert files(workspace) == ["session.yaml"]


def test_a_disk_without_hard_links_is_written_all_the_same(
    bring: Bring, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*arguments: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    put(workspace, bring("hootsuite", ROWS))
    assert len(files(workspace)) == 4
    assert "Bonjour" in (workspace.path / "posts/2016-03-07-bonjour.fr.md").read_text()


def test_posts_that_cannot_be_written_to(bring: Bring, workspace: Workspace) -> None:
    found = bring("hootsuite", ROWS)
    for path in (workspace.path / "posts").iterdir():
        path.unlink()
    (workspace.path / "posts").rmdir()
    with pytest.raises(StorageError, match="cannot be written"):
        put(workspace, found)
