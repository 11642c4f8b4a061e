"""What keeps posts from going out is named, with its remedy, and without names and addresses."""

import time
from collections.abc import Callable
from concurrent.futures import wait
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import Connection

from publisher.app import Application
from publisher.ledger.heartbeats import ProcessKind
from publisher.ledger.tables import delays
from publisher.model.outcomes import Unknown
from publisher.monitoring import heartbeat as heartbeat_module
from publisher.monitoring.check import Check, NotInTime
from publisher.monitoring.heartbeat import Beating
from publisher.monitoring.monitor import Monitor
from publisher.monitoring.troubles import Subject
from publisher.settings import settings
from tests.monitoring.conftest import process
from tests.support.clock import ManualClock
from tests.support.happening import meet
from tests.support.waiting import wait_for
from tests.support.wishes import add, wish
from tests.support.workspaces import Workspace


def test_all_is_well(app: Application) -> None:
    report = Monitor(app).look()
    assert report.is_well
    assert not report.troubles


BROKERS: dict[str, tuple[Callable[[redis.Redis], object], str, str]] = {
    "full": (lambda client: client.config_set("maxmemory", "1"), "is full.", "Raise its maxmemory"),
    "read-only": (
        lambda client: client.replicaof("127.0.0.1", "1"), "is a read-only copy.", "Put the primary",
    ),
    "without-permission": (
        lambda client: client.acl_setuser("default", enabled=True, categories=["-@list"]),
        "does not let its user work.", "Give the user",
    ),
}  # fmt: skip


@pytest.mark.parametrize("trouble", BROKERS)
def test_a_broker_that_takes_nothing_is_named(
    app: Application, broker_url: str, trouble: str
) -> None:
    """It answers a ping all the time."""
    spoil, message, remedy = BROKERS[trouble]
    monitor = Monitor(app)
    with redis.Redis.from_url(broker_url) as client:
        spoil(client)
    (found,) = monitor.look().troubles
    assert (found.subject, found.message) == (Subject.BROKER, f"The broker {message}")
    assert remedy in found.hint
    assert "127.0.0.1" not in str(found)


def test_a_broker_that_is_away_is_named(app: Application) -> None:
    (found,) = Monitor(app, broker_url=lambda: "redis://:hunter2@127.0.0.1:1/0").look().troubles
    assert found.message == "The broker cannot be reached."
    assert "hunter2" not in str(found)


def test_the_broker_is_left_as_it_was(app: Application, broker_url: str) -> None:
    assert Monitor(app).look().is_well
    with redis.Redis.from_url(broker_url) as client:
        assert client.keys() == []


def test_a_worker_that_is_missing_is_named_with_its_host(app: Application) -> None:
    app.heartbeats.end(process(ProcessKind.WORKER))
    (found,) = Monitor(app).look().troubles
    assert (found.subject, found.message) == (Subject.WORKERS, "No worker is running.")


def test_a_wrong_clock_is_named_with_its_host(app: Application) -> None:
    """And what seems due by it is no trouble of its own."""
    add(app.ledger, wish(app.clock, "a", 0))  # type: ignore[arg-type]
    app.clock.advance(60)  # type: ignore[attr-defined]
    for kind, host, seconds in (
        (ProcessKind.WORKER, "beta", 7200),
        (ProcessKind.DISPATCHER, "gamma", -20),
    ):
        app.heartbeats.beat(process(kind, host), timedelta(seconds=seconds))
    report = Monitor(app).look()
    (found,) = report.troubles
    assert (found.subject, found.message) == (
        Subject.CLOCK,
        "The clock of beta is 2 h ahead. The clock of gamma is 20 s behind.",
    )
    assert "time server" in found.hint
    assert not report.is_well
    app.clock.advance(240)  # type: ignore[attr-defined]
    assert "The clock of beta is 2 h ahead." in Monitor(app).look().late_in_words


def doubted(app: Application, numbers: range) -> None:
    """So many posts of one account are sent, and their platform does not answer."""
    clock = app.clock
    assert isinstance(clock, ManualClock)
    add(app.ledger, *(wish(clock, f"doubt-{n}", 0, texts=(f"{n}",)) for n in numbers))
    for claim in app.dispatch.claim(clock.ahead(2), clock.ahead(900), 100):
        meet(app, claim, Unknown("No answer."))


def test_an_overloaded_platform_is_named(app: Application) -> None:
    """Many posts in doubt at once tell it, and how late it made another one."""
    doubted(app, range(9))
    monitor = Monitor(app)
    assert monitor.look().is_well
    doubted(app, range(9, 10))
    (found,) = Monitor(app).look().troubles
    assert found.subject is Subject.PLATFORMS
    assert (
        found.message == "X may be overloaded: for 10 posts, it is not known whether they are out."
    )
    with app.database.write() as connection:
        connection.execute(
            delays.insert().values(channel="twitter", lag=42_000_000, lag_seen_at=app.clock.now())
        )
    (found,) = Monitor(app).look().troubles
    assert found.message.endswith("it made another post 42 s after the request.")


def test_the_cause_of_what_is_late_is_what_is_wrong_with_the_surroundings(app: Application) -> None:
    add(app.ledger, wish(app.clock, "a", 0))  # type: ignore[arg-type]
    app.clock.advance(300)  # type: ignore[attr-defined]
    app.heartbeats.end(process(ProcessKind.WORKER))
    report = Monitor(app).look()
    assert report.late_in_words.startswith("1 post is late, since 2016-03-07 09:00")
    assert "No worker is running. Start `publisher run`, or the workers" in report.late_in_words


def test_a_ledger_that_takes_nothing_is_a_trouble_though_it_can_be_read(
    app: Application, beating: Beating, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has locked it; what does not show life because of that is not what is wrong."""
    monkeypatch.setattr(heartbeat_module, "_SLOW", 0.1)
    monitor = Monitor(app, beating)
    with app.database.engine.connect() as other:
        _lock(other)
        beating.start()
        wait_for(lambda: beating.trouble, 20)
        (found,) = monitor.look().troubles
    assert (found.subject, found.message) == (
        Subject.LEDGER, "Nothing can be written to the ledger.",
    )  # fmt: skip
    assert "locked" in found.hint
    wait_for(lambda: monitor.look().is_well, 20)
    beating.finish(5)


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("SELECT 1")  # its BEGIN takes the only place of those who write
    else:
        connection.exec_driver_sql("LOCK TABLE heartbeats IN SHARE MODE")


def test_a_damaged_ledger_is_named(app: Application) -> None:
    if not app.database.is_sqlite:
        pytest.skip("its server looks after the files")
    path = Path(str(app.database.engine.url.database))
    monitor = Monitor(app)
    app.database.close()
    path.with_name(f"{path.name}-wal").unlink(missing_ok=True)
    with path.open("r+b") as file:
        file.write(b"this is no database " * 500)
    found = monitor.look().troubles[0]
    assert (found.subject, found.message) == (Subject.LEDGER, "The ledger is damaged.")
    assert "backup" in found.hint


def test_a_database_that_is_away_is_named(
    workspace: Workspace, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "postgresql+psycopg://publisher:hunter2@127.0.0.1:1/publisher"
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", away)
    monkeypatch.setenv("PUBLISHER_BROKER__URL", broker_url)
    app = Application(settings.load(workspace.path), ManualClock())
    (found,) = Monitor(app).look().troubles
    assert (found.subject, found.message) == (
        Subject.LEDGER, "The ledger's database cannot be reached.",
    )  # fmt: skip
    assert "127.0.0.1" not in str(found)


def test_what_hangs_keeps_nobody_waiting_and_takes_one_thread() -> None:
    """And what it raised at last is told by the next who asks."""
    released: list[bool] = []
    begun: list[float] = []

    def hang() -> None:
        begun.append(time.monotonic())
        wait_for(lambda: released, 20)
        raise ValueError("at last")

    check = Check(hang)
    for _ in range(3):
        check.begin()
        with pytest.raises(NotInTime):
            check.result(0.02)
    assert len(begun) == 1
    released.append(True)
    run = check._run
    assert run
    assert wait([run], 20).done
    check.begin()
    with pytest.raises(ValueError, match="at last"):
        check.result(0)
    check.begin()
    with pytest.raises(ValueError, match="at last"):
        check.result(20)
    assert len(begun) == 2
