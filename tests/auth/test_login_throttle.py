"""Guessing becomes slow, and whoever has the right password gets in."""

import threading

import pytest
from sqlalchemy import select

from publisher.auth.known_browsers import Browsers
from publisher.auth.login_throttle import CODE, Throttle, Try
from publisher.auth.users import People, Rank
from publisher.ledger.database import Database
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import login_failures
from tests.support.clock import ManualClock

pytestmark = pytest.mark.guards("publisher.auth.known_browsers")

_OFFICE = "192.0.2.1"
_PASSWORD = "plough wicker ostrich"


@pytest.fixture
def people(database: Database, clock: ManualClock) -> People:
    those = People(database, clock)
    those.add("Lima", Rank.MANAGER, _PASSWORD)
    return those


@pytest.fixture
def throttle(database: Database, clock: ManualClock, people: People) -> Throttle:
    return Throttle(database, clock, people)


def fail(throttle: Throttle, times: int) -> None:
    """So many wrong passwords at the office, each with another name."""
    for number in range(times):
        assert not waits(throttle.admit(f"guessed-{number}", _OFFICE))


def attack(throttle: Throttle, times: int, name: str = "lima") -> list[Try]:
    """So many wrong passwords for one name, each from another network."""
    return [throttle.admit(name, f"2001:db8:{number:x}::1") for number in range(times)]


def waits(attempt: Try) -> bool:
    return attempt.delay > 0 or attempt.until is not None


def test_right_passwords_never_make_anybody_wait(
    throttle: Throttle, clock: ManualClock, database: Database
) -> None:
    """Nor does the ledger keep from where they came."""
    for _ in range(100):
        right = throttle.admit("lima", _OFFICE)
        assert not waits(right)
        throttle.forgive(right)
        clock.advance(60)
    with database.read() as connection:
        assert connection.execute(select(login_failures)).all() == []
    fail(throttle, 30)
    assert waits(throttle.admit("mia", _OFFICE))


def test_the_sixth_wrong_password_waits_and_each_further_one_longer(throttle: Throttle) -> None:
    tried = [throttle.admit("lima", _OFFICE) for _ in range(8)]
    assert [attempt.delay for attempt in tried] == [0, 0, 0, 0, 0, 1, 3, 7]
    assert not any(attempt.until for attempt in tried)


def test_a_right_password_gets_in_after_a_delay(throttle: Throttle, clock: ManualClock) -> None:
    """However often it was wrong before: 15 seconds after the last try at the latest."""
    for _ in range(100):
        clock.advance(throttle.admit("lima", _OFFICE).delay)
    attempt = throttle.admit("lima", _OFFICE)
    assert attempt.until is None
    assert 0 < attempt.delay <= 15


def test_who_guesses_in_parallel_is_no_faster(throttle: Throttle, clock: ManualClock) -> None:
    """Each is looked at after the one before it; those for whom it would take too long are
    refused.
    """
    tried = [throttle.admit("lima", _OFFICE) for _ in range(100)]
    looked_at = [attempt.delay for attempt in tried if attempt.until is None]
    assert looked_at == [0, 0, 0, 0, 0, 1, 3, 7, 15]
    assert all(attempt.until > clock.ahead(20) for attempt in tried if attempt.until)


def test_a_clock_that_is_set_back_shuts_nobody_out(throttle: Throttle, clock: ManualClock) -> None:
    for _ in range(8):
        throttle.admit("lima", _OFFICE)
    clock.set(-86400)
    assert throttle.admit("lima", _OFFICE).until is None


def test_a_right_password_does_away_with_ones_own_failures(throttle: Throttle) -> None:
    for _ in range(4):
        throttle.admit("lima", _OFFICE)
    throttle.forgive(throttle.admit("lima", _OFFICE))
    assert [waits(throttle.admit("lima", _OFFICE)) for _ in range(6)] == [False] * 5 + [True]


def test_an_account_of_ones_own_hides_no_failures_of_the_address(throttle: Throttle) -> None:
    """Who guesses, and logs in rightly now and then, is no further than without that."""
    fail(throttle, 29)
    for _ in range(5):
        throttle.forgive(throttle.admit("mallory", _OFFICE))
    throttle.admit("guessed", _OFFICE)
    assert waits(throttle.admit("lima", _OFFICE))
    assert not waits(throttle.admit("lima", "192.0.2.2"))


def test_who_guesses_from_many_networks_shuts_nobody_out(throttle: Throttle) -> None:
    """A right password from anywhere is looked at after three seconds."""
    attack(throttle, 200)
    victim = throttle.admit("lima", _OFFICE)
    assert (victim.until, victim.delay) == (None, 3)


def test_a_neighbour_with_invented_names_shuts_nobody_out(throttle: Throttle) -> None:
    fail(throttle, 30)
    victim = throttle.admit("lima", _OFFICE)
    assert (victim.until, victim.delay) == (None, 3)


def test_all_addresses_of_an_ipv6_network_are_one(throttle: Throttle) -> None:
    tried = [throttle.admit("lima", f"2001:db8::{number:x}") for number in range(6)]
    assert [waits(attempt) for attempt in tried] == [False] * 5 + [True]
    assert not waits(throttle.admit("lima", "2001:db8:0:1::1"))
    for number in range(5):
        throttle.admit("mia", f"::ffff:192.0.2.{number + 1}")
    assert not waits(throttle.admit("mia", "192.0.2.9"))


def test_a_known_browser_is_counted_by_itself(
    throttle: Throttle, database: Database, clock: ManualClock, people: People
) -> None:
    """Whatever others do at its address and to the name; and it may guess no more than others."""
    token = Browsers(database, clock).remember(people.find("lima"), "")
    attack(throttle, 50)
    for _ in range(20):
        throttle.admit("lima", _OFFICE)
    tried = [throttle.admit("LIMA", _OFFICE, browser=token) for _ in range(6)]
    assert [waits(attempt) for attempt in tried] == [False] * 5 + [True]
    assert throttle.guessed()[0].failures > 50
    throttle.forgive(tried[0])
    assert not waits(throttle.admit("lima", _OFFICE, browser=token))


def test_a_browser_is_known_for_its_own_person_with_its_newest_token(
    throttle: Throttle, database: Database, clock: ManualClock, people: People
) -> None:
    browsers = Browsers(database, clock)
    people.add("Mallory", Rank.STAFF, _PASSWORD)
    old = browsers.remember(people.find("lima"), "")
    new = browsers.remember(people.find("lima"), old)
    others = browsers.remember(people.find("mallory"), "")
    attack(throttle, 30)
    for unknown in (old, others, "", "made-up"):
        assert waits(throttle.admit("lima", _OFFICE, browser=unknown))
    assert not waits(throttle.admit("lima", _OFFICE, browser=new))
    people.set_password("lima", "ochre lantern gravel")
    assert waits(throttle.admit("lima", "192.0.2.7", browser=new))


def test_of_one_person_twenty_browsers_are_known(
    throttle: Throttle, database: Database, clock: ManualClock, people: People
) -> None:
    browsers, tokens = Browsers(database, clock), []
    for _ in range(21):
        tokens.append(browsers.remember(people.find("lima"), ""))
        clock.advance(1)
    attack(throttle, 30)
    assert waits(throttle.admit("lima", _OFFICE, browser=tokens[0]))
    assert not waits(throttle.admit("lima", _OFFICE, browser=tokens[1]))


def test_who_is_unlocked_waits_no_more(throttle: Throttle) -> None:
    attack(throttle, 40)
    attack(throttle, 40, "mia")
    for _ in range(10):
        throttle.admit("lima", _OFFICE)
    throttle.unlock("LIMA")
    assert throttle.guessed() == []
    assert not waits(throttle.admit("lima", _OFFICE))
    assert waits(throttle.admit("mia", "192.0.2.7"))


def test_a_name_with_which_thirty_log_ins_fail_is_told_once(
    throttle: Throttle, queries: Queries, clock: ManualClock
) -> None:
    """In the history, from where notices take it, and to whoever asks; a name of nobody is not."""
    attack(throttle, 29)
    attack(throttle, 40, "nobody-of-ours")
    assert throttle.guessed() == []
    attack(throttle, 20)
    steps = [step for step in queries.steps(0) if step.event == "many failed log-ins"]
    assert [step.account for step in steps] == ["people/lima"]
    (guessed,) = throttle.guessed()
    assert (guessed.name, guessed.failures, guessed.last_at) == ("Lima", 49, clock.now())


@pytest.mark.each_database
def test_many_guesses_at_once_do_not_slip_past(throttle: Throttle) -> None:
    """All are counted before the first password is looked at."""
    ready, found = threading.Barrier(12), []

    def guess() -> None:
        ready.wait()
        found.append(throttle.admit("lima", _OFFICE))

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [waits(attempt) for attempt in found].count(False) == 5


def test_codes_are_counted_by_themselves(throttle: Throttle) -> None:
    for _ in range(8):
        attempt = throttle.admit("lima", _OFFICE, way=CODE)
    assert waits(attempt)
    assert not waits(throttle.admit("lima", _OFFICE))


def test_after_thirty_wrong_codes_in_a_row_none_is_taken_for_a_day(
    throttle: Throttle, database: Database, clock: ManualClock
) -> None:
    """From wherever they come: six digits would be guessed. And a person is told, once."""
    tried = [throttle.admit("lima", f"2001:db8:{n:x}::1", way=CODE) for n in range(40)]
    assert [attempt.until is None for attempt in tried].count(True) == 30
    assert [step.event for step in Queries(database, clock).steps_about_people(10)].count(
        "many wrong codes"
    ) == 1
    clock.advance(23 * 3600)
    assert throttle.admit("lima", _OFFICE, way=CODE).until
    clock.advance(3600 + 1)
    assert not waits(throttle.admit("lima", _OFFICE, way=CODE))


def test_wrong_codes_elsewhere_shut_nobody_out_of_a_known_browser(
    throttle: Throttle, database: Database, clock: ManualClock, people: People
) -> None:
    token = Browsers(database, clock).remember(people.find("lima"), "")
    for number in range(40):
        throttle.admit("lima", f"2001:db8:{number:x}::1", way=CODE)
    assert not waits(throttle.admit("lima", _OFFICE, way=CODE, browser=token))
    for _ in range(29):
        clock.advance(20)
        throttle.admit("lima", _OFFICE, way=CODE, browser=token)
    assert throttle.admit("lima", _OFFICE, way=CODE, browser=token).until


def test_a_right_code_forgets_the_wrong_ones(throttle: Throttle, clock: ManualClock) -> None:
    for _ in range(60):
        clock.advance(20)
        right = throttle.admit("lima", _OFFICE, way=CODE)
        assert right.until is None
        throttle.forgive(right)


def test_an_admin_unlocks_codes_too(throttle: Throttle) -> None:
    for number in range(40):
        throttle.admit("lima", f"2001:db8:{number:x}::1", way=CODE)
    throttle.unlock("Lima")
    assert not waits(throttle.admit("lima", _OFFICE, way=CODE))
