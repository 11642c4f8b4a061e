"""How long an attacker needs for a guess."""

from argon2 import Type, extract_parameters

from tests.support import hashing


def test_a_guess_takes_memory_and_time() -> None:
    """OWASP's least for Argon2id: 19 MiB and two passes."""
    cost = extract_parameters(hashing.hasher().hash("plough wicker ostrich"))
    assert cost.type is Type.ID
    assert (cost.memory_cost, cost.time_cost, cost.parallelism) == (19 * 1024, 2, 1)
