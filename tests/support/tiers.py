"""Test tiers: `make test` runs whatever is not deep, `make deep` the rest; CI runs both.

Deep is what takes long for what it may find: exhaustive lists, random histories, processes that
are killed while they publish, journeys in further languages, pages in all widths, and on
PostgreSQL the tests whose SQL and locks are the same on both databases. A test or a file says so
itself, with `pytest.mark.deep`; whole folders are listed here.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

DEEP = "deep"
EACH_DATABASE = "each_database"
"""The mark of tests whose SQL or locks differ: they run on PostgreSQL in `make test` too."""
_FOLDERS = ("chaos", "fuzz", "machines", "smoke", "surroundings")
_TESTS = Path(__file__).parents[1]


def in_tiers(first: object, *others: object) -> list[Any]:
    """The values of a parameter: `make test` runs the first, `make deep` the others."""
    return [first, *map(_deep, others)]


def sampled(values: Sequence[object], every: int) -> list[Any]:
    """The values of a parameter: `make test` runs one in `every`, `make deep` the others.

    Of two lists that were multiplied, each value comes up if `every` shares no divisor with the
    length of the second.
    """
    return [_deep(value) if place % every else value for place, value in enumerate(values)]


def _deep(value: object) -> Any:
    row = value if isinstance(value, tuple) else (value,)
    return pytest.param(*row, marks=pytest.mark.deep)


def mark(item: pytest.Item) -> None:
    """Marks a test as deep that does not say so itself."""
    if is_deep(item.path) or _is_second(item):
        item.add_marker(DEEP)


def leaves_out(path: Path, config: pytest.Config) -> bool:
    """Whether this run wants none of the tests below a path, so that nothing there is loaded."""
    return config.getoption("markexpr") == f"not {DEEP}" and is_deep(path)


def is_deep(path: Path) -> bool:
    """Whether it lies in a folder that is deep as a whole."""
    return any(path.is_relative_to(_TESTS / folder) for folder in _FOLDERS)


def _is_second(item: pytest.Item) -> bool:
    """Whether it is the run on PostgreSQL of a test for which SQLite is enough."""
    callspec = getattr(item, "callspec", None)
    is_there = callspec is not None and "postgresql" in callspec.params.values()
    return is_there and not item.get_closest_marker(EACH_DATABASE)
