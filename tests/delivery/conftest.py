"""A courier whose channel answers as the test lays down."""

import pytest

from publisher.delivery.courier import Courier
from publisher.ledger.worker.attempts import Attempts
from tests.delivery.scripted import ScriptedChannel, courier_of
from tests.support.clock import ManualClock


@pytest.fixture
def channel(clock: ManualClock) -> ScriptedChannel:
    return ScriptedChannel(clock)


@pytest.fixture
def courier(attempts: Attempts, channel: ScriptedChannel, clock: ManualClock) -> Courier:
    return courier_of(attempts, channel, clock)
