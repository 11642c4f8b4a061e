"""A person is told who may approve now, and with whose name very many log-ins fail."""

from datetime import UTC

import pytest

from publisher.auth.feed_keys import FeedKeys
from publisher.auth.login_throttle import Throttle
from publisher.auth.sealing import Sealing
from publisher.auth.second_factors import SecondFactors
from publisher.auth.users import People, Rank
from publisher.base.clock import SystemClock
from publisher.ledger.database import Database
from publisher.ledger.news.outbox import News
from publisher.ledger.news.user_notices import PersonNews
from publisher.notices.message import compose
from tests.notices.conftest import SERVICE
from tests.notices.test_news import take_note
from tests.support.clock import ManualClock
from tests.support.log_ins import SECRET, code

pytestmark = pytest.mark.guards("publisher.ledger.news.user_notices")

_PASSWORD = "plough wicker ostrich"


@pytest.fixture
def people(database: Database, clock: ManualClock) -> People:
    return People(database, clock)


def told(news: News) -> list[str]:
    items = take_note(news)
    assert all(isinstance(item, PersonNews) for item in items)
    return [compose([item], UTC).title.removeprefix("Publisher: ") for item in items]


def test_who_may_approve_now_is_news_once_and_staff_are_none(
    news: News, people: People, clock: ManualClock
) -> None:
    people.add("Stagiaire", Rank.STAFF, _PASSWORD)
    people.add("Intrus", Rank.MANAGER, _PASSWORD, actor="root")
    people.remove("intrus")
    assert told(news) == ["intrus can now log in (role: manager)"]
    clock.advance(120)
    people.set_rights("stagiaire", Rank.ADMIN, ["BICE"], actor="chef")
    assert told(news) == ["the rights of stagiaire have changed (role: admin)"]
    clock.advance(120)
    assert told(news) == []


def test_the_first_log_in_elsewhere_of_a_manager_is_news(
    news: News, people: People, clock: ManualClock
) -> None:
    people.add("Lima", Rank.MANAGER, None)
    people.add("Mia", Rank.STAFF, None)
    take_note(news)
    clock.advance(120)
    for _ in range(2):
        assert people.recognised("lima", "subject-1")
        assert people.recognised("mia", "subject-2")
    assert told(news) == [
        "lima logged in with the organisation's account for the first time (role: manager)"
    ]


def test_a_new_factor_or_feed_key_of_a_manager_is_news(
    news: News, people: People, database: Database, clock: ManualClock
) -> None:
    """A thief adds them, to come back after the password is another."""
    keys = FeedKeys(database, clock, people)
    factors = SecondFactors(database, SystemClock(), people, Sealing(""))
    lima, mia = (
        people.add("Lima", Rank.MANAGER, _PASSWORD),
        people.add("Mia", Rank.STAFF, _PASSWORD),
    )
    take_note(news)
    clock.advance(120)
    for person in (mia, lima):
        keys.make(person)
        factors.add_app(person, SECRET, code())
    assert told(news) == [
        "lima (manager) has a secret address for the calendar and the feed",
        "lima (manager) has a new second factor or passkey",
    ]


def test_that_somebody_guesses_is_news_with_what_helps(
    news: News, people: People, database: Database, clock: ManualClock
) -> None:
    people.add("Lima", Rank.STAFF, _PASSWORD)
    throttle = Throttle(database, clock, people)
    for number in range(40):
        throttle.admit("lima", f"2001:db8:{number:x}::1")
    items = news.untold(SERVICE)
    body = compose(items, UTC).body
    assert "30 log-ins as lima have failed" in body
    assert "`publisher user unlock lima`" in body
    assert told(news) == ["many log-ins as lima are failing"]
