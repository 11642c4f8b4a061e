"""Whether the assertions bite: each mutant must break a promise, where the protocol keeps it."""

from tests.support.simulation import (
    mutants,
    mutants_of_answers,
    mutants_of_corrections,
    mutants_of_platforms,
    mutants_of_words,
)
from tests.support.simulation.history import run
from tests.support.simulation.mutants import Mutant

MUTANTS: dict[str, Mutant] = {
    **mutants.MUTANTS,
    **mutants_of_words.MUTANTS,
    **mutants_of_platforms.MUTANTS,
    **mutants_of_corrections.MUTANTS,
    **mutants_of_answers.MUTANTS,
}


def catch(name: str) -> bool:
    """Whether a history breaks a promise; AssertionError when it does so without the mutant too."""
    mutate, scenario, plans = MUTANTS[name]
    for plan in plans(scenario):
        healthy = run(scenario, plan)
        assert not healthy.broken, f"unbroken, it keeps the promises:\n{healthy}"
        with mutate():
            if run(scenario, plan).broken:
                return True
    return False
