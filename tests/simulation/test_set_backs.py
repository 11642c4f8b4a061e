"""A ledger that goes back under running processes publishes nothing twice, whatever the step."""

import os
from itertools import islice
from random import Random
from unittest import mock

import pytest

from publisher.ledger.integrity import marks
from tests.support.simulation.history import Scenario, run, set_back_pairs, set_backs
from tests.support.simulation.scenarios import (
    APPROVED,
    BATCH,
    EMBARGO,
    EVERYWHERE,
    OFTEN,
    ON_FACEBOOK,
    SELDOM,
    SMALL,
)

pytestmark = pytest.mark.guards(
    "publisher.ledger.integrity.marks",
    "publisher.ledger.integrity.watermarks",
    "publisher.ledger.integrity.after_restore",
)
_SAMPLE = 4
_LARGE = 40
"""How many set-backs of each large scenario are played."""
_FEW_PAIRS = 6
PAIRS = int(os.environ.get("PUBLISHER_SIMULATION_HISTORIES", "8"))
"""Pairs for each scenario; `python -m tests.simulation --set-backs` plays more."""


@pytest.mark.parametrize("scenario", SMALL, ids=lambda s: s.name)
def test_a_ledger_that_goes_back_publishes_nothing_twice(scenario: Scenario) -> None:
    _play(scenario, _SAMPLE)


def _play(scenario: Scenario, number: int) -> None:
    """A sample, always the same one."""
    random = Random(scenario.name)  # noqa: S311 - a sample
    for plan in random.sample(list(set_backs(scenario)), number):
        history = run(scenario, plan)
        assert not history.broken, str(history)


@pytest.mark.deep
@pytest.mark.parametrize("scenario", OFTEN, ids=lambda s: s.name)
def test_it_publishes_nothing_twice_whatever_the_step(scenario: Scenario) -> None:
    for plan in set_backs(scenario):
        history = run(scenario, plan)
        assert not history.broken, str(history)


@pytest.mark.deep
@pytest.mark.parametrize(
    "scenario", [*SELDOM, BATCH, APPROVED, EMBARGO, EVERYWHERE], ids=lambda s: s.name
)
def test_nor_on_any_platform(scenario: Scenario) -> None:
    _play(scenario, _LARGE)


def _play_pairs(scenario: Scenario, number: int) -> None:
    """A sample, always the same one."""
    random = Random(scenario.name)  # noqa: S311 - a sample
    for plan in islice(set_back_pairs(scenario, random), number):
        history = run(scenario, plan)
        assert not history.broken, str(history)


@pytest.mark.parametrize("scenario", OFTEN, ids=lambda s: s.name)
def test_nor_with_another_fault_before_or_after_it(scenario: Scenario) -> None:
    _play_pairs(scenario, _FEW_PAIRS)


@pytest.mark.deep
@pytest.mark.parametrize("scenario", SMALL, ids=lambda s: s.name)
def test_nor_with_many_other_faults_before_or_after_it(scenario: Scenario) -> None:
    _play_pairs(scenario, PAIRS)


def test_a_ledger_that_trusts_its_past_is_caught() -> None:
    with mock.patch.object(marks.Watermark, "is_in", return_value=True):
        broken = (line for plan in set_backs(ON_FACEBOOK) for line in run(ON_FACEBOOK, plan).broken)
        assert any(line.startswith("doubled") for line in broken)
