"""Histories that are made up rule by rule, by people and by everything that can go wrong."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.support.simulation.machine import MOST_RULES, Newsroom

pytestmark = [pytest.mark.deep, pytest.mark.timeout(900)]  # a hundred histories are one test
HISTORIES = int(os.environ.get("PUBLISHER_SIMULATION_HISTORIES", "100"))

TestNewsroom = Newsroom.TestCase
TestNewsroom.settings = settings(
    max_examples=HISTORIES,
    stateful_step_count=MOST_RULES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
