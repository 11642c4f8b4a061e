"""A ledger in which things go wrong, and a service that is told."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.news.outbox import News
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import AccountSuspended, Kind, Outcome, Refused, Unknown
from publisher.notices import Teller
from publisher.notices.message import compose
from publisher.notices.services import open_services
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.receiver import Receiver, receiving
from tests.support.wishes import add, wish

SERVICE = "json"


class Mishaps:
    """Lets things go wrong in a ledger, as the workers and the dispatcher write it down."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock = database, clock
        self.ledger = Ledger(database, clock)
        self.control = Control(database, clock)
        self._dispatch = Dispatch(database, clock, settle=60)
        self._attempts = OneByOne(database, clock, settle=60, shares_with=self._shares_with)
        self.app: frozenset[str] = frozenset()
        """The accounts that share one app."""
        self._doubts = Doubts(database, clock)
        self._names = (f"post-{number}.fr" for number in itertools.count())

    def _shares_with(self, account: str) -> frozenset[str]:
        return self.app if account in self.app else frozenset({account})

    def end(self, outcome: Outcome, account: str = "bice-x", count: int = 1) -> list[Delivery]:
        """So many deliveries are sent at once, and all of them end like this."""
        names = list(itertools.islice(self._names, count))
        add(self.ledger, *(wish(self.clock, name, 0, account=account) for name in names))
        claims = self._dispatch.claim(self.clock.ahead(2), self.clock.ahead(30), count)
        taken = [self._attempts.take(claim) for claim in claims]
        sent = [
            self._attempts.intend(delivery, self.clock.now(), self.clock.ahead(30))
            for delivery in taken
            if delivery
        ]
        return [
            self._attempts.record(delivery, outcome, self.clock.ahead(30))
            for delivery in sent
            if delivery
        ]

    def go_on(self, outcome: Outcome) -> None:
        """What is claimed now ends like this."""
        for claim in self._dispatch.claim(self.clock.ahead(2), self.clock.ahead(30), 10):
            delivery = self._attempts.take(claim)
            assert delivery
            intended = self._attempts.intend(delivery, self.clock.now(), self.clock.ahead(30))
            assert intended
            self._attempts.record(intended, outcome, self.clock.ahead(30))

    def fail(self, count: int = 1, message: str = "Too long.") -> list[Delivery]:
        return self.end(Refused(Kind.CONTENT, message, of_post=True), count=count)

    def hold(self, account: str = "bice-x", minutes: float | None = None, count: int = 1) -> None:
        """The platform refuses the account for so many minutes, or until a person acts."""
        until = None if minutes is None else self.clock.ahead(minutes * 60)
        kind = Kind.AUTH if minutes is None else Kind.RATE_LIMIT
        self.end(AccountSuspended(kind, "The keys are not accepted.", until), account, count)

    def use_up(self, account: str, until: datetime) -> None:
        """The platform says, answering an account, that its app's limit is used up."""
        held = AccountSuspended(Kind.RATE_LIMIT, "Too many.", until, app_suspended_until=until)
        self.end(held, account)

    def miss(self) -> None:
        add(self.ledger, wish(self.clock, next(self._names), 60))
        self.clock.advance(5 * 3600)
        self._dispatch.expire()

    def leave_uncertain(self) -> Delivery:
        """One whose outcome is unknown, and for which the platform will be read."""
        (delivery,) = self.end(Unknown("No answer."))
        return delivery

    def give_up_reading(self) -> None:
        """Reading the platform cannot tell: a person decides."""
        self.clock.advance(10)
        (claim,) = self._doubts.claim(self.clock.ahead(30), 1)
        delivery = self._doubts.take(claim)
        assert delivery is not None
        self._doubts.record(delivery, Unknown("The page does not show it."))


@pytest.fixture
def mishaps(database: Database, clock: ManualClock) -> Mishaps:
    return Mishaps(database, clock)


@pytest.fixture
def news(database: Database, clock: ManualClock) -> News:
    """Of a service that begins now."""
    news = News(database, clock)
    news.begin(SERVICE, clock.now())
    return news


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def teller(receiver: Receiver, news: News) -> Teller:
    (service,), problems = open_services([SecretStr(receiver.url)])
    assert (service.name, problems) == (SERVICE, [])
    return Teller(service, news, lambda items: compose(items, UTC), MORNING)


@pytest.fixture
def tell(receiver: Receiver, news: News) -> Callable[[], object]:
    """Take a turn to tell the receiver."""
    return teller(receiver, news).tell


MORNING = datetime(2016, 3, 7, 8, tzinfo=UTC)
"""When the manual clock starts."""
