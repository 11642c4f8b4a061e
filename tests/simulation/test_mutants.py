"""The assertions bite: with the protocol broken on purpose, a promise is seen to be broken."""

import pytest

from tests.support.simulation.catching import MUTANTS, catch


@pytest.mark.deep
@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_protocol_is_caught(name: str) -> None:
    assert catch(name), f"nobody noticed that {name}"
