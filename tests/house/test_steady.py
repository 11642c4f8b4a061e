"""What looks for unsteady tests does the same again with the same seed, and leaves no test out."""

from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.shuffling import shuffle
from tools import steady

_TESTS = [(f"test_{file}.py", number) for file in "abcde" for number in range(4)]


def _shuffled(seed: int) -> list[tuple[str, int]]:
    items: list[Any] = [SimpleNamespace(path=Path(file), number=n) for file, n in _TESTS]
    shuffle(items, seed)
    return [(item.path.name, item.number) for item in items]


def test_a_seed_shuffles_always_in_the_same_way() -> None:
    assert _shuffled(7) == _shuffled(7)
    assert len({tuple(_shuffled(seed)) for seed in range(10)}) > 5


def test_all_tests_are_there_and_those_of_a_file_together() -> None:
    shuffled = _shuffled(7)
    assert sorted(shuffled) == _TESTS
    assert len([*groupby(shuffled, key=lambda test: test[0])]) == 5


@pytest.mark.deep
def test_a_seed_draws_always_the_same_files() -> None:
    def drawn(seed: int) -> list[steady.Part]:
        return [*steady.parts(seed, [], files=5, times=1)]

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)


def test_named_folders_are_played_whole_but_for_what_another_clock_cannot_play() -> None:
    by_date, *_, again = steady.parts(7, ["tests/house", "tests/surroundings"], files=1, times=1)
    assert {"tests/house/test_steady.py", "tests/surroundings/test_disk.py"} <= {*again.files}
    assert [file for file in again.files if file not in by_date.files]
    assert not [file for file in by_date.files if file.startswith("tests/surroundings")]


def test_what_is_left_out_is_there() -> None:
    assert all((steady.ROOT / path).exists() for path in steady.NOT_BY_ANOTHER_CLOCK)
