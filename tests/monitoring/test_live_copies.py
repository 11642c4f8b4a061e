"""Of two copies of one ledger that run at one broker, the second one does nothing."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from sqlalchemy import BigInteger, delete, type_coerce, update
from sqlalchemy.engine import make_url

from publisher.app import Application
from publisher.base.errors import LedgerElsewhere, LedgerUnavailable
from publisher.ledger.heartbeats import Process, ProcessKind
from publisher.ledger.tables import heartbeats
from publisher.monitoring.broker import BrokerMarks, client
from publisher.monitoring.live_copies import LIFE, TURN, LiveCopies
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
        app.watermarks._places.append(BrokerMarks(url))
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
    assert first.works()
    return first, second


def _shift_signs(machine: Machine, seconds: int) -> None:
    """As if its last heartbeat were by a clock that is so many seconds ahead."""
    with machine.app.database.engine.begin() as connection:  # it looks for no copy yet
        last = type_coerce(heartbeats.c.seen_at, BigInteger) + seconds * 1_000_000
        connection.execute(update(heartbeats).values(seen_at=last, sign=last))


@pytest.fixture
def again(start: Start) -> Callable[[Machine], Machine]:
    """Starts a machine again, with its ledger and its folder."""
    return lambda one: start(one.process.host, one.app.settings.database.url)


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


def test_a_ledger_that_lacks_nothing_takes_over_after_the_first_one(
    start: Start, copy: Callable[[], str], ledger_url: str, broker: redis.Redis
) -> None:
    """As a standby that is promoted."""
    first = start("alpha", ledger_url)
    assert first.works()
    first.app.database.close()
    second = start("beta", copy())
    for _beat in range(2):
        first.app.heartbeats.beat(first.process)
        first.seconds += 2
        first.copies.elsewhere()
        assert not second.works()
    broker.delete(second.copies._key)  # as after its time, or in a broker that lost everything
    assert not second.works(), "the first one, if it is at work, has its turn before it"
    second.seconds += LIFE
    assert second.works()
    first.seconds += LIFE
    assert not first.works(), "now it is the second one"
    with pytest.raises(LedgerElsewhere):
        first.app.heartbeats.beat(first.process)


def _is_beside(first: Machine, second: Machine) -> None:
    """The second one sees the first one at work for a while, which then falls silent."""
    for _look in range(2):
        first.app.heartbeats.beat(first.process)
        assert first.works()
        assert not second.works()


def test_a_copy_that_lacks_steps_does_not_take_over_while_the_first_one_is_cut_off(
    both: tuple[Machine, Machine], broker: redis.Redis
) -> None:
    """And the first one goes on as it was."""
    first, second = both
    _is_beside(first, second)
    broker.flushdb()
    for _look in range(5):
        second.seconds += LIFE * 2
        assert not second.works()
    assert [first.works(), second.works(), first.works()] == [True, False, True]
    assert _set_backs(first, second) == [0, 0]


def test_a_copy_that_is_started_again_takes_over_and_knows_what_it_lacks(
    both: tuple[Machine, Machine], broker: redis.Redis, again: Callable[[Machine], Machine]
) -> None:
    """Also at a broker that has lost everything: so the hint says."""
    first, second = both
    _is_beside(first, second)
    broker.flushdb()
    anew = again(second)
    assert not anew.works(), "the first one, if it is at work, has its turn before it"
    anew.seconds += TURN
    assert anew.works() or anew.works()
    assert _set_backs(anew) == [1]


def test_a_copy_whose_first_one_is_dead_from_the_start_takes_over_and_knows_what_it_lacks(
    both: tuple[Machine, Machine], broker: redis.Redis
) -> None:
    """As a promoted standby that lacks the last commits: only the name of the dead one is there."""
    _first, second = both
    for _look in range(3):
        assert not second.works()
    broker.delete(second.copies._key)
    second.seconds += LIFE
    assert second.works() or second.works()
    assert _set_backs(second) == [1]


def test_at_a_broker_that_was_restarted_the_one_at_work_has_its_turn_before_one_that_starts(
    both: tuple[Machine, Machine], broker: redis.Redis
) -> None:
    first, second = both
    broker.flushdb()
    assert not second.works()
    assert "by itself" in str(second.copies.known and second.copies.known.hint), "no copy is seen"
    assert first.works()
    second.seconds += TURN
    assert not second.works()
    assert first.works()


def test_of_two_that_find_no_name_one_alone_goes_on(
    both: tuple[Machine, Machine], broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = both
    broker.flushdb()
    assert second.copies.elsewhere()
    second.seconds += TURN
    beat = second.app.heartbeats.beat

    def beat_meanwhile(process: Process) -> None:
        beat(process)
        assert first.works()

    monkeypatch.setattr(second.app.heartbeats, "beat", beat_meanwhile)
    assert second.copies.elsewhere()


def test_an_end_in_order_takes_only_its_own_name_away(
    start: Start, ledger_url: str, broker: redis.Redis
) -> None:
    first, second = (start(host, ledger_url) for host in ("alpha", "beta"))
    assert first.works()
    second.copies.end()
    assert broker.exists(first.copies._key)
    first.copies.end()
    assert not broker.exists(first.copies._key)
    first.seconds += 2
    assert not first.copies.elsewhere()
    assert not broker.exists(first.copies._key), "it leaves its name no more"


@pytest.mark.parametrize("was_there", [False, True])
def test_an_end_while_another_thread_looks_leaves_no_sign_of_life(
    start: Start,
    ledger_url: str,
    broker: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    was_there: bool,
) -> None:
    machine = start("alpha", ledger_url)
    heartbeats = machine.app.heartbeats
    beat = heartbeats.beat

    def beat_after_the_end(process: Process) -> None:
        if was_there:
            beat(process)
        machine.copies.end()
        heartbeats.end(process)
        beat(process)

    monkeypatch.setattr(heartbeats, "beat", beat_after_the_end)
    machine.copies.elsewhere()
    assert not heartbeats.all()
    assert not broker.exists(machine.copies._key)


def test_who_starts_beside_one_of_its_ledger_goes_on_after_the_end_of_that(
    start: Start, ledger_url: str
) -> None:
    """Else a worker whose dispatcher ends could not say that it ends, too, and would be missed."""
    first, second = (start(host, ledger_url) for host in ("alpha", "beta"))
    assert first.works()
    assert not second.copies.elsewhere()
    second.app.heartbeats.beat(second.process)
    first.copies.end()
    assert second.works()


def test_the_name_of_a_process_that_ended_in_order_holds_nobody(
    start: Start, ledger_url: str
) -> None:
    """Though the clock was set back before its end."""
    first, second = (start(host, ledger_url) for host in ("alpha", "beta"))
    assert first.works()
    first.app.heartbeats.end(first.process)
    _shift_signs(first, -100)
    assert second.works()


def test_a_clock_that_is_set_back_makes_no_copy(start: Start, ledger_url: str) -> None:
    """Its name was left while the clock was ahead."""
    first, second = (start(host, ledger_url) for host in ("alpha", "beta"))
    assert first.works()
    _shift_signs(first, 7200)
    first.seconds += 2
    assert not first.copies.elsewhere()
    first.app.heartbeats.beat(first.process)
    assert [second.works(), first.works(), second.works()] == [True] * 3


def test_a_copy_that_was_made_while_the_clock_was_ahead_is_found(
    start: Start, copy: Callable[[], str], ledger_url: str
) -> None:
    """Also where the original's ledger lost what was written then, as on a lagging standby."""
    first = start("alpha", ledger_url)
    assert first.works()
    _shift_signs(first, 7200)
    assert first.works()
    first.app.database.close()
    second = start("beta", copy())
    with first.app.database.engine.begin() as connection:
        connection.execute(delete(heartbeats))
    assert [first.works(), second.works(), first.works()] == [True, False, True]


@pytest.mark.parametrize("name", [b"\xff", b"[]", b"{}", b'{"process": "x", "sign": "y"}'])
def test_a_name_that_cannot_be_read_is_replaced(
    start: Start, ledger_url: str, broker: redis.Redis, name: bytes
) -> None:
    first = start("alpha", ledger_url)
    assert first.works()
    broker.set(first.copies._key, name)
    assert first.works()
    assert first.process.id.encode() in broker.get(first.copies._key)  # type: ignore[operator]


def test_it_waits_until_the_ledger_can_say_whether_it_is_a_copy(
    start: Start, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker's start goes on after it, and takes messages."""
    first = start("alpha", ledger_url)
    assert first.works()
    first.seconds += 2
    beats: list[None] = []

    def is_away() -> dict[str, float]:
        monkeypatch.undo()
        raise LedgerUnavailable("away")

    monkeypatch.setattr(first.app.heartbeats, "signs_of_life", is_away)
    monkeypatch.setattr("publisher.monitoring.live_copies.sleep", lambda _seconds: None)
    first.copies.wait(lambda: beats.append(None))
    assert len(beats) == 1


def test_a_broker_that_is_away_changes_nothing(both: tuple[Machine, Machine]) -> None:
    first, second = both
    assert not second.works()
    for one in both:
        one.copies._client = client("redis://127.0.0.1:1/0", 0.5)
    second.seconds += LIFE * 2
    assert (first.works(), second.works()) == (True, False)
