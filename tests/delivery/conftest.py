"""A courier whose channel answers as the test lays down."""

import pytest

from publisher.delivery.courier import Courier
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from tests.delivery.desk import Desk
from tests.delivery.scripted import ScriptedChannel, courier_of
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne


@pytest.fixture
def channel(clock: ManualClock) -> ScriptedChannel:
    return ScriptedChannel(clock)


@pytest.fixture
def courier(attempts: OneByOne, channel: ScriptedChannel, clock: ManualClock) -> Courier:
    return courier_of(attempts, channel, clock)


@pytest.fixture
def preparing(attempts: OneByOne, channel: ScriptedChannel, clock: ManualClock) -> Courier:
    """A courier that prepares each post, also where it shows nothing."""
    return courier_of(attempts, channel, clock, prepares=True)


@pytest.fixture
def desk(
    clock: ManualClock,
    database: Database,
    ledger: Ledger,
    dispatch: Dispatch,
    control: Control,
    queries: Queries,
) -> Desk:
    return Desk(clock, database, ledger, dispatch, control, queries)
