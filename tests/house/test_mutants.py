"""`make mutants`: faults that a person could make, each in a copy of the sources."""

import importlib
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.support.system import missing_part

pytestmark = pytest.mark.deep

_SOURCE = '''
SECONDS = 5 + 1


@cache
def later(first: int | None = None, *more: int) -> int | None:
    """A function."""
    for one in zip(more, more, strict=True):
        return first or one >= 3


def sooner(first: int, *, second: int = 1 - 1) -> str:
    return json.dumps(first, ensure_ascii=False)
'''


@pytest.fixture
def mutants() -> Any:
    if find_spec("cosmic_ray") is None:
        missing_part("cosmic-ray", "make deep")
    return importlib.import_module("tools.mutants")


def test_what_is_changed_could_be_a_mistake(mutants: Any, tmp_path: Path) -> None:
    """No types, decorators, constants or signatures; what is at one place counts as one."""
    path = tmp_path / "module.py"
    path.write_text(_SOURCE)
    found = {(line, name) for place in mutants.mistakes(path) for line, name, _number in place}
    assert found == {
        (8, "ZeroIterationForLoop"), (9, "ReplaceOrWithAnd"), (9, "NumberReplacer"),
        (9, "ReplaceComparisonOperator_GtE_Gt"),
        (12, "NumberReplacer"), (12, "ReplaceBinaryOperator_Sub_Add"),
    }  # fmt: skip


def test_a_seed_draws_the_same_faults_again_as_many_in_each_part(mutants: Any) -> None:
    drawn = [*islice(mutants.drawn(3), 12)]
    assert [*islice(mutants.drawn(3), 12)] == drawn
    assert len({mutant.part for mutant in drawn[:6]}) == 6
    assert all(mutant.diff() for mutant in drawn)
