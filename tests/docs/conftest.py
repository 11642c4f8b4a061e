"""The pages, and what is in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [
    *sorted(DOCS.rglob("*.md")),
    *(
        ROOT / name
        for name in (
            "README.md",
            "CHANGELOG.md",
            "CODE_OF_CONDUCT.md",
            "CONTRIBUTING.md",
            "SECURITY.md",
            "posts/README.md",
        )
    ),
]
"""Everything that people read."""

every_page = pytest.mark.parametrize(
    "page", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES]
)


class Fence(NamedTuple):
    """A block of code: what stands behind its opening, and its text."""

    language: str
    name: str
    text: str


def fences(text: str) -> Iterator[Fence]:
    """The blocks of code of a page."""
    for found in re.finditer(r"^```(\w*) ?(.*)\n(?s:(.*?))^```$", text, re.MULTILINE):
        yield Fence(found[1], found[2], found[3])


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def first_cells(text: str) -> list[str]:
    """What stands between backticks in the first cells of a page's tables."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
