"""The examples in the pages are read by the real parser."""

import hashlib
import re
from pathlib import Path

import pytest
from PIL import Image

from publisher.drafts.check import check
from publisher.model.draft_keys import DRAFT_KEYS
from publisher.model.values import Severity
from publisher.settings import settings
from publisher.settings.settings import Settings
from tests.docs.conftest import DOCS, Fence, fences
from tests.support.pdfs import pdf
from tests.support.videos import video

EXAMPLES = [*fences((DOCS / "drafts.md").read_text(encoding="utf-8"))]
_OF_THE_WORKSPACE = re.compile(r"publisher\.toml|posts/[\w./-]+\.(md|yaml)")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder with every example of docs/drafts.md, and the pictures that they name."""
    for example in EXAMPLES:
        path = tmp_path / example.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(example.text, encoding="utf-8")
        for name in re.findall(r"^ +- file: /?(\S+)$", example.text, re.MULTILINE):
            picture = tmp_path / "posts" / name
            picture.parent.mkdir(parents=True, exist_ok=True)
            if picture.suffix == ".mp4":
                video(picture)
            elif picture.suffix == ".pdf":
                pdf(picture)
            else:
                colour = hashlib.sha256(name.encode()).digest()[:3]  # one picture, one consent
                Image.new("RGB", (40, 30), tuple(colour)).save(picture)
    return tmp_path


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.name for example in EXAMPLES])
def test_every_example_is_a_file_of_the_workspace(example: Fence) -> None:
    """None is left unchecked for want of a name, and no name stands twice."""
    assert _OF_THE_WORKSPACE.fullmatch(example.name)
    assert [other.name for other in EXAMPLES].count(example.name) == 1


def test_the_examples_pass_check(workspace: Path) -> None:
    """Without an error and without a warning, and each is read as a draft."""
    library, problems = check(settings.load(workspace, {}))
    assert problems == []
    drafts = [example for example in EXAMPLES if example.name.endswith(".md")]
    assert library.drafts == len(library.posts) == len(drafts) > 5


def test_the_full_example_has_every_key(workspace: Path) -> None:
    library, _ = check(settings.load(workspace, {}))
    post = library.post("2016-03-07-journee.fr")
    assert post is not None
    correction = library.post("2016-03-07-bilan-correction.fr")
    assert correction is not None
    answer = library.post("answer-bice-x.fr")
    assert answer is not None
    assert {*DRAFT_KEYS} <= {*post.positions, *correction.positions, *answer.positions}


def test_a_wrong_example_would_be_noticed(workspace: Path) -> None:
    path = workspace / "posts/2016-03-07-bilan.fr.md"
    path.write_text(path.read_text().replace("at:", "att:"))
    _, problems = check(settings.load(workspace, {}))
    assert [p.code for p in problems if p.severity is Severity.ERROR] == ["unknown-key"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2016-03-27 02:30", "nonexistent-time"),
        ("2016-10-30 02:30", "ambiguous-time"),
        ("annual-day-30m", "unknown-anchor"),
    ],
)
def test_what_the_page_calls_refused_is_refused(workspace: Path, written: str, code: str) -> None:
    (workspace / "posts/z.fr.md").write_text(f"---\nat: {written}\n---\nBonjour.\n")
    _, problems = check(settings.load(workspace, {}))
    assert [p.code for p in problems if p.severity is Severity.ERROR] == [code]


def test_the_secrets_of_the_page_are_what_the_accounts_need(workspace: Path) -> None:
    """docs/credentials.md shows a secrets.toml for the accounts of docs/drafts.md."""
    text = (DOCS / "credentials.md").read_text(encoding="utf-8")
    (secrets,) = (fence.text for fence in fences(text) if fence.name == "secrets.toml")
    (workspace / "secrets.toml").write_text(secrets, encoding="utf-8")
    loaded: Settings = settings.load(workspace, {})
    assert set(loaded.without_credentials()) == {"bice-blog", "cedapp-x"}
