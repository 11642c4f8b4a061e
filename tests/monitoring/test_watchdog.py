"""What the watchdog does with what it sees: notes, tells, and pings."""

from datetime import timedelta

import pytest

from publisher.app import Application
from publisher.ledger import heartbeats
from publisher.ledger.heartbeats import ProcessKind
from publisher.ledger.news.outbox import LatePosts, News
from publisher.model.outcomes import Accepted
from publisher.monitoring import alarms, watchdog
from publisher.monitoring.heartbeat import Beating
from publisher.monitoring.monitor import Monitor
from publisher.monitoring.troubles import Subject
from publisher.monitoring.watchdog import Watchdog
from tests.ledger.test_heartbeats import grow_old
from tests.monitoring.conftest import Switch, process
from tests.support.clock import ManualClock
from tests.support.happening import meet
from tests.support.receiver import Receiver
from tests.support.waiting import wait_for
from tests.support.wishes import add, wish

SERVICE = "json"


@pytest.fixture
def clock(app: Application) -> ManualClock:
    assert isinstance(app.clock, ManualClock)
    return app.clock


@pytest.fixture
def news(app: Application) -> News:
    news = News(app.database, app.clock)
    news.begin(SERVICE, app.clock.now())
    return news


@pytest.fixture
def dog(app: Application, beating: Beating) -> Watchdog:
    beating.look()
    return Watchdog(app, Monitor(app, beating), beating=beating, leads=True)


def publish(app: Application) -> None:
    (claim,) = app.dispatch.claim(app.clock.ahead(2), app.clock.ahead(900), 10)
    meet(app, claim, Accepted("707"))


def untold(news: News) -> list[LatePosts]:
    return [item for item in news.untold(SERVICE) if isinstance(item, LatePosts)]


def tell(news: News) -> None:
    turn = news.claim(SERVICE)
    assert turn
    news.told(SERVICE, turn, news.untold(SERVICE))


def test_what_is_late_is_news_once_and_once_more_when_it_goes_on(
    app: Application, clock: ManualClock, dog: Watchdog, news: News
) -> None:
    add(app.ledger, wish(clock, "a", 0))
    dog.look()
    assert not untold(news)
    clock.advance(300)
    app.heartbeats.end(process(ProcessKind.WORKER))
    for _ in range(3):
        dog.look()
    (item,) = untold(news)
    assert "1 post is late" in item.message
    assert "No worker is running." in item.message
    assert not item.is_over
    tell(news)
    assert not untold(news)
    app.heartbeats.beat(process(ProcessKind.WORKER, "beta"))
    clock.advance(120)
    publish(app)
    for _ in range(3):
        dog.look()
    (item,) = untold(news)
    assert item.is_over
    clock.advance(120)
    tell(news)
    assert not untold(news)


def test_a_pause_of_everything_is_not_told_as_all_being_well(
    app: Application, clock: ManualClock, dog: Watchdog, news: News
) -> None:
    add(app.ledger, wish(clock, "a", 0))
    clock.advance(300)
    app.heartbeats.end(process(ProcessKind.WORKER))
    for _ in range(3):
        dog.look()
    tell(news)
    app.control.pause(None, "flood", "direction")
    for _ in range(3):
        dog.look()
    (item,) = untold(news)
    assert item.is_over
    assert item.ending is not None
    assert "publishing continues" not in item.ending
    assert "Everything is paused" in item.ending


def test_what_stood_still_and_went_out_late_is_news(
    app: Application, clock: ManualClock, dog: Watchdog, news: News, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it is out before anybody looks."""
    now = [1000.0]
    monkeypatch.setattr(watchdog, "boot_seconds", lambda: now[0])
    add(app.ledger, wish(clock, "a", 60))
    dog._looked_at = now[0]
    dog.look()
    now[0] += 300
    clock.advance(300)
    publish(app)
    for _ in range(4):
        dog.look()
        now[0] += 5
    (item,) = untold(news)
    assert item.is_over
    assert "did nothing for 300 s" in item.message


def test_a_post_of_a_paused_account_is_no_news(
    app: Application, clock: ManualClock, dog: Watchdog, news: News
) -> None:
    add(app.ledger, wish(clock, "a", 0))
    app.control.pause(None, "Wait.", "direction")
    clock.advance(300)
    dog.look()
    app.control.resume(None, "direction")
    publish(app)
    dog.look()
    assert not untold(news)


def test_a_trouble_of_the_surroundings_reaches_the_service_without_the_ledger(
    app: Application, dog: Watchdog, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "PATIENCE", 0.0)
    monkeypatch.setattr(alarms, "CALM", 0.0)
    with app.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE deliveries RENAME TO gone")
    dog.look()
    wait_for(lambda: receiver.bodies)
    assert "The ledger lacks a table." in receiver.bodies[0]
    with app.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO deliveries")
    dog.look()
    wait_for(lambda: len(receiver.bodies) == 2)
    assert "Resolved" in receiver.bodies[1]


def test_a_wrong_clock_is_told_and_that_it_is_right_again(
    app: Application, beating: Beating, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, though each dispatcher knows it from the ledger."""
    monkeypatch.setattr(alarms, "PATIENCE", 0.0)
    monkeypatch.setattr(alarms, "CALM", 0.0)
    beating.look()
    dogs = [Watchdog(app, Monitor(app), beating=beating)]
    beat = Beating(app.heartbeats, ProcessKind.DISPATCHER, beating._pulse)
    beat.look()
    dogs.append(Watchdog(app, Monitor(app), beating=beat))
    app.heartbeats.end(process(ProcessKind.DISPATCHER))
    app.heartbeats.beat(process(ProcessKind.WORKER), timedelta(hours=2))
    for dog in dogs:
        dog.look()
    wait_for(lambda: receiver.bodies)
    assert "The clock of alpha is 2 h ahead." in receiver.bodies[0]
    app.heartbeats.beat(process(ProcessKind.WORKER))
    for dog in dogs:
        dog.look()
    wait_for(lambda: len(receiver.bodies) == 2)
    assert receiver.bodies[1] == "Resolved: The clock of alpha is 2 h ahead."


def test_what_seems_late_by_a_clock_that_was_just_set_is_no_news(
    app: Application, clock: ManualClock, dog: Watchdog, news: News
) -> None:
    """Until a process has told that the clock is wrong, nothing is known but the clock."""
    add(app.ledger, wish(clock, "a", 3600))
    dog.look()
    clock.set(7200)
    for _ in range(2):
        dog.look()
    clock.set(-7200)
    dog.look()
    assert not untold(news)


def test_of_many_dispatchers_one_tells_that_no_worker_is_alive(
    app: Application, beating: Beating, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "PATIENCE", 0.0)
    app.heartbeats.end(process(ProcessKind.WORKER))
    app.heartbeats.end(process(ProcessKind.DISPATCHER))
    others = [Beating(app.heartbeats, ProcessKind.DISPATCHER, beating._pulse) for _ in range(3)]
    for one in others:
        one.look()
    for one in others:
        Watchdog(app, Monitor(app, one), beating=one).look()
    wait_for(lambda: receiver.bodies)
    assert len(receiver.bodies) == 1


def test_the_loss_of_one_of_several_is_told_and_stops_no_heartbeat_to_elsewhere(
    app: Application,
    dog: Watchdog,
    switch: Switch,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next loss would stop everything; each is told within three minutes."""
    most = heartbeats.SILENT_AFTER + 2 * watchdog._LONGEST_LOOK + alarms.PATIENCE
    assert most < 180
    monkeypatch.setattr(alarms, "PATIENCE", 0.0)
    for host in ("beta", "gamma"):
        lost = process(ProcessKind.WORKER, host)
        app.heartbeats.beat(lost)
        grow_old(app.database, lost, 60)
        dog.look()
    wait_for(lambda: len(receiver.bodies) == 2)
    assert "A worker on beta has not reported for 40 s." in receiver.bodies[0]
    assert "A worker on gamma" in receiver.bodies[1]
    assert "beta" not in receiver.bodies[1]
    assert "may be late" not in "".join(receiver.bodies)
    wait_for(lambda: switch.asked)
    assert not any("fail" in path for path in switch.asked)


def test_a_worker_tells_that_no_dispatcher_is_alive_and_nothing_else(
    app: Application, beating: Beating, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who sends the notices is what is missing."""
    monkeypatch.setattr(alarms, "PATIENCE", 0.0)
    app.heartbeats.end(process(ProcessKind.DISPATCHER))
    worker = Beating(app.heartbeats, ProcessKind.WORKER, beating._pulse)
    app.heartbeats.end(process(ProcessKind.WORKER))
    worker.look()
    monitor = Monitor(app, worker, broker_url=lambda: "redis://127.0.0.1:1/0")
    Watchdog(app, monitor, beating=worker, subjects={Subject.DISPATCHERS}).look()
    wait_for(lambda: receiver.bodies)
    (body,) = receiver.bodies
    assert "No dispatcher is running." in body
    assert "broker" not in body


def test_the_heartbeat_is_pinged_while_all_is_well(
    app: Application, dog: Watchdog, switch: Switch
) -> None:
    app.heartbeats.end(process(ProcessKind.WORKER))
    dog.look()
    assert not switch.asked
    app.heartbeats.beat(process(ProcessKind.WORKER, "beta"))
    dog.look()
    wait_for(lambda: switch.asked == ["/secret-of-ours"])
