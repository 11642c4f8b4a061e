"""Sessions of people who logged in: each is one browser's, and ends by itself or by hand."""

from datetime import timedelta

import pytest

from publisher.auth.sessions import CONFIRMED, IDLE, LIFE, Sessions
from publisher.auth.users import People, Person, Rank
from publisher.ledger.database import Database
from publisher.ledger.manager.rights import Rights
from tests.support.clock import ManualClock


@pytest.fixture
def people(database: Database, clock: ManualClock) -> People:
    return People(database, clock, Rights(lambda _account: None))


@pytest.fixture
def lima(people: People) -> Person:
    return people.add("Lima", Rank.STAFF, "plough wicker ostrich")


@pytest.fixture
def sessions(database: Database, clock: ManualClock) -> Sessions:
    return Sessions(database, clock)


def test_one_session_ends_and_no_other(people: People, lima: Person, sessions: Sessions) -> None:
    ola = people.add("Ola", Rank.STAFF, "another good password")
    tokens = [sessions.begin(person, "Firefox") for person in (lima, lima, ola)]
    first, second, others = (found.id for token in tokens if (found := sessions.find(token)))
    assert not sessions.end_one(lima, others)
    assert sessions.end_one(lima, first)
    assert not sessions.end_one(lima, first)
    assert [session.id for session in sessions.of(lima)] == [second]
    assert [session.id for session in sessions.of(ola)] == [others]


def test_all_sessions_of_a_person_end_but_the_one_that_asks(
    people: People, lima: Person, sessions: Sessions
) -> None:
    ola = people.add("Ola", Rank.STAFF, "another good password")
    kept = sessions.find([sessions.begin(person, "") for person in (ola, lima, lima)][-1])
    assert sessions.revoke(lima, but=kept) == 1
    assert sessions.by_person() == {lima.id: [kept], ola.id: sessions.of(ola)}
    assert sessions.revoke(lima) == 1
    assert sessions.of(lima) == []


@pytest.mark.parametrize("used", [True, False])
def test_a_session_ends_after_a_week_and_unused_after_half_a_day(
    used: bool, lima: Person, sessions: Sessions, clock: ManualClock
) -> None:
    token, hours = sessions.begin(lima, ""), 0
    while found := sessions.find(token):
        clock.advance(3_600)
        hours += 1
        if used:
            sessions.touch(found)
    assert timedelta(hours=hours) == (LIFE if used else IDLE)


def test_the_use_of_a_session_is_written_at_most_once_a_minute(
    lima: Person, sessions: Sessions, clock: ManualClock
) -> None:
    """A page with its pictures and styles is one use, not a transaction for each."""
    token, began = sessions.begin(lima, ""), clock.now()
    for seconds, seen_at in ((30, began), (60, clock.ahead(90))):
        clock.advance(seconds)
        if found := sessions.find(token):
            sessions.touch(found)
        assert [one.seen_at for one in sessions.of(lima)] == [seen_at]


def test_who_proved_who_they_are_is_believed_for_a_while(
    lima: Person, sessions: Sessions, clock: ManualClock
) -> None:
    token = sessions.begin(lima, "")

    def is_confirmed() -> bool:
        found = sessions.find(token)
        assert found
        return sessions.is_confirmed(found)

    assert is_confirmed()
    clock.advance(CONFIRMED.total_seconds())
    assert not is_confirmed()
    found = sessions.find(token)
    assert found
    sessions.confirm(found)
    assert is_confirmed()


def test_a_factor_that_is_set_up_ends_what_began_without_it(
    lima: Person, sessions: Sessions
) -> None:
    thief, own = (sessions.begin(lima, "", needs_factor=True) for _number in range(2))
    found = sessions.find(own)
    assert found
    assert found.needs_factor
    sessions.factor_is_set(found)
    assert sessions.find(thief) is None
    found = sessions.find(own)
    assert found
    assert not found.needs_factor
