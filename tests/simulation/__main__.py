"""`python -m tests.simulation`: every pair of faults, then random histories, on all processors.

Prints how many histories were checked, and of those that break a promise the first, as short as
they get.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

from tests.support.simulation import parts
from tests.support.simulation.history import singles
from tests.support.simulation.scenarios import SMALL
from tests.support.simulation.search import AT_ONCE, Result, Task, begin, play

_MOST_SHOWN = 5


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--histories", type=int, default=10_000, help="random ones (10000)")
    parser.add_argument("--pairs", type=int, help="first faults per scenario; all by default")
    parser.add_argument("--seed", type=int, default=1, help="of the random ones (1)")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    chosen = parser.parse_args()
    broken = 0
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(chosen.jobs, mp_context=spawn, initializer=begin) as pool:
        for scenario in SMALL:
            firsts = islice(singles(scenario), chosen.pairs)
            tasks = [Task(scenario, plan, 0) for plan in firsts]
            broken += _report(f"pairs: {scenario.name}", pool.map(play, tasks))
        batches = -(-chosen.histories // AT_ONCE)
        tasks = [Task(None, (), chosen.seed * 1_000_000 + number) for number in range(batches)]
        broken += _report(f"random, seed {chosen.seed}", pool.map(play, tasks))
    parts.close_ledger()
    return 1 if broken else 0


def _report(name: str, results: Iterable[Result]) -> int:
    checked, broken = 0, 0
    for result in results:
        checked += result.checked
        for text in result.broken[: max(0, _MOST_SHOWN - broken)]:
            _say(text)
        broken += len(result.broken)
    _say(f"{name}: {checked} histories checked, {broken} broke a promise")
    return broken


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
