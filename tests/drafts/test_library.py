"""All drafts of a workspace."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.base.errors import UsageError
from publisher.drafts.library import load
from publisher.model.values import Severity
from tests.drafts.drafts import Workspace, codes

pytestmark = pytest.mark.guards("publisher.drafts.draft_files")


def _ids(workspace: Workspace, *paths: str | Path) -> list[str]:
    return [post.id for post in workspace.load(*paths).posts]


def test_drafts_lie_in_folders_and_other_things_beside_them(workspace: Workspace) -> None:
    for name in ("b.fr.md", "a.fr.md", "2016/c.fr.md", "2016/d/e.fr.md", "UPPER.MD"):
        workspace.draft("lang: fr", name=name)
    for name in ("README.md", "2016/readme.md", ".hidden.md", ".git/x.md", "media/credits.md"):
        workspace.write(name, "no draft")
    found = workspace.load()
    assert [post.id for post in found.posts] == [
        "2016/c.fr",
        "2016/d/e.fr",
        "UPPER",
        "a.fr",
        "b.fr",
    ]
    assert (found.problems, found.drafts) == ((), 5)


def test_two_files_with_one_id_are_an_error_on_both(workspace: Workspace) -> None:
    """So are ids that some file systems take for one."""
    pairs = [("a.md", "a.MD"), ("b.fr.md", "B.fr.md"), ("\u00e9.md", "e\u0301.md")]
    for pair in pairs:
        for name in pair:
            workspace.draft("lang: fr", name=name)
    found = workspace.load()
    twins = [p for p in found.problems if p.code == "duplicate-id"]
    assert {p.file for p in twins} == {f"posts/{name}" for pair in pairs for name in pair}
    assert found.broken == {"a", "b.fr", "B.fr", "\u00e9", "e\u0301"}


def test_translations_are_known_by_their_names(workspace: Workspace) -> None:
    for name in ("a.fr.md", "a.es.md", "a.md", "a.old.md", "2016/a.fr.md"):
        workspace.draft("to: [bice-x]\nlang: fr", name=name)
    found = workspace.load()
    post = found.post("a.fr")
    assert post is not None
    assert [other.id for other in found.translations(post)] == ["a.es", "a"]
    assert found.post("a.pl") is None


def test_a_language_without_translation_is_a_warning(workspace: Workspace) -> None:
    workspace.draft("to: [twitter]", name="a.fr.md")
    (problem,) = workspace.load().problems
    assert (problem.code, problem.severity) == ("missing-translation", "warning")
    assert "es" in problem.message
    workspace.draft("to: [twitter]", name="a.es.md")
    assert workspace.load().problems == ()
    workspace.draft("to: [bice-x]", name="b.fr.md")
    assert workspace.load().problems == ()


def test_paths_restrict_what_is_read(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.fr.md", "2016/b.fr.md", "2016/c.fr.md"):
        workspace.draft("lang: fr", name=name)
    workspace.write("broken.md", "no front matter")
    assert _ids(workspace, "posts/a.fr.md") == ["a.fr"]
    assert _ids(workspace, Path("posts/2016")) == ["2016/b.fr", "2016/c.fr"]
    assert _ids(workspace, "posts/2016/b.fr.md", "posts/2016") == ["2016/b.fr", "2016/c.fr"]
    assert _ids(workspace, workspace.posts / "a.fr.md") == ["a.fr"]
    assert len(_ids(workspace, workspace.root)) == 3
    monkeypatch.chdir(workspace.posts / "2016")
    assert _ids(workspace, "b.fr.md", "../a.fr.md") == ["2016/b.fr", "a.fr"]
    assert _ids(workspace, ".") == ["2016/b.fr", "2016/c.fr"]
    found = workspace.load("b.fr.md")
    assert found.problems == ()
    assert found.has("a.fr")
    assert not found.has("z")


@pytest.mark.parametrize(
    "path", ["posts/none.md", "posts/media/card.png", "/", "posts/session.yaml"]
)
def test_a_path_that_is_no_draft_is_wrong_usage(workspace: Workspace, path: str) -> None:
    workspace.picture()
    if path == "/":
        assert _ids(workspace, path) == []  # the workspace lies below it
        path = "/proc/self"
    with pytest.raises(UsageError) as caught:
        workspace.load(path)
    assert path in str(caught.value)
    assert caught.value.hint


def test_what_cannot_be_seen_is_not_taken_for_deleted(workspace: Workspace) -> None:
    """`queue` cancels what has no draft any more: a broken or hidden draft must not look so."""
    workspace.write("broken.md", "no front matter")
    outside = workspace.root / "elsewhere"
    outside.mkdir()
    (outside / "draft.md").write_text("---\n---\nA")
    (workspace.posts / "linked").symlink_to(outside)
    (workspace.posts / "out.md").symlink_to(outside / "draft.md")
    (workspace.posts / "gone.md").symlink_to(outside / "none.md")
    found = workspace.load()
    assert codes(found.problems) == [
        "front-matter-missing",
        "unreadable",
        "symbolic-link",
        "outside-posts",
    ]
    for post in ("broken", "linked/draft", "out", "gone"):
        assert found.has(post)
    assert not found.has("deleted")


def test_without_posts_nothing_is_taken_for_deleted(workspace: Workspace) -> None:
    workspace.posts.rename(workspace.root / "away")
    found = workspace.load()
    assert codes(found.problems) == ["no-posts"]
    assert found.has("whatever")


def test_a_folder_that_cannot_be_read_is_a_problem(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root reads everything, so the refusal is played."""
    workspace.draft("lang: fr", name="2016/a.fr.md")
    scandir = os.scandir

    def refuse(folder: str | Path) -> Iterator[os.DirEntry[str]]:
        if Path(folder).name == "2016":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        found = workspace.load()
    assert codes(found.problems) == ["unreadable"]
    assert found.has("2016/a.fr")
    assert not found.has("2017/a.fr")


def test_links_that_lead_nowhere_or_in_circles_do_no_harm(workspace: Workspace) -> None:
    for name in ("loop.md", "loop", "loop.txt"):
        (workspace.posts / name).symlink_to(workspace.posts / name)
    (workspace.posts / "up").symlink_to(workspace.posts)
    found = workspace.load()
    assert {"unreadable", "symbolic-link"} <= set(codes(found.problems))


def test_a_name_that_is_no_text_is_a_problem_that_can_be_printed(workspace: Workspace) -> None:
    for name in (b"caf\xe9.md", b"two\nlines.md"):
        Path(os.fsdecode(os.fsencode(workspace.posts) + b"/" + name)).write_text("---\n---\nA")
    found = workspace.load()
    assert codes(found.problems) == ["file-name", "file-name"]
    for problem in found.problems:
        assert problem.model_dump_json()
        problem.file.encode()


def test_a_file_that_is_nearly_a_draft_is_a_warning(workspace: Workspace) -> None:
    workspace.write("a.markdown", "---\n---\nA")
    workspace.write("notes.txt", "A")
    found = workspace.load()
    assert codes(found.problems) == ["not-a-draft", "not-a-draft"]
    assert (found.broken, found.drafts) == (frozenset(), 0)


@pytest.mark.parametrize(
    "name",
    ["a.docx", "a.odt", "a.RTF", "a.pages", "a.mdx", "media/a.md", "session/media/a.MD", ".a.md"],
)
def test_what_a_person_may_take_for_a_draft_is_named(workspace: Workspace, name: str) -> None:
    workspace.write(name, "---\nto: bice-x\n---\nA")
    (problem,) = workspace.load().problems
    assert (problem.code, problem.severity) == ("not-a-draft", "warning")
    assert problem.file == f"posts/{name}"


@pytest.mark.parametrize(
    "name",
    ["a.md~", ".a.md.swp", "._a.md", ".#a.md", "~$a.docx", "media/credits.md", "media/a.jpg"],
)
def test_what_programs_leave_beside_a_draft_is_not_named(workspace: Workspace, name: str) -> None:
    workspace.write(name, "A")
    assert workspace.load().problems == ()


def test_problems_come_in_the_order_of_files_and_lines(workspace: Workspace) -> None:
    workspace.draft("x: 1\ny: 2", name="b.md")
    workspace.draft("x: 1", name="a.md")
    places = [(p.file, p.line) for p in workspace.load().problems if p.code == "unknown-key"]
    assert places == [("posts/a.md", 2), ("posts/b.md", 2), ("posts/b.md", 3)]


def test_a_thousand_drafts_take_no_longer_each_than_a_hundred(workspace: Workspace) -> None:
    """How long ten thousand take is measured by benchmarks/commands.py."""
    took: list[float] = []
    for first, last in ((0, 100), (100, 1000)):
        for number in range(first, last):
            workspace.draft(
                f"at: annual-day + {number}m\nto: [bice-x]\nlink: https://example.org/{number}",
                f"Bonjour {number}.\n\n## twitter\nCourt.\n---\nSuite.\n",
                name=f"{number}.fr.md",
            )
        began = time.process_time()
        found = workspace.load()
        took.append(time.process_time() - began)
        assert len(found.posts) == last
    hundred, thousand = took
    assert thousand < 30 * hundred, "a hundred times, if each were compared with each"


def test_translations_that_were_not_asked_for_are_not_missing(workspace: Workspace) -> None:
    workspace.draft("to: [twitter]", name="a.fr.md")
    workspace.draft("to: [twitter]\nlink: nonsense", name="a.es.md")
    for path in ("posts/a.fr.md", workspace.posts / "a.es.md"):
        found = workspace.load(path)
        assert "missing-translation" not in codes(found.problems)
        assert [post.file for post in found.posts] == [f"posts/{Path(path).name}"]
    found = workspace.load("posts/a.fr.md")
    assert found.problems == ()
    assert found.post("a.es") is None
    (post,) = found.posts
    assert [other.id for other in found.translations(post)] == ["a.es"]


def test_the_one_draft_that_was_asked_for_tells_what_is_missing(workspace: Workspace) -> None:
    workspace.draft("to: [twitter]\nlang: fr", name="a.fr.md")
    workspace.draft("to: [twitter]\nlang: fr", name="a.md")
    found = workspace.load("posts/a.md")
    assert codes(found.problems) == ["missing-translation"]


def test_a_draft_in_no_known_language_has_no_translation_missing(workspace: Workspace) -> None:
    """Whether its name says none, or `lang:` cannot be read: that alone is told then."""
    workspace.draft("to: twitter", name="a.md")
    assert "missing-translation" not in codes(workspace.load().problems)
    workspace.draft("to: twitter\nlang: French", name="a.md")
    assert codes(workspace.load().problems) == ["bad-language"]


def test_recipients_that_cannot_be_read_are_told_once(workspace: Workspace) -> None:
    """In a draft and in the session: nobody is addressed, and that follows from both."""
    workspace.write("session.yaml", "name: S\ntimezone: Europe/Zurich\ndefaults:\n  to: {a: b}\n")
    workspace.draft("at: 2016-03-07 10:00\nto: {a: b}")
    codes = [problem.code for problem in workspace.load().problems]
    assert "no-recipients" not in codes, codes


def test_a_word_of_alarm_that_cannot_be_used_is_told_and_stops_nothing(tmp_path: Path) -> None:
    """Nothing that is published hangs on it."""
    posts = tmp_path / "posts"
    posts.mkdir()
    (posts / "alarm-words.yaml").write_text("fr: [au secours, '**']\n", encoding="utf-8")
    (found,) = load(tmp_path, {}).problems
    assert (found.file, found.line, found.severity) == (
        "posts/alarm-words.yaml", 1, Severity.WARNING,
    )  # fmt: skip
