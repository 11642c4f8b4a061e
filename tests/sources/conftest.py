"""The product's sources, parsed once for all checks of them."""

import ast
from pathlib import Path

import pytest

from tests.sources.unmarked import Trees

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def trees() -> Trees:
    """The syntax tree of each module, by its path from the top of the repository."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for package in ("publisher", "workers")
        for path in sorted((ROOT / package).rglob("*.py"))
    }
