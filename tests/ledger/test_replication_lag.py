"""A platform that is behind is not believed empty: its lag is learnt, and a crowd of doubts is a
sign.
"""

from datetime import datetime, timedelta

import pytest

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Absent, Accepted, Sighting, Unknown
from publisher.model.states import State
from publisher.monitoring.troubles import of_crowds
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.model.outcomes")


@pytest.fixture
def doubts(database: Database, clock: ManualClock) -> Doubts:
    return Doubts(database, clock, settle=60)


class Platform:
    """Takes requests, answers none, and shows each post when it says so."""

    def __init__(
        self,
        ledger: Ledger,
        dispatch: Dispatch,
        attempts: OneByOne,
        doubts: Doubts,
        clock: ManualClock,
    ) -> None:
        self._ledger, self._dispatch, self._attempts = ledger, dispatch, attempts
        self._doubts, self._clock = doubts, clock
        self.begun = clock.now()
        self.sent_again: dict[str, float] = {}
        """By post: seconds after the beginning at which an absence was believed."""

    def takes(self, count: int, channel: str = "twitter", account: str = "bice-x") -> None:
        """So many posts at one instant, and no answer."""
        posts = [
            wish(
                self._clock, f"{account}-{n}", 0, texts=(f"{n}",), account=account, channel=channel
            )
            for n in range(count)
        ]
        add(self._ledger, *posts)
        claims = self._dispatch.claim(self._clock.ahead(2), self._clock.ahead(30), count)
        for delivery in filter(None, map(self._attempts.take, claims)):
            intended = self._attempts.intend(delivery, self._clock.now(), self._clock.ahead(30))
            assert intended
            self._attempts.record(intended, Unknown("No answer."), self._clock.ahead(30))

    def loses_its_workers(self, count: int, account: str) -> None:
        """So many posts at one instant; nobody records what became of their requests."""
        add(
            self._ledger,
            *(wish(self._clock, f"{account}-{n}", 0, texts=(f"{n}",), account=account)
              for n in range(count)),
        )  # fmt: skip
        claims = self._dispatch.claim(self._clock.ahead(2), self._clock.ahead(30), count)
        for delivery in filter(None, map(self._attempts.take, claims)):
            assert self._attempts.intend(delivery, self._clock.now(), self._clock.ahead(30))
        self._clock.advance(31)
        assert self._dispatch.reap() == count

    def is_read_for(self, seconds: float, shows: dict[str, float]) -> None:
        """Read whatever is looked for; `shows` says after how many seconds each post was made."""
        for _second in range(int(seconds)):
            self._clock.advance(1)
            for claim in self._doubts.claim(self._clock.ahead(30), 100):
                delivery = self._doubts.take(claim)
                assert delivery
                recorded = self._doubts.record(delivery, self._sees(delivery, shows))
                if recorded.state is State.SCHEDULED:
                    self.sent_again[delivery.post] = self._seconds(self._clock.now())

    def _sees(self, delivery: Delivery, shows: dict[str, float]) -> Sighting:
        made = shows.get(delivery.post)
        if made is None or made > self._seconds(self._clock.now()):
            return Absent()
        made_at = self.begun + timedelta(seconds=made)
        return Accepted(f"9{delivery.id}", made_at=made_at)

    def _seconds(self, instant: datetime) -> float:
        return (instant - self.begun).total_seconds()


@pytest.fixture
def platform(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, doubts: Doubts, clock: ManualClock
) -> Platform:
    return Platform(ledger, dispatch, attempts, doubts, clock)


def test_where_nothing_is_wrong_an_absence_counts_as_ever(platform: Platform) -> None:
    platform.takes(9)
    platform.is_read_for(120, {f"bice-x-{n}": 1.0 for n in range(8)})
    assert list(platform.sent_again) == ["bice-x-8"]
    assert platform.sent_again["bice-x-8"] < 80


def test_a_lag_that_was_seen_makes_the_platform_settle_twice_as_long(platform: Platform) -> None:
    """One post was made 50 seconds after its request, so another may take 100."""
    platform.takes(5)
    shows = {"bice-x-0": 50.0}
    platform.is_read_for(99, shows)
    assert platform.sent_again == {}
    platform.is_read_for(60, shows)
    assert sorted(platform.sent_again) == [f"bice-x-{n}" for n in range(1, 5)]
    assert min(platform.sent_again.values()) >= 100


def test_a_lag_is_forgotten_after_an_hour(
    platform: Platform, clock: ManualClock, queries: Queries
) -> None:
    platform.takes(1)
    platform.is_read_for(130, {"bice-x-0": 50.0})
    clock.advance(3600)
    platform.begun = clock.now()
    platform.takes(1, account="apg-x")
    platform.is_read_for(90, {})
    assert platform.sent_again["apg-x-0"] < 80


@pytest.mark.parametrize(
    ("unanswered", "lost", "is_our_own"), [(0, 10, True), (9, 10, True), (10, 10, False)]
)
def test_a_platform_is_not_blamed_for_what_our_own_workers_lost(
    platform: Platform, doubts: Doubts, unanswered: int, lost: int, is_our_own: bool
) -> None:
    platform.takes(unanswered)
    platform.loses_its_workers(lost, "apg-x")
    (crowd,) = doubts.crowds()
    assert (crowd.number, crowd.our_own) == (unanswered + lost, lost)
    told = of_crowds([crowd])
    assert told.message.startswith("Workers ended" if is_our_own else "X may be overloaded")
    assert ("logs of the workers" in told.hint, "status page" in told.hint) == (
        is_our_own, not is_our_own,
    )  # fmt: skip


def test_many_doubts_at_once_are_a_sign_of_themselves(platform: Platform, queries: Queries) -> None:
    """None is believed absent for 15 minutes, though nothing late was found yet; and it is said."""
    platform.takes(12)
    platform.is_read_for(899, {})
    assert platform.sent_again == {}
    why = "Many posts are in doubt on this platform at once: it may be overloaded."
    assert {d.error_message for d in queries.deliveries()} == {why}
    told = [step.detail.get("message") for step in queries.history("bice-x-0")]
    assert told.count(why) == 1, "once, and not at each look"
    platform.is_read_for(120, {})
    assert len(platform.sent_again) == 12


def test_the_last_of_many_is_not_believed_absent_because_the_others_were_found(
    platform: Platform,
) -> None:
    """An overloaded platform carries out one after the other: all of them are found in the end."""
    platform.takes(120 // 2)
    platform.is_read_for(600, {f"bice-x-{n}": 5.0 * n for n in range(60)})
    assert platform.sent_again == {}


def test_doubts_on_another_platform_tell_nothing_of_this_one(platform: Platform) -> None:
    platform.takes(12)
    platform.takes(1, channel="other", account="bice-other")
    platform.is_read_for(120, {})
    assert list(platform.sent_again) == ["bice-other-0"]
