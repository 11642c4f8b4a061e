"""The dispatcher and the way to the workers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import redis
from structlog.testing import capture_logs

from publisher.app import Application
from publisher.base.errors import BrokerUnavailable, ClockWrong, LedgerGone
from publisher.model.deliveries import Claim
from publisher.model.outcomes import Accepted, Unknown
from publisher.model.states import State
from publisher.running.embedded_broker import EmbeddedBroker
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.happening import begin, comes_of, meet
from tests.support.waiting import wait_for
from tests.support.wishes import add, wish
from tests.support.workspaces import Workspace

if TYPE_CHECKING:
    from workers.dispatcher import Dispatcher

ROOT = Path(__file__).parents[2]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(tmp_path / "broker-var")
    broker.start()
    yield broker
    broker.stop()


def make(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Application:
    """An application with the broker at `url`."""
    Workspace(folder)
    monkeypatch.setenv("PUBLISHER_WORKSPACE", str(folder))
    monkeypatch.setenv("PUBLISHER_BROKER__URL", url)
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", "sqlite:///var/publisher.db")
    for name in [name for name in sys.modules if name.split(".")[0] == "workers"]:
        monkeypatch.delitem(sys.modules, name)
    app = Application(settings.load(folder), ManualClock())
    app.database.migrate()
    return app


@pytest.fixture
def app(
    tmp_path: Path, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    """An application whose broker is real; the modules of `workers` are imported for it anew."""
    app = make(tmp_path, broker.url, monkeypatch)
    yield app
    app.close()
    sys.modules["workers.app"].publisher().close()


@pytest.fixture
def dispatcher(app: Application) -> "Dispatcher":
    from workers.dispatcher import Dispatcher  # noqa: PLC0415

    return Dispatcher(app)


def fill(app: Application, count: int) -> None:
    clock = app.clock
    assert isinstance(clock, ManualClock)
    add(app.ledger, *(wish(clock, f"post-{n}", 0, texts=(f"{n}",)) for n in range(count)))


def test_by_a_wrong_clock_nothing_is_due_and_nothing_over(
    app: Application, dispatcher: "Dispatcher"
) -> None:
    """Two hours ahead, it would hand over what is due in an hour, and miss what expires then."""
    clock = app.clock
    assert isinstance(clock, ManualClock)
    add(app.ledger, wish(clock, "later", 3600), wish(clock, "brief", 0, expires_at=clock.ahead(60)))
    app.clock_check.heard_from("X")(clock.now(), 0.1)
    clock.set(7200)
    with pytest.raises(ClockWrong, match="2 h ahead"):
        dispatcher.tick()
    assert app.queries.counts() == {State.SCHEDULED: 2}
    clock.set(-7200)
    assert dispatcher.tick() == 1


def test_a_clock_that_is_set_wrong_in_the_midst_of_a_tick_puts_nothing_off(
    app: Application, dispatcher: "Dispatcher", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is over, and nothing is spread over the hours to come, by a time that was no time."""
    clock = app.clock
    assert isinstance(clock, ManualClock)
    add(app.ledger, wish(clock, "due", 0), wish(clock, "brief", 0, expires_at=clock.ahead(60)))
    app.clock_check.heard_from("X")(clock.now(), 0.1)
    look = app.clock_check.trouble

    def set_just_afterwards() -> ClockWrong | None:
        found = look()
        clock.set(7200)
        return found

    monkeypatch.setattr(app.clock_check, "trouble", set_just_afterwards)
    dispatcher._hand_over = lambda _task, _claims: None
    with suppress(ClockWrong):
        dispatcher.tick()
    assert State.MISSED not in app.queries.counts()
    assert [d for d in app.queries.deliveries() if d.next_check_at != d.due_at] == []


def test_a_tick_hands_over_what_was_withdrawn_and_may_still_be_out(
    app: Application, dispatcher: "Dispatcher"
) -> None:
    """Once it is time to try again; a worker's task goes on with it."""
    from workers import tasks  # noqa: PLC0415

    handed: list[tuple[str, list[Claim]]] = []
    dispatcher._hand_over = lambda task, claims: handed.append((task.name, [*claims]))
    fill(app, 1)
    (claim,) = app.dispatch.claim(app.clock.now(), app.clock.ahead(60), 1)
    meet(app, claim, Accepted("71"))
    app.delivery.withdrawal.withdraw("post-0", None, actor="direction", reason="an error")
    dispatcher.tick()
    assert handed == []
    assert isinstance(app.clock, ManualClock)
    app.clock.advance(61)
    dispatcher.tick()
    ((name, claims),) = handed
    assert name == tasks.withdraw.name
    (found,) = app.queries.deliveries()
    assert claims == [Claim(delivery=found.id, version=found.version)]
    tasks.withdraw([(found.id, found.version)])
    wait_for(lambda: app.queries.history("post-0")[-1].event == "not withdrawn yet")


def test_a_tick_hands_over_what_is_due(app: Application, dispatcher: "Dispatcher") -> None:
    fill(app, 60)
    assert dispatcher.tick() == 60
    assert app.queries.counts() == {State.PUBLISHING: 60}


@pytest.mark.parametrize(("posts", "expected"), [(1, [0.1, 0.5]), (150, [0.1, 0.1])])
def test_it_looks_seldom_only_after_a_tick_that_found_nothing_to_do(
    app: Application,
    dispatcher: "Dispatcher",
    monkeypatch: pytest.MonkeyPatch,
    posts: int,
    expected: list[float],
) -> None:
    """Of 150 of one account a hundred are in hand at first, and the others may go at any moment."""
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            dispatcher.stop()

    fill(app, posts)
    patient = SimpleNamespace(sleep=nap, monotonic=time.monotonic)
    monkeypatch.setattr("workers.dispatcher.time", patient)
    dispatcher.run()
    assert naps == expected


def test_what_a_hung_broker_does_not_take_is_on_the_schedule_again(
    app: Application, dispatcher: "Dispatcher", broker: EmbeddedBroker
) -> None:
    fill(app, 60)
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        with pytest.raises(BrokerUnavailable):
            dispatcher.tick()
        assert app.queries.counts() == {State.SCHEDULED: 60}
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    assert dispatcher.tick() == 60


def test_while_nobody_takes_what_lies_at_the_broker_nothing_more_is_claimed(
    app: Application, dispatcher: "Dispatcher"
) -> None:
    """Hours without workers would fill the history with claims that run out."""
    clock = app.clock
    assert isinstance(clock, ManualClock)
    fill(app, 60)
    assert dispatcher.tick() == 60
    for _tick in range(30):
        clock.advance(20)
        dispatcher.tick()
    assert app.queries.counts() == {State.SCHEDULED: 60}
    events = [step.event for step in app.queries.history("post-0")]
    assert events == ["queued", "claimed", "lease ran out"]
    # A worker comes, and takes what lies there: those claims are worth nothing any more.
    from workers.app import app as celery  # noqa: PLC0415

    with celery.pool.acquire() as connection:
        connection.default_channel.client.delete(celery.conf.task_default_queue)
    assert dispatcher.tick() == 1  # the others follow, a minute apart
    assert app.queries.counts() == {State.SCHEDULED: 59, State.PUBLISHING: 1}


def test_what_a_dead_broker_does_not_take_is_on_the_schedule_again(
    app: Application, dispatcher: "Dispatcher", broker: EmbeddedBroker
) -> None:
    fill(app, 3)
    broker.stop()
    with pytest.raises(BrokerUnavailable):
        dispatcher.tick()
    assert app.queries.counts() == {State.SCHEDULED: 3}


def test_what_fails_in_a_way_that_nobody_foresaw_is_on_the_schedule_again(
    app: Application,
) -> None:
    from workers.dispatcher import Dispatcher  # noqa: PLC0415

    def fail(_task: object, _claims: Sequence[Claim]) -> None:
        raise KeyError("No such transport")

    fill(app, 3)
    with pytest.raises(KeyError):
        Dispatcher(app, fail).tick()
    assert app.queries.counts() == {State.SCHEDULED: 3}


_BAD_URLS = ["redis://:hunter2@127.0.0.1:notaport/0", "redis://:hunter2@[::1", "memory://",
             "amqp://me:hunter2@127.0.0.1", "nonsense", ""]  # fmt: skip


@pytest.mark.parametrize("url", _BAD_URLS)
@pytest.mark.parametrize(
    "command",
    [("workers.dispatcher",), ("celery", "-A", "workers", "worker")],
    ids=["dispatcher", "worker"],
)
def test_a_broker_that_is_none_ends_the_process_with_a_message(
    tmp_path: Path, command: Sequence[str], url: str
) -> None:
    """Whoever starts it by hand sees what to mend, no traceback and no password."""
    Workspace(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={
            "PATH": os.defpath,
            "PUBLISHER_WORKSPACE": str(tmp_path),
            "PUBLISHER_BROKER__URL": url,
            "PUBLISHER_DATABASE__URL": "sqlite:///var/publisher.db",
            "PUBLISHER_LANGUAGE": "en",
        },
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.startswith("error: ")
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_an_option_that_the_broker_does_not_know_is_its_refusal(
    tmp_path: Path, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make(tmp_path, f"{broker.url}?foo=bar", monkeypatch)
    from workers.dispatcher import Dispatcher  # noqa: PLC0415

    fill(app, 3)
    with pytest.raises(BrokerUnavailable):
        Dispatcher(app).tick()
    assert app.queries.counts() == {State.SCHEDULED: 3}
    app.close()
    sys.modules["workers.app"].publisher().close()


def test_the_log_says_what_is_handed_over_and_that_workers_take_no_more(
    app: Application, dispatcher: "Dispatcher", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once each: a tick comes ten times a second."""
    now = 0.0
    monkeypatch.setattr("workers.dispatcher.time", SimpleNamespace(monotonic=lambda: now))
    waiting = {0.0: 0, 13.0: 0}
    dispatcher._unread = lambda: waiting.get(now, 2)
    clock = app.clock
    assert isinstance(clock, ManualClock)
    with capture_logs() as logged:
        for now in (0.0, 1.0, 10.0, 11.0, 12.0, 13.0):
            add(app.ledger, wish(clock, f"at-{now}", 0, texts=(f"{now}",)))
            dispatcher.tick()
    assert [(one["log_level"], one["event"], one.get("posts")) for one in logged] == [
        ("info", "handed to the workers", 1),
        ("warning", "the workers take no more batches", None),
        ("info", "the workers take batches again", None),
        ("info", "handed to the workers", 5),
    ]


def test_of_many_batches_only_those_that_were_not_taken_go_back(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workers.dispatcher import Dispatcher  # noqa: PLC0415

    monkeypatch.setattr("workers.dispatcher._BATCH", 25)
    taken: list[Claim] = []

    def take_one_batch(_task: object, claims: Sequence[Claim]) -> None:
        if taken:
            raise BrokerUnavailable
        taken.extend(claims)

    fill(app, 60)
    with pytest.raises(BrokerUnavailable):
        Dispatcher(app, take_one_batch).tick()
    assert app.queries.counts() == {State.PUBLISHING: 25, State.SCHEDULED: 35}


def test_the_history_is_sealed_about_once_a_minute(
    app: Application, dispatcher: "Dispatcher"
) -> None:
    clock = app.clock
    assert isinstance(clock, ManualClock)
    numbers = []
    for _ in range(3):
        app.control.pause(None, "a reason", "manager")
        dispatcher._seal()
        seal = app.audit.verify().seal
        numbers.append(seal.number if seal else None)
        clock.advance(40)
    assert numbers == [1, 1, 2]


def test_a_clock_that_is_set_lets_platforms_settle_anew(
    app: Application, dispatcher: "Dispatcher"
) -> None:
    """An absence counts only after so much time; a date that was set does not tell how much."""
    clock = app.clock
    assert isinstance(clock, ManualClock)
    fill(app, 1)
    sending = begin(app, app.dispatch.claim(clock.ahead(2), clock.ahead(30), 1)[0])
    dispatcher.tick()
    comes_of(app, sending, Unknown("No answer."))

    def settled_in() -> float:
        (found,) = app.queries.deliveries()
        assert found.settled_at
        return (found.settled_at - clock.now()).total_seconds()

    for seconds, expected in ((0, 60), (1.9, 58.1), (0, 58.1), (300, 90), (0, 90), (-300, 90)):
        clock.set(seconds)
        dispatcher.tick()
        assert settled_in() == pytest.approx(expected)


def test_a_dispatcher_that_has_just_begun_does_not_know_what_the_clock_did_before(
    app: Application, dispatcher: "Dispatcher"
) -> None:
    clock = app.clock
    assert isinstance(clock, ManualClock)
    fill(app, 1)
    meet(app, app.dispatch.claim(clock.ahead(2), clock.ahead(30), 1)[0], Unknown("No answer."))
    clock.advance(59)
    dispatcher.tick()
    (found,) = app.queries.deliveries()
    assert found.settled_at == clock.ahead(app.longest_settle) == clock.ahead(90)


def test_a_clock_that_is_set_back_does_not_lengthen_the_lease_of_a_dead_worker(
    app: Application, dispatcher: "Dispatcher"
) -> None:
    clock = app.clock
    assert isinstance(clock, ManualClock)
    fill(app, 1)
    dispatcher.tick()
    clock.set(-24 * 3600)
    dispatcher.tick()
    (found,) = app.queries.deliveries()
    assert found.lease_until
    assert found.lease_until <= clock.ahead(dispatcher._leases.longest)


def test_each_ledger_has_a_queue_of_its_own_in_the_broker(
    app: Application, dispatcher: "Dispatcher", broker: EmbeddedBroker, tmp_path: Path
) -> None:
    """Workers of another ledger on the same broker would take its work, and find nothing of it."""
    fill(app, 1)
    assert dispatcher.tick() == 1
    with redis.Redis.from_url(broker.url) as client:
        assert client.llen(f"publisher-{app.queries.ledger_id()}") == 1
        assert client.llen("publisher") == 0
    with closing(Application.open_or_make(Workspace(tmp_path / "other").path)) as other:
        assert other.queries.ledger_id() != app.queries.ledger_id()


def test_it_ends_when_the_ledgers_file_is_gone(
    app: Application, dispatcher: "Dispatcher", tmp_path: Path
) -> None:
    """It would hand over what no ledger knows of any more."""
    dispatcher.tick()
    (tmp_path / "var" / "publisher.db").unlink()
    with pytest.raises(LedgerGone, match="was deleted or replaced"):
        dispatcher.run()
