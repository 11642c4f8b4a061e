"""Searching for a history that breaks a promise, in many processes."""

import gc
import logging
from collections.abc import Iterable
from itertools import islice
from multiprocessing.util import Finalize
from random import Random
from typing import NamedTuple

import hypothesis
import structlog
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from tests.support.simulation import catching, history, parts
from tests.support.simulation.history import (
    History,
    Scenario,
    pairs,
    run,
    set_back_pairs,
    singles,
)
from tests.support.simulation.machine import MOST_RULES, Newsroom
from tests.support.simulation.plan import Plan
from tests.support.simulation.random_plans import draw
from tests.support.simulation.scenarios import WIDE

AT_ONCE = 50  # histories that one process plays before it reports


class Result(NamedTuple):
    checked: int
    broken: list[str]


def begin() -> None:
    """What a process does first: be quiet, and take its ledger away when it ends."""
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=quiet)
    Finalize(None, parts.close_ledger, exitpriority=1)
    # A history leaves little behind; looking for it all the time takes a tenth of the time.
    gc.freeze()
    gc.set_threshold(50_000)


def play_singles(scenario: Scenario) -> Result:
    """Every single fault of one scenario."""
    return _play((scenario, plan, None) for plan in singles(scenario))


def play_pairs(of: tuple[Scenario, Plan]) -> Result:
    """All pairs that begin with one fault, and that fault alone."""
    scenario, first = of
    both = ((scenario, plan, None) for plan in pairs(scenario, first))
    return _play([(scenario, first, None), *both])


def play_set_backs(of: tuple[Scenario, int]) -> Result:
    """`AT_ONCE` pairs at random of which one is that the ledger goes back; `of` has the seed."""
    scenario, seed = of
    random = Random(f"{scenario.name} {seed}")  # noqa: S311 - plans
    plans = islice(set_back_pairs(scenario, random), AT_ONCE)
    return _play((scenario, plan, None) for plan in plans)


def play_random(seed: int) -> Result:
    """`AT_ONCE` plans and schedules at random."""
    random = Random(seed)  # noqa: S311 - plans and schedules
    return _play(
        (random.choice(WIDE), draw(random), random.randrange(2**32)) for _ in range(AT_ONCE)
    )


def play_machine(seed: int) -> Result:
    """About `AT_ONCE` histories that are made up rule by rule; ends at the first that breaks."""
    before = history.checked.total()
    chosen = hypothesis.settings(
        max_examples=AT_ONCE,
        stateful_step_count=MOST_RULES,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    broken = []
    try:
        run_state_machine_as_test(hypothesis.seed(seed)(Newsroom), settings=chosen)
    except AssertionError as error:
        broken.append("\n".join([str(error), *getattr(error, "__notes__", ())]))
    return Result(history.checked.total() - before, broken)


def play_mutant(name: str) -> tuple[str, bool]:
    """Its name, and whether it is caught."""
    return name, catching.catch(name)


def _play(histories: Iterable[tuple[Scenario, Plan, int | None]]) -> Result:
    checked, broken = 0, []
    for scenario, plan, seed in histories:
        played = run(scenario, plan, seed, only_possible=True)
        checked += 1
        if played.broken:
            broken.append(str(_shortest(played)))
    return Result(checked, broken)


def _shortest(played: History) -> History:
    """The same breach with as few faults as possible."""
    for seed in dict.fromkeys((None, played.seed)):
        for number in range(len(played.plan)):
            fewer = (*played.plan[:number], *played.plan[number + 1 :])
            shorter = run(played.scenario, fewer, seed, only_possible=True)
            if shorter.broken:
                return _shortest(shorter)
    return played
