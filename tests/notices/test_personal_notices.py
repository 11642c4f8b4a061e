"""Telling people: at their own addresses, in their language, and without delaying others."""

from collections.abc import Callable, Iterator
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import structlog

from publisher.auth.users import People, Rank
from publisher.base import logs
from publisher.base.errors import LedgerUnavailable
from publisher.ledger.database import Database
from publisher.ledger.manager.rights import Rights
from publisher.ledger.notice_addresses import Addresses
from publisher.ledger.personal_news import PersonalNews
from publisher.model.accounts import ApprovalRule
from publisher.notices import personal_notices
from publisher.notices.personal_message import compose_personal
from publisher.notices.personal_notices import PersonalNotices
from publisher.settings.schema import NoticeSettings
from tests.notices.conftest import Mishaps
from tests.support.clock import ManualClock
from tests.support.pages import PASSWORD
from tests.support.receiver import Receiver, receiving
from tests.support.waiting import wait_for

_SETTINGS = NoticeSettings(hosts=("127.0.0.1",))
_GENEVA = ZoneInfo("Europe/Zurich")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal_notices, "_LOOK", 0.05)
    monkeypatch.setattr(personal_notices, "_AGAIN", 0.05)
    monkeypatch.setattr(personal_notices, "_GATHER", 0.05)


@pytest.fixture
def introduce(database: Database, clock: ManualClock) -> Callable[..., None]:
    """Let somebody in, with an address."""

    def introduce(name: str, address: str, language: str | None = None) -> None:
        people = People(database, clock)
        person = people.add(name, Rank.STAFF, PASSWORD, language)
        Addresses(database, clock).add(person, address)

    return introduce


@pytest.fixture
def start(database: Database, clock: ManualClock) -> Iterator[Callable[..., PersonalNotices]]:
    """Begin to tell people, as a dispatcher does; it is ended with the test."""
    started: list[PersonalNotices] = []

    def start(news: PersonalNews | None = None) -> PersonalNotices:
        rights = Rights(lambda _account: None)
        news = news or PersonalNews(database, clock, lambda _account: ApprovalRule(), rights)
        running = PersonalNotices(
            news, _SETTINGS, "en", lambda items: compose_personal(items, _GENEVA, "https://desk")
        )
        running.start()
        started.append(running)
        return running

    yield start
    for running in started:
        running.finish(20)
        assert not (running._thread and running._thread.is_alive())


def test_each_is_told_in_their_own_language(
    start: Callable[..., PersonalNotices],
    introduce: Callable[..., None],
    receiver: Receiver,
    mishaps: Mishaps,
) -> None:
    """Two authors: one chose French, one has not chosen; each has the link to the post."""
    introduce("Redaction", f"ntfy://{receiver.address}/redaction", "fr")
    with receiving() as other:
        introduce("redacción", f"ntfy://{other.address}/other")
        mishaps.fail()
        start()
        wait_for(lambda: receiver.messages)
        (told,) = receiver.messages
    assert told["topic"] == "redaction"
    assert told["title"] == "Publisher: post-0.fr a échoué"
    assert "https://desk/posts/post-0.fr" in told["message"]
    assert other.requests == 0  # it is somebody else's


def test_an_address_that_hangs_delays_nobody_else(
    start: Callable[..., PersonalNotices],
    introduce: Callable[..., None],
    receiver: Receiver,
    mishaps: Mishaps,
    database: Database,
    clock: ManualClock,
) -> None:
    """Nor the same person elsewhere."""
    with receiving() as other:
        introduce("redaction", f"ntfy://{receiver.address}/one")
        (person,) = People(database, clock).all()
        Addresses(database, clock).add(person, f"ntfy://{other.address}/two")
        receiver.hang()
        mishaps.fail()
        start()
        wait_for(lambda: receiver.requests and other.messages)
        assert receiver.hangs
        receiver.let_go()


def test_what_was_not_taken_is_told_later_and_shows(
    start: Callable[..., PersonalNotices],
    introduce: Callable[..., None],
    receiver: Receiver,
    mishaps: Mishaps,
    database: Database,
    clock: ManualClock,
) -> None:
    receiver.status = 503
    introduce("redaction", f"ntfy://{receiver.address}/one")
    mishaps.fail()
    start()
    addresses = Addresses(database, clock)
    wait_for(lambda: addresses.all()[0].failures)
    receiver.status = 200
    clock.advance(31)
    wait_for(lambda: receiver.messages)
    wait_for(lambda: not addresses.all()[0].failures)
    assert len(receiver.messages) == 1


def test_an_address_that_cannot_be_opened_any_more_shows(
    start: Callable[..., PersonalNotices],
    introduce: Callable[..., None],
    mishaps: Mishaps,
    database: Database,
    clock: ManualClock,
) -> None:
    """The settings named a mail account when it was added; it is tried again later and later."""
    introduce("redaction", "redaction@example.org")
    mishaps.fail()
    start()
    addresses = Addresses(database, clock)
    for times in (1, 2):
        wait_for(partial(_has_failed, addresses, times))
        clock.advance(1801)


def test_what_came_last_is_told_before_the_end(
    start: Callable[..., PersonalNotices],
    introduce: Callable[..., None],
    receiver: Receiver,
    mishaps: Mishaps,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(personal_notices, "_LOOK", 600)
    monkeypatch.setattr(personal_notices, "_AGAIN", 600)
    introduce("redaction", f"ntfy://{receiver.address}/one")
    running = start()
    wait_for(lambda: running._seen is not None)
    mishaps.fail()
    running.finish(20)
    assert len(receiver.messages) == 1


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What has been logged, as it stands in the dispatcher's log."""
    logs.configure()
    monkeypatch.setattr(personal_notices, "log", structlog.get_logger())
    text: list[str] = []

    def read() -> str:
        text.append(capsys.readouterr().err)
        return "".join(text)

    return read


def test_a_failure_is_logged_once_by_the_service_s_kind_alone(
    start: Callable[..., PersonalNotices],
    introduce: Callable[..., None],
    receiver: Receiver,
    mishaps: Mishaps,
    database: Database,
    clock: ManualClock,
    log: Callable[[], str],
) -> None:
    receiver.status = 503
    introduce("redaction", f"ntfy://tk_hunter2@{receiver.address}/hunter2")
    mishaps.fail()
    start()
    addresses = Addresses(database, clock)
    for times in (1, 2, 3):
        wait_for(partial(_has_failed, addresses, times))
        clock.advance(1801)
    shown = log()
    assert shown.count("redaction: ntfy: it answered with status 503.") == 1
    assert "hunter2" not in shown
    assert receiver.address not in shown


def _has_failed(addresses: Addresses, times: int) -> bool:
    return addresses.all()[0].failures >= times


class _Flaky(PersonalNews):
    """A ledger that is away at first, and in which somebody made a mistake after that."""

    errors: list[Exception]

    def newest(self) -> int:
        if self.errors:
            raise self.errors.pop(0)
        return super().newest()


def test_it_goes_on_after_every_error(
    start: Callable[..., PersonalNotices],
    introduce: Callable[..., None],
    database: Database,
    receiver: Receiver,
    mishaps: Mishaps,
    clock: ManualClock,
    log: Callable[[], str],
) -> None:
    introduce("redaction", f"ntfy://{receiver.address}/one")
    mishaps.fail()
    flaky = _Flaky(database, clock, lambda _: ApprovalRule(), Rights(lambda _: None))
    flaky.errors = [LedgerUnavailable(), LedgerUnavailable(), ZeroDivisionError("a mistake")]
    start(flaky)
    wait_for(lambda: receiver.messages)
    shown = log()
    assert shown.count("The ledger's database cannot be reached.") == 1
    assert "ZeroDivisionError: a mistake" in shown
