"""No text that may be saved occupies a page or a check for long."""

import time
from pathlib import Path

import pytest

from publisher.drafts import links, text_length
from publisher.drafts.check import check
from publisher.drafts.text_files import MAX_DRAFT
from publisher.settings import settings
from tests.drafts.drafts import Workspace
from tests.support import workspaces

_HEAVY = {
    "links": "a.com ",
    "one word": "a.com/(",
    "labels": "a-" * 2200 + ".com ",
    "dots": "a.",
    "low lines": "_",
    "spaces": "x" + " " * 20,
    "families": "👨\u200d",
    "headings": "## x\n",
    "comments": "<!-- \n",
    "parts": "a.com\n\n---\n",
    "hashtags": "#a ",
    "a Markdown link": "[x](" + "/a" * 30_000 + " b)",
}


@pytest.mark.parametrize("piece", _HEAVY.values(), ids=_HEAVY)
def test_a_draft_as_long_as_may_be_is_checked_soon(tmp_path: Path, piece: str) -> None:
    """In the processor's time: the machine may be busy with other things."""
    text = piece * ((MAX_DRAFT - 1000) // len(piece.encode()))
    workspaces.Workspace(tmp_path).draft("a.fr", "to: [bice-x, bice-page]", text)
    begun = time.process_time()
    _library, problems = check(settings.load(tmp_path, {}))
    assert problems
    assert time.process_time() - begun < 4


def test_a_longer_draft_is_not_read(workspace: Workspace) -> None:
    workspace.draft("to: bice-x", "x" * MAX_DRAFT)
    (problem,) = workspace.load().problems
    assert problem.code == "file-too-big"


def test_what_may_fit_is_counted_as_x_counts() -> None:
    """Twelve links as long as links can be have 49,000 characters, and fit."""
    link = f"https://a.com/{'a' * 4074}"
    assert len(link) == 4088
    assert text_length.length(" ".join([link] * 11), "weighted") == 11 * 23 + 10


def test_what_cannot_fit_is_counted_letter_by_letter() -> None:
    text = "a.com 日 " * 10_000
    assert text_length.length(text, "weighted") == len(text) + 10_000
    assert len(links.links(text)) == 1000
