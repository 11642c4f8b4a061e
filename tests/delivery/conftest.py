"""A ledger, a clock that the test moves, and a channel that answers as the test says."""

from collections.abc import Iterator

import pytest

from publisher.ledger.attempts import Attempts
from publisher.ledger.control import Control
from publisher.ledger.database import Database
from publisher.ledger.dispatch import Dispatch
from publisher.ledger.ledger import Ledger
from publisher.ledger.queries import Queries
from tests.support.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def database(ledger_url: str) -> Iterator[Database]:
    database = Database(ledger_url)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database, clock: ManualClock) -> Ledger:
    return Ledger(database, clock)


@pytest.fixture
def control(database: Database, clock: ManualClock) -> Control:
    return Control(database, clock)


@pytest.fixture
def dispatch(database: Database, clock: ManualClock) -> Dispatch:
    return Dispatch(database, clock, settle=60)


@pytest.fixture
def attempts(database: Database, clock: ManualClock) -> Attempts:
    return Attempts(database, clock, settle=60)


@pytest.fixture
def queries(database: Database, clock: ManualClock) -> Queries:
    return Queries(database, clock)
