"""Searching for a history that breaks a promise, in many processes."""

import logging
from collections.abc import Iterator
from multiprocessing.util import Finalize
from random import Random
from typing import NamedTuple

import structlog

from tests.support.simulation import parts
from tests.support.simulation.history import History, Scenario, pairs, run
from tests.support.simulation.plan import Plan
from tests.support.simulation.random_plans import draw
from tests.support.simulation.scenarios import WIDE

AT_ONCE = 50  # random histories that one process plays before it reports


class Task(NamedTuple):
    """Some histories: the pairs that begin with one fault, or random ones from one seed."""

    scenario: Scenario | None
    first: Plan
    seed: int


class Result(NamedTuple):
    checked: int
    broken: list[str]


def begin() -> None:
    """What a process does first: be quiet, and take its ledger away when it ends."""
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=quiet)
    Finalize(None, parts.close_ledger, exitpriority=1)


def play(task: Task) -> Result:
    """Play the histories of one task."""
    checked, broken = 0, []
    for scenario, plan, seed in _histories(task):
        history = run(scenario, plan, seed, only_possible=True)
        checked += 1
        if history.broken:
            broken.append(str(_shortest(history)))
    return Result(checked, broken)


def _histories(task: Task) -> Iterator[tuple[Scenario, Plan, int | None]]:
    if task.scenario:
        yield task.scenario, task.first, None
        for plan in pairs(task.scenario, task.first):
            yield task.scenario, plan, None
        return
    random = Random(task.seed)  # noqa: S311 - plans and schedules
    for _ in range(AT_ONCE):
        yield random.choice(WIDE), draw(random), random.randrange(2**32)


def _shortest(history: History) -> History:
    """The same breach with as few faults as possible."""
    for seed in dict.fromkeys((None, history.seed)):
        for number in range(len(history.plan)):
            fewer = (*history.plan[:number], *history.plan[number + 1 :])
            shorter = run(history.scenario, fewer, seed, only_possible=True)
            if shorter.broken:
                return _shortest(shorter)
    return history
