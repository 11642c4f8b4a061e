"""The posts of galaxy-social become drafts, or are told why not; all 251 real ones too."""

from collections import Counter
from pathlib import Path

import pytest

from publisher import settings
from publisher.drafts.check import check
from publisher.importers import write
from publisher.model.models import Severity
from tests.importers.conftest import Bring, fronts, texts, told
from tests.support.workspaces import Workspace

REAL = Path(__file__).parents[3] / "shared/data/posts-galaxy"

POST = """\
---
media:
 - mastodon-eu
 - bice-page
mentions:
 mastodon-eu:
  - galaxyproject@mstdn.science
hashtags:
 mastodon-eu:
  - UseGalaxy
  - EOSC
 bice-page:
  - usegalaxy
  - open science
---

Bonjour de #UseGalaxy !

![Une carte,
sur deux lignes](https://www.example.org/a.png)


Deuxième message.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "galaxy"
    (folder / "2025").mkdir(parents=True)
    (folder / "README.md").write_text("Not a post")
    return folder


def post(folder: Path, text: str | bytes, name: str = "2025/2025-03-07-Bonjour_2.md") -> None:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)


def test_a_post_with_all_that_there_is(bring: Bring, folder: Path) -> None:
    """Its hashtags go to the end, each once; two empty lines part a thread."""
    post(folder, POST)
    found = bring("galaxy-social", folder)
    assert told(found) == [
        ("mentions-left-out", 6, 2),
        ("hashtag-left-out", 14, 5),
        ("picture-not-fetched", 17, 1),
    ]
    assert fronts(found) == [["to: [bice-x]"]]
    assert texts(found) == ["Bonjour de #UseGalaxy !\n\n---\nDeuxième message.\n\n#EOSC"]
    (draft,) = found.drafts
    assert draft.file == "2025-03-07-bonjour-2.fr.md"
    assert "# picture: https://www.example.org/a.png Une carte, sur deux lignes\n" in draft.text
    assert "# Imported from 2025/2025-03-07-Bonjour_2.md [" in draft.text


def test_a_link_that_leads_out_of_the_folder_is_not_followed(
    bring: Bring, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("---\nquoted: [\n---\nA secret")
    (folder / "2025" / "a.md").symlink_to(tmp_path / "secret")
    found = bring("galaxy-social", folder)
    assert told(found) == [("outside-folder", 1, 1)]
    assert "quoted" not in repr(found)


def test_a_profile_that_is_an_account_gets_its_posts(bring: Bring, folder: Path) -> None:
    """Any other must be named by --to."""
    post(folder, "---\nmedia: [bice-page]\n---\nBonjour")
    assert fronts(bring("galaxy-social", folder, to=())) == [["to: [bice-page]"]]
    post(folder, "---\nmedia: [bice-page, mastodon-eu]\n---\nBonjour")
    found = bring("galaxy-social", folder, to=())
    assert told(found) == [("unknown-profile", 4, 1)]
    assert found.drafts == ()


def test_pictures_may_stand_in_the_front_matter(bring: Bring, folder: Path) -> None:
    post(folder, "---\nmedia: [a]\nimages:\n- url: https://a.org/b.png\n  alt_text: B\n---\nUn")
    found = bring("galaxy-social", folder)
    assert told(found) == [("picture-not-fetched", 7, 1)]
    assert "# picture: https://a.org/b.png B\n" in found.drafts[0].text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Bonjour", ("front-matter-missing", 1, 1)),
        ("---\nmedia: [a]\nBonjour", ("front-matter-unclosed", 1, 1)),
        ("---\nmedia: [a\n---\nBonjour", ("yaml", 3, 1)),
        ("---\nmedia:\n - &a x\n---\nBonjour", ("yaml-feature", 3, 4)),
        ("---\nhashtags: {}\n---\nBonjour", ("bad-value", 1, 1)),
        ("---\nmedia: {a: b}\n---\nBonjour", ("bad-value", 2, 8)),
        ("---\nmedia: [a]\nhashtags: [b]\n---\nBonjour", ("bad-value", 3, 11)),
        ("---\nmedia: [a]\nmentions: {a: {b: c}}\n---\nBonjour", ("bad-value", 3, 15)),
        ("---\nmedia: [a]\n---\n![a](https://a.org/b.png)", ("empty-text", 4, 1)),
        ("---\nmedia: [a]\n---\n" + "a" * 300, ("too-long", 4, 1)),
        ("---\nmedia: [a]\n---\nUn\n## twitter\nDeux", ("read-as-layout", 4, 1)),
        ("---\nmedia: [a]\n---\nZo\xeb".encode("latin-1"), ("encoding", 4, 3)),
    ],
)
def test_a_post_that_cannot_be_a_draft_is_told(
    bring: Bring, folder: Path, text: str | bytes, problem: tuple[str, int, int]
) -> None:
    post(folder, text)
    found = bring("galaxy-social", folder)
    assert problem in told(found)
    assert found.drafts == ()
    assert {p.severity for p in found.problems if p.code != "picture-not-fetched"} == {"error"}


def test_the_same_text_for_other_profiles_is_one_draft(bring: Bring, folder: Path) -> None:
    """Also with other hashtags."""
    post(folder, POST)
    post(folder, POST.replace("EOSC", "RDM"), "2025/retry-1.md")
    found = bring("galaxy-social", folder)
    assert [problem.code for problem in found.problems].count("same-text") == 1
    assert len(found.drafts) == 1


def test_a_folder_without_posts_is_told(bring: Bring, folder: Path) -> None:
    assert [code for code, *_ in told(bring("galaxy-social", folder))] == ["nothing-found"]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real posts are not at hand")
@pytest.mark.parametrize(
    ("to", "split"),
    [(("bice-page",), False), (("bice-x",), False), (("bice-x", "bice-page"), True)],
)
def test_every_real_post_is_a_draft_or_is_told_why_not(
    bring: Bring, workspace: Workspace, to: tuple[str, ...], split: bool
) -> None:
    """And what is imported passes `check`."""
    found = bring("galaxy-social", REAL, to=to, split=split)
    files = {str(path) for path in REAL.rglob("*.md")}
    drafted = {draft.item.place.file for draft in found.drafts}
    codes = Counter(problem.code for problem in found.problems)
    left_out = {
        problem.file
        for problem in found.problems
        if problem.severity is Severity.ERROR or problem.code == "same-text"
    }
    assert len(files) == 251
    assert drafted | left_out == files
    assert drafted & left_out == set()
    assert codes["same-text"] == 71
    assert len(drafted) == (180 if split or to == ("bice-page",) else 100)
    assert {p.code for p in found.problems if p.severity is Severity.ERROR} <= {"too-long"}
    write(settings.load(workspace.path, {}), found)
    library, problems = check(settings.load(workspace.path, {}))
    assert library.drafts == len(drafted)
    assert [p for p in problems if p.severity is Severity.ERROR] == []
