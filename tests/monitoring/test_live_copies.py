"""Of two copies of one ledger that run at one broker, the second one does nothing."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from sqlalchemy import BigInteger, type_coerce, update
from sqlalchemy.engine import make_url

from publisher.app import Application
from publisher.base.errors import LedgerElsewhere
from publisher.ledger.heartbeats import Process, ProcessKind
from publisher.ledger.tables import heartbeats
from publisher.monitoring.broker import BrokerMarks, client
from publisher.monitoring.live_copies import LIFE, LiveCopies
from publisher.settings import settings
from tests.monitoring.conftest import process
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish
from tests.support.workspaces import Workspace

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards("publisher.monitoring.live_copies"),
]


class Machine:
    """A process that publishes, with its own connections."""

    def __init__(
        self,
        app: Application,
        clock: ManualClock,
        broker: redis.Redis,
        url: str,
        who: Process,
    ) -> None:
        self.app = app
        self.clock = clock
        self.process = who
        self.seconds = 0.0
        self.copies = LiveCopies(app, broker, who, lambda: self.seconds)
        app.watermarks._places = [BrokerMarks(url)]
        app.watermarks._copies = self.copies
        app.database.watch = app.watermarks

    def works(self) -> bool:
        """Whether it writes to its ledger, as for a post."""
        self.seconds += 2
        try:
            self.app.heartbeats.beat(self.process)
            with self.app.database.watched():
                add(self.app.ledger, wish(self.clock, self.process.id + str(self.seconds), 9))
        except LedgerElsewhere:
            return False
        return True


Start = Callable[[str, str], Machine]


@pytest.fixture
def broker(broker_url: str) -> Iterator[redis.Redis]:
    with client(broker_url, 1.0) as broker:
        yield broker


@pytest.fixture
def start(
    tmp_path: Path, broker: redis.Redis, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Start]:
    with ExitStack() as stack:
        clock = ManualClock()

        def start(host: str, ledger_url: str) -> Machine:
            monkeypatch.setenv("PUBLISHER_DATABASE__URL", ledger_url)
            app = Application(settings.load(Workspace(tmp_path / host).path), clock)
            stack.callback(app.close)
            app.database.migrate()
            return Machine(app, clock, broker, broker_url, process(ProcessKind.WORKER, host))

        yield start


@pytest.fixture
def copy(
    ledger_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[], str]]:
    """Copies the ledger as it is now, and returns the copy's URL."""
    with ExitStack() as kept:

        def copy() -> str:
            name = str(make_url(ledger_url).database)
            if ledger_url.startswith("sqlite"):
                return f"sqlite:///{shutil.copy(name, tmp_path / 'copy.db')}"
            server = request.getfixturevalue("postgres_server")
            url: str = kept.enter_context(server.database(name))
            return url

        yield copy


@pytest.fixture
def both(start: Start, copy: Callable[[], str], ledger_url: str) -> tuple[Machine, Machine]:
    """The original, which is at work, and an earlier copy that is started beside it."""
    first = start("alpha", ledger_url)
    assert first.works()
    first.app.database.close()
    second = start("beta", copy())
    with second.app.database.write() as connection:
        seen_at = type_coerce(heartbeats.c.seen_at, BigInteger)  # microseconds
        earlier = {"seen_at": seen_at - 100_000_000}
        connection.execute(update(heartbeats).values(earlier))
    assert first.works()
    return first, second


def _set_backs(*machines: Machine) -> list[int]:
    return [len(one.app.queries.set_backs()) for one in machines]


def test_the_second_copy_writes_nothing_and_no_copy_is_set_back(
    both: tuple[Machine, Machine],
) -> None:
    first, second = both
    assert [(first.works(), second.works()) for _look in range(5)] == [(True, False)] * 5
    assert _set_backs(first, second) == [0, 0]
    told = str(second.copies.elsewhere())
    assert all(
        one in told for one in ("alpha", first.app.database.place, second.app.database.place)
    )


def test_processes_of_one_ledger_are_no_copies(start: Start, ledger_url: str) -> None:
    machines = [start(host, ledger_url) for host in ("alpha", "beta")]
    assert not any(one.copies.elsewhere() for one in machines), "before their first heartbeat"
    assert [one.works() for one in machines * 3] == [True] * 6


def test_the_copy_takes_over_after_the_first_one_has_ended(
    both: tuple[Machine, Machine], broker: redis.Redis
) -> None:
    """And knows then that it lacks what the first one did."""
    first, second = both
    assert not second.works()
    broker.delete(second.copies._key)  # as after its time, or in a broker that lost everything
    assert not second.works(), "the first one, if it is at work, has its turn before it"
    assert first.works()
    assert not second.works()
    broker.delete(second.copies._key)
    second.seconds += LIFE
    assert second.works() or second.works()
    assert _set_backs(second) == [1]
    first.seconds += LIFE
    assert not first.works(), "now it is the second one"
    with pytest.raises(LedgerElsewhere):
        first.app.heartbeats.beat(first.process)


def test_a_broker_that_is_away_changes_nothing(both: tuple[Machine, Machine]) -> None:
    first, second = both
    assert not second.works()
    for one in both:
        one.copies._client = client("redis://127.0.0.1:1/0", 0.5)
    second.seconds += LIFE * 2
    assert (first.works(), second.works()) == (True, False)
