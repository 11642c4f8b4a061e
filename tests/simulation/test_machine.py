"""Histories that are made up rule by rule, by people and by everything that can go wrong."""

import os

from hypothesis import HealthCheck, settings

from tests.support.simulation.machine import Newsroom

HISTORIES = int(os.environ.get("PUBLISHER_SIMULATION_HISTORIES", "150"))
_RULES = 40  # at most, in one history

TestNewsroom = Newsroom.TestCase
TestNewsroom.settings = settings(
    max_examples=HISTORIES,
    stateful_step_count=_RULES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
