"""Random plans and schedules: several faults, two dispatchers, two workers, in any order."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.simulation.history import Scenario, run
from tests.support.simulation.plan import Plan
from tests.support.simulation.random_plans import plans
from tests.support.simulation.scenarios import WIDE

HISTORIES = int(os.environ.get("PUBLISHER_SIMULATION_HISTORIES", "150"))


@pytest.mark.deep
@settings(
    max_examples=HISTORIES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(st.sampled_from(WIDE), plans(), st.integers(0, 2**32 - 1))
def test_random_histories_keep_the_promises(scenario: Scenario, plan: Plan, seed: int) -> None:
    history = run(scenario, plan, seed, only_possible=True)
    assert not history.broken, str(history)
