"""`python -m tests.simulation`: the simulation at length, on all processors, a line for each
figure.

Without options it plays everything; with some of them, only what they name. Of the histories that
break a promise it shows the first ones, as short as they get.
"""

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

from tests.support.simulation import parts
from tests.support.simulation.catching import MUTANTS
from tests.support.simulation.history import singles
from tests.support.simulation.scenarios import APPROVED, BATCH, SMALL, UNNAMED
from tests.support.simulation.search import (
    AT_ONCE,
    Result,
    begin,
    play_machine,
    play_mutant,
    play_pairs,
    play_random,
    play_set_backs,
    play_singles,
)

_MOST_SHOWN = 5
_ALL = 0  # of `--pairs` without a number
_SET_BACKS, _RANDOM, _MACHINE = 1_000, 10_000, 2_000  # histories, when nothing is asked for


def main() -> int:
    chosen = _options()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(chosen.jobs, mp_context=spawn, initializer=begin) as pool:
        failures = sum(_play(pool, chosen))
    parts.close_ledger()
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--singles", action="store_true", help="every single fault at every step")
    parser.add_argument(
        "--pairs", type=int, nargs="?", const=_ALL, metavar="N",
        help="every pair of faults; with N, those that begin with the first N of each scenario",
    )  # fmt: skip
    parser.add_argument(
        "--scenario",
        choices=[one.name for one in SMALL],
        help="of --pairs, which takes an hour for all, and --set-backs",
    )
    parser.add_argument(
        "--set-backs", type=int, metavar="N",
        help="N pairs at random with a ledger that goes back, in each scenario",
    )  # fmt: skip
    parser.add_argument("--random", type=int, metavar="N", help="N plans and schedules at random")
    parser.add_argument("--machine", type=int, metavar="N", help="N histories made up rule by rule")
    parser.add_argument("--mutants", action="store_true", help="which breaches are caught")
    parser.add_argument("--seed", type=int, default=1, help="of all that is at random (1)")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    chosen = parser.parse_args()
    asked = (
        chosen.singles, chosen.pairs is not None, chosen.set_backs, chosen.random, chosen.machine
    )  # fmt: skip
    if not any((*asked, chosen.mutants)):
        chosen.singles = chosen.mutants = True
        chosen.pairs, chosen.set_backs = _ALL, _SET_BACKS
        chosen.random, chosen.machine = _RANDOM, _MACHINE
    return chosen


def _play(pool: ProcessPoolExecutor, chosen: argparse.Namespace) -> Iterator[int]:
    """Play what was asked for; how many histories broke a promise, and mutants did not."""
    if chosen.singles:
        yield _report("single faults", pool.map(play_singles, [*SMALL, BATCH, APPROVED, UNNAMED]))
    if chosen.pairs is not None:
        for scenario in SMALL:
            if chosen.scenario not in (None, scenario.name):
                continue
            firsts = islice(singles(scenario), chosen.pairs or None)
            both = ((scenario, first) for first in firsts)
            yield _report(f"pairs of faults, {scenario.name}", pool.map(play_pairs, both))
    if chosen.set_backs:
        seeds = _seeds(chosen.seed, chosen.set_backs)
        names = [one for one in SMALL if chosen.scenario in (None, one.name)]
        begun = ((scenario, seed) for scenario in names for seed in seeds)
        name = f"pairs with a set-back, seed {chosen.seed}"
        yield _report(name, pool.map(play_set_backs, begun))
    if chosen.random:
        seeds = _seeds(chosen.seed, chosen.random)
        yield _report(f"random plans, seed {chosen.seed}", pool.map(play_random, seeds))
    if chosen.machine:
        seeds = _seeds(chosen.seed, chosen.machine)
        yield _report(f"rule by rule, seed {chosen.seed}", pool.map(play_machine, seeds))
    if chosen.mutants:
        yield _report_mutants(pool.map(play_mutant, MUTANTS))


def _seeds(seed: int, histories: int) -> range:
    """One for each batch."""
    first = seed * 1_000_000
    return range(first, first - (-histories // AT_ONCE))


def _report(name: str, results: Iterable[Result]) -> int:
    begun, checked, broken = time.monotonic(), 0, 0
    for result in results:
        checked += result.checked
        for text in result.broken[: max(0, _MOST_SHOWN - broken)]:
            _say(text)
        broken += len(result.broken)
    seconds = time.monotonic() - begun
    _say(f"{name}: {checked} histories checked, {broken} broke a promise, {seconds:.0f} s")
    return broken


def _report_mutants(results: Iterable[tuple[str, bool]]) -> int:
    begun = time.monotonic()
    missed = [name for name, caught in results if not caught]
    for name in missed:
        _say(f"not caught: {name}")
    seconds = time.monotonic() - begun
    _say(f"mutants: {len(MUTANTS) - len(missed)} of {len(MUTANTS)} caught, {seconds:.0f} s")
    return len(missed)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
