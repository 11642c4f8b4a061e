"""Whether the assertions bite: each mutant must break a promise, where the protocol keeps it."""

from tests.support.simulation import mutants, mutants_of_words
from tests.support.simulation.history import run
from tests.support.simulation.mutants import Mutant

MUTANTS: dict[str, Mutant] = {**mutants.MUTANTS, **mutants_of_words.MUTANTS}


def catch(name: str) -> tuple[bool, int]:
    """Whether a promise is seen to be broken, and how many histories that took.

    AssertionError when one is broken without the mutant too.
    """
    mutate, scenario, plans = MUTANTS[name]
    played = 0
    for plan in plans(scenario):
        healthy = run(scenario, plan)
        assert not healthy.broken, f"unbroken, it keeps the promises:\n{healthy}"
        with mutate():
            played += 2
            if run(scenario, plan).broken:
                return True, played
    return False, played
