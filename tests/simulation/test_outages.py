"""A machine that goes down publishes everything once, whether it is put back or not."""

from collections.abc import Iterator
from random import Random
from unittest import mock

import pytest

from publisher.ledger.integrity.silence import Silence
from publisher.model.states import State
from tests.support.simulation.history import Scenario, power_cuts, run, set_backs
from tests.support.simulation.plan import Act, Plan
from tests.support.simulation.scenarios import (
    BATCH,
    EMBARGO,
    EVERYWHERE,
    OFTEN,
    ON_FACEBOOK,
    SELDOM,
    SMALL,
)

pytestmark = pytest.mark.guards("publisher.ledger.integrity.silence")
_SAMPLE = 4
_LARGE = 40
"""How many plans of each large scenario are played."""


def _plans(scenario: Scenario) -> Iterator[Plan]:
    yield from set_backs(scenario, act=Act.PUT_BACK)
    yield from power_cuts(scenario)


def _check(scenario: Scenario, plan: Plan) -> None:
    """After a power cut everything goes out, and nobody has to decide."""
    history = run(scenario, plan)
    assert not history.broken, str(history)
    if plan[0].act is Act.POWER_CUT:
        assert {one.state for one in history.ended} == {State.PUBLISHED}, str(history)
        assert all(step.process != "decide" for step in history.steps), str(history)


def _play(scenario: Scenario, number: int) -> None:
    random = Random(scenario.name)  # noqa: S311 - a sample
    for plan in random.sample([*_plans(scenario)], number):
        _check(scenario, plan)


@pytest.mark.parametrize("scenario", SMALL, ids=lambda s: s.name)
def test_a_machine_that_goes_down_publishes_everything_once(scenario: Scenario) -> None:
    """A sample, always the same one."""
    _play(scenario, _SAMPLE)


@pytest.mark.deep
@pytest.mark.parametrize("scenario", OFTEN, ids=lambda s: s.name)
def test_it_publishes_everything_once_whatever_the_step(scenario: Scenario) -> None:
    for plan in _plans(scenario):
        _check(scenario, plan)


@pytest.mark.deep
@pytest.mark.parametrize("scenario", [*SELDOM, BATCH, EMBARGO, EVERYWHERE], ids=lambda s: s.name)
def test_it_does_so_on_every_platform(scenario: Scenario) -> None:
    """A sample, always the same one."""
    _play(scenario, _LARGE)


def test_a_dispatcher_that_looks_for_no_silence_is_caught() -> None:
    with mock.patch.object(Silence, "face", return_value=0):
        plans = [*set_backs(ON_FACEBOOK, act=Act.PUT_BACK)]
        broken = (line for plan in reversed(plans) for line in run(ON_FACEBOOK, plan).broken)
        assert any(line.startswith("doubled") for line in broken)
