"""Telling people: at their own addresses, in their language, and without delaying others."""

from collections.abc import Callable, Iterator, Sequence
from zoneinfo import ZoneInfo

import pytest
import structlog

from publisher.auth.users import People, Rank
from publisher.base import logs
from publisher.base.errors import LedgerUnavailable
from publisher.ledger.database import Database
from publisher.ledger.manager.rights import Rights
from publisher.ledger.news.notice_addresses import Addresses
from publisher.ledger.news.personal_news import PersonalNews
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


class Telling:
    """People with addresses, what happens to their posts, and a dispatcher that tells them."""

    def __init__(
        self, database: Database, clock: ManualClock, receiver: Receiver, mishaps: Mishaps
    ) -> None:
        self.clock, self.receiver, self.mishaps = clock, receiver, mishaps
        self.addresses = Addresses(database, clock)
        self.people = People(database, clock)
        self.news = _Flaky(database, clock, lambda _: ApprovalRule(), Rights(lambda _: None))
        self.started: list[PersonalNotices] = []

    def introduce(self, name: str, address: str = "", language: str | None = None) -> None:
        """Let somebody in, with an address; the receiver's if none is given."""
        person = self.people.add(name, Rank.STAFF, PASSWORD, language)
        self.addresses.add(person, address or f"ntfy://{self.receiver.address}/{name.lower()}")

    def start(self) -> PersonalNotices:
        """Begin to tell people, as a dispatcher does; it is ended with the test."""
        running = PersonalNotices(
            self.news,
            _SETTINGS,
            "en",
            lambda items: compose_personal(items, _GENEVA, "https://desk"),
        )
        running.start()
        self.started.append(running)
        return running

    def await_failure(self, times: int) -> None:
        """Wait until the only address has failed so often, and then until it is tried again."""
        wait_for(lambda: self.addresses.all()[0].failures >= times)
        self.clock.advance(1801)


class _Flaky(PersonalNews):
    """A ledger that is away for as long as there are errors."""

    errors: Sequence[Exception] = ()

    def newest(self) -> int:
        if self.errors:
            error, *self.errors = self.errors
            raise error
        return super().newest()


@pytest.fixture
def telling(
    database: Database, clock: ManualClock, receiver: Receiver, mishaps: Mishaps
) -> Iterator[Telling]:
    telling = Telling(database, clock, receiver, mishaps)
    yield telling
    for running in telling.started:
        running.finish(20)
        assert not (running._thread and running._thread.is_alive())


def test_each_is_told_in_their_own_language(telling: Telling) -> None:
    """Two authors: one chose French, one has not chosen; each has the link to the post."""
    telling.introduce("Redaction", f"ntfy://{telling.receiver.address}/redaction", "fr")
    with receiving() as other:
        telling.introduce("redacción", f"ntfy://{other.address}/other")
        telling.mishaps.fail()
        telling.start()
        wait_for(lambda: telling.receiver.messages)
        (told,) = telling.receiver.messages
    assert told["topic"] == "redaction"
    assert told["title"] == "Publisher: post-0.fr a échoué"
    assert "https://desk/posts/post-0.fr" in told["message"]
    assert other.requests == 0  # it is somebody else's


def test_an_address_that_hangs_delays_nobody_else(telling: Telling) -> None:
    """Nor the same person elsewhere."""
    with receiving() as other:
        telling.introduce("redaction")
        (person,) = telling.people.all()
        telling.addresses.add(person, f"ntfy://{other.address}/two")
        telling.receiver.hang()
        telling.mishaps.fail()
        telling.start()
        wait_for(lambda: telling.receiver.requests and other.messages)
        assert telling.receiver.hangs
        telling.receiver.let_go()


def test_what_was_not_taken_is_told_later_and_shows(telling: Telling) -> None:
    telling.receiver.status = 503
    telling.introduce("redaction")
    telling.mishaps.fail()
    telling.start()
    wait_for(lambda: telling.addresses.all()[0].failures)
    telling.receiver.status = 200
    telling.clock.advance(31)
    wait_for(lambda: telling.receiver.messages)
    wait_for(lambda: not telling.addresses.all()[0].failures)
    assert len(telling.receiver.messages) == 1


def test_an_address_that_cannot_be_opened_any_more_shows(telling: Telling) -> None:
    """The settings named a mail account when it was added; it is tried again later and later."""
    telling.introduce("redaction", "redaction@example.org")
    telling.mishaps.fail()
    telling.start()
    for times in (1, 2):
        telling.await_failure(times)


def test_what_came_last_is_told_before_the_end(
    telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_notices, "_LOOK", 600)
    monkeypatch.setattr(personal_notices, "_AGAIN", 600)
    telling.introduce("redaction")
    running = telling.start()
    wait_for(lambda: running._seen is not None)
    telling.mishaps.fail()
    running.finish(20)
    assert len(telling.receiver.messages) == 1


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
    telling: Telling, log: Callable[[], str]
) -> None:
    telling.receiver.status = 503
    telling.introduce("redaction", f"ntfy://tk_hunter2@{telling.receiver.address}/hunter2")
    telling.mishaps.fail()
    telling.start()
    for times in (1, 2, 3):
        telling.await_failure(times)
    shown = log()
    assert shown.count("redaction: ntfy: it answered with status 503.") == 1
    assert "hunter2" not in shown
    assert telling.receiver.address not in shown


def test_it_goes_on_after_every_error(telling: Telling, log: Callable[[], str]) -> None:
    telling.introduce("redaction")
    telling.mishaps.fail()
    telling.news.errors = [LedgerUnavailable(), LedgerUnavailable(), ZeroDivisionError("a mistake")]
    telling.start()
    wait_for(lambda: telling.receiver.messages)
    shown = log()
    assert shown.count("The ledger's database cannot be reached.") == 1
    assert "ZeroDivisionError: a mistake" in shown
