"""What the last check and the last plan found is kept, and never given for another state."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from publisher import planning
from publisher.drafts import check as checking
from publisher.drafts import git_history, result_cache
from tests.cli.runner import Cli


@pytest.fixture
def posts(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Drafts, one of them with a problem; whatever is checked is kept, however young and quick."""
    monkeypatch.setattr(result_cache, "_GRAIN", -1.0)
    monkeypatch.setattr(result_cache, "_WORTH_KEEPING", 0.0)
    posts = workspace / "posts"
    (posts / "a.fr.md").write_text("---\nat: annual-day\n---\nBonjour.\n")
    (posts / "b.fr.md").write_text("---\nat: nowhere\n---\nBonsoir.\n")
    return posts


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each time that the drafts are really looked at."""
    found: list[int] = []
    check = checking.check

    def counted(*arguments: Any, **more: Any) -> object:
        found.append(len(found))
        return check(*arguments, **more)

    monkeypatch.setattr(checking, "check", counted)
    monkeypatch.setattr(planning, "check", counted)
    return found


def test_what_did_not_change_is_not_looked_at_again(
    cli: Cli, posts: Path, looks: list[int]
) -> None:
    first = cli("check")
    assert cli("check") == first
    assert cli("check", "--json").json[0]["code"] == "unknown-anchor"
    assert len(looks) == 1


def _edit(posts: Path) -> None:
    """To a text of the same length, with its old time of change."""
    path = posts / "a.fr.md"
    before = path.stat()
    path.write_text(path.read_text().replace("Bonjour", "Bonsoir"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _swap(posts: Path) -> None:
    (posts / "a.fr.md").rename(posts / "c.fr.md")
    (posts / "b.fr.md").rename(posts / "a.fr.md")
    (posts / "c.fr.md").rename(posts / "b.fr.md")


def _link(posts: Path) -> None:
    (posts / "link.fr.md").symlink_to(posts / "a.fr.md")


def _settings(posts: Path) -> None:
    path = posts.parent / "publisher.toml"
    path.write_text(path.read_text() + "[lint]\nignore = ['at-night']\n")


@pytest.mark.parametrize(
    "change",
    [
        _edit,
        _swap,
        _link,
        _settings,
        lambda posts: (posts / "b.fr.md").unlink(),
        lambda posts: (posts / "new").mkdir(),
        lambda posts: (posts / "a.fr.md").chmod(0o600),
        lambda posts: (posts / "session.yaml").write_text("name: Session\n"),
    ],
)
def test_any_change_leads_to_a_new_look(
    cli: Cli, posts: Path, looks: list[int], change: Callable[[Path], object]
) -> None:
    cli("check")
    change(posts)
    cli("check")
    assert len(looks) == 2


def test_another_language_or_commit_leads_to_a_new_look(
    cli: Cli, posts: Path, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    git = ["git", "-C", str(posts), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "--quiet", posts.parent], check=True)
    cli("check")
    subprocess.run([*git, "add", "."], check=True)
    cli("check")
    assert len(looks) == 2
    subprocess.run([*git, "commit", "--quiet", "--message", "a"], check=True)
    cli("check")
    assert len(looks) == 3
    monkeypatch.setenv("PUBLISHER_LANGUAGE", "fr")
    cli("check")
    assert len(looks) == 4


@pytest.mark.parametrize("content", [b"", b"{", b'["x", 1, []]', b"\xff"])
def test_a_damaged_answer_is_made_anew(
    cli: Cli, posts: Path, looks: list[int], content: bytes
) -> None:
    first = cli("check")
    (posts.parent / "var" / "check.json").write_bytes(content)
    assert cli("check") == first
    assert len(looks) == 2


def test_a_change_while_it_looks_is_not_missed(
    cli: Cli, posts: Path, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    check = checking.check

    def slow(*arguments: object) -> object:
        found = check(*arguments)  # type: ignore[arg-type]
        _edit(posts)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(checking, "check", slow)
        cli("check")
    cli("check")
    assert len(looks) == 2


def test_what_is_young_or_quick_is_not_kept(
    cli: Cli, posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system's clock could show the same time after another change."""
    kept = posts.parent / "var" / "check.json"
    for name, value in (("_GRAIN", 3600.0), ("_WORTH_KEEPING", 3600.0)):
        with monkeypatch.context() as patch:
            patch.setattr(result_cache, name, value)
            cli("check")
        assert not kept.exists()
    cli("check")
    assert kept.stat().st_mode & 0o777 == 0o600


def test_named_drafts_are_looked_at(cli: Cli, posts: Path, looks: list[int]) -> None:
    for _ in range(2):
        cli("check", "posts/a.fr.md")
    assert len(looks) == 2


@pytest.fixture
def queued(cli: Cli, posts: Path, looks: list[int]) -> Path:
    """A draft that is on the schedule, and was looked at twice."""
    (posts / "b.fr.md").unlink()
    assert "2 added" in cli("queue").out
    assert "Nothing to change" in cli("queue").out
    assert len(looks) == 2
    return posts


def test_an_unchanged_schedule_is_not_compared_again(
    cli: Cli, queued: Path, looks: list[int]
) -> None:
    assert "Nothing to change" in cli("queue").out
    assert cli("plan", "--json").json["changes"] == []
    assert len(looks) == 2


def test_what_changes_is_planned(cli: Cli, queued: Path, looks: list[int]) -> None:
    _edit(queued)
    assert "2 edited" in cli("plan").out
    assert "2 edited" in cli("queue").out


def test_what_was_refused_is_planned_anew(cli: Cli, posts: Path, looks: list[int]) -> None:
    """It may have been the clock."""
    assert cli("plan").code == 1
    assert cli("plan").code == 1
    assert len(looks) == 2


def test_a_clock_that_was_set_back_leads_to_a_new_plan(
    cli: Cli, queued: Path, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-02-28T08:00:00+01:00")
    cli("plan")
    assert len(looks) == 3


def test_what_git_did_not_tell_in_time_is_asked_again(
    cli: Cli, posts: Path, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    (posts / "a.en.md").write_text("---\nat: annual-day\n---\nGood morning.\n")
    subprocess.run(["git", "init", "--quiet", posts.parent], check=True)
    monkeypatch.setattr(git_history, "_PATIENCE", 0)
    cli("check")
    cli("check")
    assert len(looks) == 2


def test_what_became_of_the_schedule_is_seen(cli: Cli, queued: Path, looks: list[int]) -> None:
    """Whoever did it: here the draft goes and comes back, as it was."""
    assert cli("hold", "a.fr", "--reason", "Wait.").code == 0
    cli("plan")
    assert len(looks) == 3
    cli("plan")
    assert len(looks) == 3
    draft = queued / "a.fr.md"
    text = draft.read_text()
    draft.unlink()
    assert "2 cancelled" in cli("queue", "--yes").out
    draft.write_text(text)
    assert "2 restored" in cli("queue").out
