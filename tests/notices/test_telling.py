"""Telling a real service: once, whoever looks, and again when it did not take it."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, timedelta
from unittest import mock

import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy import Connection, delete, update

from publisher import notices
from publisher.base import logs
from publisher.base.errors import ConfigurationError, LedgerUnavailable, NoticeNotSent
from publisher.ledger import fault_isolation
from publisher.ledger.database import Database
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity.after_restore import face, put_back
from publisher.ledger.integrity.marks import Watermark
from publisher.ledger.news import outbox
from publisher.ledger.news.outbox import Item, News, StuckDelivery
from publisher.ledger.tables import EVERYTHING, deliveries, notice_services
from publisher.ledger.transitions import note_account
from publisher.model.events import Event
from publisher.model.outcomes import Unknown
from publisher.notices import Notices, Teller, message
from publisher.notices.message import compose
from publisher.notices.services import Service, open_services
from tests.notices.conftest import MORNING, SERVICE, Mishaps, teller
from tests.support.clock import ManualClock
from tests.support.receiver import Receiver, receiving
from tests.support.waiting import wait_for
from tests.support.wishes import add, wish

Tell = Callable[[], object]

_ROUNDS = 15

pytestmark = pytest.mark.guards("publisher.ledger.fault_isolation")


def test_what_needs_a_person_is_told_once(
    tell: Tell, receiver: Receiver, mishaps: Mishaps, clock: ManualClock
) -> None:
    mishaps.fail()
    tell()
    clock.advance(61)
    tell()
    (body,) = receiver.bodies
    assert body.startswith("post-0.fr to bice-x failed (its content is refused).")


def test_a_ledger_that_was_set_back_is_told_once(
    tell: Tell, receiver: Receiver, mishaps: Mishaps, database: Database, clock: ManualClock
) -> None:
    add(mishaps.ledger, wish(clock, "due", 60))
    clock.advance(120)
    lost = Watermark(delivery=None, account="*", seq=99, hash="0" * 64, at=clock.now())
    database.face(lost, clock.now())
    tell()
    clock.advance(61)
    tell()
    (body,) = receiver.bodies
    assert body.startswith("The ledger was set back")
    assert "1 post may have gone out since" in body


def test_a_machine_that_was_put_back_is_told_once(
    tell: Tell, receiver: Receiver, database: Database, clock: ManualClock
) -> None:
    """Where only a post that was never sent from here tells it."""
    with database.write() as connection:
        detail = {"since": clock.now() - timedelta(minutes=5), "number": 0, "after": 0}
        note_account(connection, EVERYTHING, Event.DUE_IN_SILENCE, clock.now(), detail=detail)
        put_back(connection, clock.now(), clock.now())
    tell()
    clock.advance(61)
    tell()
    (body,) = receiver.bodies
    assert body.startswith("The machine was put back")


def test_a_service_that_a_set_back_ledger_does_not_know_is_told_again(
    receiver: Receiver, news: News, mishaps: Mishaps, database: Database
) -> None:
    one, stop = teller(receiver, news), threading.Event()
    stop.set()
    one.run(stop)
    with database.write() as connection:
        connection.execute(delete(notice_services))
    mishaps.fail()
    one.run(stop)
    assert len(receiver.bodies) == 1


def test_without_news_nothing_is_told(tell: Tell, receiver: Receiver) -> None:
    tell()
    assert receiver.requests == 0


def test_a_burst_is_one_message(tell: Tell, receiver: Receiver, mishaps: Mishaps) -> None:
    mishaps.fail(50)
    tell()
    (body,) = receiver.bodies
    assert body.startswith("50 failed.")
    assert "… and 40 more." in body


def test_a_restored_backup_that_leaves_a_thousand_in_doubt_is_one_message(
    tell: Tell, receiver: Receiver, ledger: Ledger, database: Database, clock: ManualClock
) -> None:
    add(ledger, *(wish(clock, f"post-{n}.fr", 60) for n in range(1000)))
    clock.advance(120)
    face(database, clock, "manager")
    doubts = Doubts(database, clock)
    tell()
    assert receiver.bodies == []  # they are looked for
    for delivery in map(doubts.take, doubts.claim(clock.ahead(30), 1000)):
        assert delivery
        doubts.record(delivery, Unknown("Too many posts to read."))
    tell()
    clock.advance(61)
    tell()
    (body,) = receiver.bodies
    assert body.startswith("1000 uncertain.")


def test_what_was_not_taken_is_told_again_later(
    tell: Tell, receiver: Receiver, mishaps: Mishaps, clock: ManualClock
) -> None:
    """With what came meanwhile, in one message."""
    mishaps.fail()
    receiver.status = 503
    with pytest.raises(NoticeNotSent):
        tell()
    tell()  # not yet
    mishaps.fail()
    receiver.status = 200
    clock.advance(31)
    tell()
    (body,) = receiver.bodies
    assert body.startswith("2 failed.")


@pytest.mark.each_database
def test_of_many_processes_one_tells(
    ledger_url: str, receiver: Receiver, mishaps: Mishaps, news: News, clock: ManualClock
) -> None:
    """They look at the same instant, again and again."""
    with ExitStack() as stack:
        databases = [stack.enter_context(closing(Database(ledger_url))) for _ in range(4)]
        tellers = [teller(receiver, News(database, clock)) for database in databases]
        for told in range(1, _ROUNDS + 1):
            mishaps.fail()
            clock.advance(61)
            barrier = threading.Barrier(len(tellers))

            def look(one: Teller, barrier: threading.Barrier = barrier) -> None:
                barrier.wait()
                one.tell()

            threads = [threading.Thread(target=look, args=(one,)) for one in tellers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(receiver.messages) == told
    assert len({body.split()[0] for body in receiver.bodies}) == _ROUNDS


def test_a_process_that_died_before_it_wrote_it_down_is_followed_by_another(
    tell: Tell, receiver: Receiver, mishaps: Mishaps, news: News, clock: ManualClock
) -> None:
    mishaps.fail()
    assert news.claim(SERVICE)  # and never heard of again
    tell()
    assert receiver.bodies == []
    clock.advance(121)
    tell()
    assert len(receiver.bodies) == 1


# The threads


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "_LOOK", 0.05)
    monkeypatch.setattr(notices, "_GATHER", 0.05)


@pytest.fixture
def start(database: Database, clock: ManualClock) -> Iterator[Callable[..., Notices]]:
    """Start to tell these addresses, as the dispatcher does; it is ended with the test."""
    started: list[Notices] = []

    def start(*urls: str) -> Notices:
        secrets = [SecretStr(url) for url in urls]
        news = News(database, clock)
        running = Notices(secrets, news, clock, lambda items: compose(items, UTC))
        running.start()
        started.append(running)
        return running

    yield start
    for running in started:
        running.finish(20)
        assert not (running._thread and running._thread.is_alive())


def test_without_services_nothing_runs(start: Callable[..., Notices]) -> None:
    before = threading.active_count()
    start().finish(0)
    assert threading.active_count() == before


@pytest.mark.usefixtures("_quick")
def test_every_service_is_told(
    start: Callable[..., Notices], receiver: Receiver, mishaps: Mishaps, news: News
) -> None:
    with receiving() as other:
        news.begin("json 2", MORNING)
        start(receiver.url, other.url)
        mishaps.fail()
        wait_for(lambda: receiver.messages and other.messages)
    assert receiver.bodies == other.bodies


@pytest.mark.usefixtures("_quick")
def test_a_service_that_hangs_does_not_delay_another(
    start: Callable[..., Notices], receiver: Receiver, mishaps: Mishaps, news: News
) -> None:
    with receiving() as other:
        news.begin("json 2", MORNING)
        receiver.hang()
        start(receiver.url, other.url)
        mishaps.fail()
        wait_for(lambda: receiver.requests and other.messages)
        assert receiver.hangs
        receiver.let_go()


def test_a_new_service_tells_what_happens_while_it_is_opened(
    start: Callable[..., Notices], receiver: Receiver, mishaps: Mishaps, clock: ManualClock
) -> None:
    """Apprise takes its time to load, and posts go out meanwhile."""
    mishaps.fail()
    clock.advance(1)

    def open_slowly(urls: Sequence[SecretStr]) -> tuple[list[Service], list[ConfigurationError]]:
        mishaps.fail()
        clock.advance(1)
        return open_services(urls)

    with mock.patch("publisher.notices.open_services", open_slowly):
        start(receiver.url).finish(20)
    (body,) = receiver.bodies
    assert body.startswith("post-1.fr")


def test_what_came_last_is_told_before_the_end(
    start: Callable[..., Notices], receiver: Receiver, mishaps: Mishaps
) -> None:
    """It is not waited for what else may come."""
    running = start(receiver.url)
    mishaps.fail()
    running.finish(20)
    assert len(receiver.bodies) == 1


@pytest.mark.usefixtures("news")
def test_an_end_does_not_wait_for_a_service_that_hangs(
    start: Callable[..., Notices], receiver: Receiver, mishaps: Mishaps
) -> None:
    receiver.hang()
    running = start(receiver.url)
    mishaps.fail()
    begun = time.monotonic()
    running.finish(0.5)
    assert time.monotonic() - begun < 2
    receiver.let_go()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What the notices have logged, as it stands in the dispatcher's log."""
    logs.configure()
    monkeypatch.setattr(notices, "log", structlog.get_logger())
    text: list[str] = []

    def read() -> str:
        text.append(capsys.readouterr().err)
        return "".join(text)

    return read


def test_a_trouble_is_logged_once_while_it_lasts(
    receiver: Receiver,
    mishaps: Mishaps,
    news: News,
    clock: ManualClock,
    log: Callable[[], str],
) -> None:
    at_once = threading.Event()
    at_once.set()
    one = teller(receiver, news)
    receiver.status = 503
    mishaps.fail()
    for _ in range(3):
        one._look(at_once)
        one._look(at_once)  # it is not tried yet
        clock.advance(1801)
    assert receiver.requests == 3
    assert log().count("json: it answered with status 503.") == 1
    receiver.status = 200
    one._look(at_once)
    clock.advance(61)
    receiver.status = 503
    mishaps.fail()
    one._look(at_once)
    assert log().count("json: it answered with status 503.") == 2


def test_an_address_that_is_none_is_logged_without_it(
    start: Callable[..., Notices], log: Callable[[], str]
) -> None:
    start("hunter2://hunter2").finish(20)
    shown = log()
    assert shown.count("number 1 is not an address that Apprise can use") == 1
    assert "hunter2" not in shown


class Flaky(News):
    """A ledger that is away at first, and in which somebody made a mistake after that."""

    errors: list[Exception]

    def untold(self, service: str) -> list[Item]:
        if self.errors:
            raise self.errors.pop(0)
        return super().untold(service)


@pytest.mark.usefixtures("_quick", "news")
def test_it_goes_on_after_every_error(
    database: Database,
    receiver: Receiver,
    mishaps: Mishaps,
    clock: ManualClock,
    log: Callable[[], str],
) -> None:
    flaky = Flaky(database, clock)
    flaky.errors = [LedgerUnavailable(), LedgerUnavailable(), ZeroDivisionError("a mistake")]
    running = Notices([SecretStr(receiver.url)], flaky, clock, lambda items: compose(items, UTC))
    running.start()
    mishaps.fail()
    wait_for(lambda: receiver.messages)
    running.finish(20)
    shown = log()
    assert shown.count("The ledger's database cannot be reached.") == 1
    assert "ZeroDivisionError: a mistake" in shown


@pytest.mark.each_database
def test_a_notice_that_cannot_be_made_stops_no_other(
    tell: Tell,
    receiver: Receiver,
    mishaps: Mishaps,
    database: Database,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A post's record is broken, and a question to the ledger fails: the rest is told."""
    mishaps.fail(3)
    mishaps.hold("bice-page")
    broken = update(deliveries).where(deliveries.c.post == "post-1.fr")
    with database.write() as connection:
        connection.execute(broken.values(remote_ids="{"))

    def fails(connection: Connection, *_: object) -> list[Item]:
        connection.exec_driver_sql("SELECT 1 / 0")  # PostgreSQL refuses all after that
        raise LookupError

    monkeypatch.setattr(fault_isolation, "_logged", set[str]())
    monkeypatch.setattr(outbox, "of_comments", fails)
    with structlog.testing.capture_logs() as logged:
        tell()
        clock.advance(61)
        tell()
    (body,) = receiver.bodies
    named = [name for name in ("post-0.fr", "post-1.fr", "post-2.fr", "bice-page") if name in body]
    assert named == ["post-0.fr", "post-2.fr", "bice-page"]
    assert {one["where"] for one in logged if one["log_level"] == "error"} == {"fails", "<lambda>"}


def test_a_notice_that_cannot_be_put_into_words_is_told_of_and_stops_no_other(
    tell: Tell, receiver: Receiver, mishaps: Mishaps, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = message._event

    def breaks(item: Item) -> str:
        if isinstance(item, StuckDelivery) and item.post == "post-1.fr":
            raise LookupError
        return event(item)

    monkeypatch.setattr(message, "_event", breaks)
    mishaps.fail(3)
    tell()
    tell()
    (body,) = receiver.bodies
    assert ["post-0.fr" in body, "post-1.fr" in body, "post-2.fr" in body] == [True, False, True]
    assert "Publisher failed to describe it" in body
