"""`pytest --shuffle SEED`: the files, and the tests of each, in an order of chance.

The same seed gives the same order, in each process of `--numprocesses` too.
"""

import random
from itertools import groupby

import pytest

OPTION = "--shuffle"


def shuffle(items: list[pytest.Item], seed: int) -> None:
    """The tests of a file stay together: they share what is made once."""
    chance = random.Random(seed)  # noqa: S311
    files = [list(group) for _path, group in groupby(items, key=lambda item: item.path)]
    chance.shuffle(files)
    for file in files:
        chance.shuffle(file)
    items[:] = [item for file in files for item in file]
