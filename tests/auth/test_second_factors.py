"""Second factors: each code counts once, within half a minute of its time, and is sealed."""

import threading

import pyotp
import pytest
from sqlalchemy import select, update

from publisher.auth.challenges import Challenges
from publisher.auth.sealing import Sealing
from publisher.auth.second_factors import Factors, Passkey, SecondFactors
from publisher.auth.users import People, Person, Rank
from publisher.base.errors import NotPossible, UsageError
from publisher.ledger.database import Database
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.tables import history, people
from tests.support.clock import ManualClock

pytestmark = pytest.mark.guards("publisher.auth.challenges", "publisher.auth.sealing")

PASSWORD = "plough wicker ostrich"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_KEY = "a key of secrets.toml, which no backup has"


@pytest.fixture
def someone(database: Database, clock: ManualClock) -> People:
    those = People(database, clock)
    those.add("Anna", Rank.MANAGER, PASSWORD)
    return those


@pytest.fixture
def anna(someone: People) -> Person:
    return someone.find("anna")


@pytest.fixture
def factors(database: Database, clock: ManualClock, someone: People) -> SecondFactors:
    return SecondFactors(database, clock, someone, Sealing(_KEY))


def code(clock: ManualClock, steps: int = 0) -> str:
    """The code so many half minutes from now."""
    return pyotp.TOTP(SECRET).at(clock.now(), counter_offset=steps)


@pytest.fixture
def with_app(factors: SecondFactors, anna: Person, clock: ManualClock) -> SecondFactors:
    """An app was set up, a minute ago."""
    factors.add_app(anna, SECRET, code(clock))
    clock.advance(60)
    return factors


def test_a_code_counts_once(with_app: SecondFactors, anna: Person, clock: ManualClock) -> None:
    now = code(clock)
    assert with_app.is_right(anna, f"{now[:3]} {now[3:]}")
    assert not with_app.is_right(anna, now)
    clock.advance(30)
    assert not with_app.is_right(anna, now)
    assert with_app.is_right(anna, code(clock))


def test_the_code_that_set_the_app_up_is_used(
    factors: SecondFactors, anna: Person, clock: ManualClock
) -> None:
    factors.add_app(anna, SECRET, code(clock))
    assert not factors.is_right(anna, code(clock))


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_phones_clock_may_be_off_by_half_a_minute(
    with_app: SecondFactors, anna: Person, clock: ManualClock, steps: int, right: bool
) -> None:
    clock.advance(60)
    assert with_app.is_right(anna, code(clock, steps)) is right


@pytest.mark.each_database
def test_of_two_uses_of_a_code_at_once_one_counts(
    with_app: SecondFactors, anna: Person, clock: ManualClock
) -> None:
    now, recovery = code(clock), with_app.new_recovery_codes(anna)[0]
    for one in (now, recovery):
        ready = threading.Barrier(5)
        found: list[bool] = []

        def use(
            one: str = one, ready: threading.Barrier = ready, found: list[bool] = found
        ) -> None:
            ready.wait()
            found.append(with_app.is_right(anna, one))

        threads = [threading.Thread(target=use) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found.count(True) == 1


@pytest.mark.parametrize(
    "given", ["", " ", "12345", "1234567", "١٢٣٤٥٦", "-", "x" * 5000, "\x00", "a b c"]
)
def test_nonsense_is_no_code(with_app: SecondFactors, anna: Person, given: str) -> None:
    assert not with_app.is_right(anna, given)


def test_recovery_codes_are_of_use_once_each_and_stored_as_hashes(
    factors: SecondFactors, anna: Person, clock: ManualClock, database: Database
) -> None:
    codes = factors.add_app(anna, SECRET, code(clock))
    assert len({*codes}) == 10
    assert factors.is_right(anna, codes[3].upper())
    assert not factors.is_right(anna, codes[3])
    assert len(factors.of(anna).recovery) == 9
    with database.read() as connection:
        kept = str(
            (connection.execute(select(people)).all(), connection.execute(select(history)).all())
        )
    for one in codes:
        assert one not in kept
        assert one.replace("-", "") not in kept
    new = factors.new_recovery_codes(anna)
    assert not factors.is_right(anna, codes[0])
    assert factors.is_right(anna, new[0])


def test_a_wrong_first_code_sets_nothing_up(
    factors: SecondFactors, anna: Person, clock: ManualClock
) -> None:
    wrong = f"{(int(code(clock)) + 1) % 10**6:06}"
    for secret, given in ((SECRET, wrong), ("", code(clock)), ("short", code(clock))):
        with pytest.raises(UsageError):
            factors.add_app(anna, secret, given)
    assert not factors.of(anna).are_any


def test_a_stolen_ledger_does_not_tell_the_secret_of_an_app(
    with_app: SecondFactors, anna: Person, database: Database, clock: ManualClock, someone: People
) -> None:
    """Nor does another key open it: then no code is right, and a recovery code is."""
    with database.read() as connection:
        assert SECRET not in str(connection.execute(select(people)).all())
    for key in ("", "another key that was written into secrets.toml"):
        other = SecondFactors(database, clock, someone, Sealing(key))
        assert not other.is_right(anna, code(clock))
    assert with_app.is_right(anna, code(clock))


def test_without_a_key_an_app_works_too(
    database: Database, clock: ManualClock, someone: People, anna: Person
) -> None:
    """Also after somebody has written one into secrets.toml."""
    SecondFactors(database, clock, someone, Sealing("")).add_app(anna, SECRET, code(clock))
    clock.advance(60)
    assert SecondFactors(database, clock, someone, Sealing(_KEY)).is_right(anna, code(clock))


def test_each_change_is_a_step_and_a_change_by_sql_is_found(
    with_app: SecondFactors, anna: Person, database: Database, clock: ManualClock
) -> None:
    passkey = Passkey("aWQ", "a2V5", "A phone")
    assert with_app.add_passkey(anna, passkey, 0) == []
    with_app.remove(anna, "app", may_be_last=False)
    with_app.clear("anna", actor="chef")
    audit = Audit(database, clock)
    assert not audit.verify().breaks
    with database.write() as connection:
        steps = connection.execute(select(history.c.event, history.c.actor, history.c.detail)).all()
        assert [(step.event, step.actor) for step in steps[1:]] == [
            ("second factor added", "Anna"), ("second factor added", "Anna"),
            ("second factor removed", "Anna"), ("second factor removed", "chef"),
        ]  # fmt: skip
        assert '"A phone"' in steps[2].detail
        forged = Factors(app="plain:" + SECRET).text
        connection.execute(update(people).values(factors=forged))
    assert audit.verify().breaks


def test_the_last_factor_stays_where_everybody_has_one(
    with_app: SecondFactors, anna: Person
) -> None:
    with pytest.raises(NotPossible):
        with_app.remove(anna, "app", may_be_last=False)
    with_app.remove(anna, "app", may_be_last=True)
    assert with_app.of(anna) == Factors()


def test_who_loses_all_factors_takes_them_from_nobody_else(
    with_app: SecondFactors, anna: Person, someone: People, clock: ManualClock
) -> None:
    ola = someone.add("Ola", Rank.MANAGER, PASSWORD)
    with_app.add_app(ola, SECRET, code(clock, -1))
    with_app.clear("anna", actor="chef")
    assert with_app.last_uses(anna) == {}
    assert with_app.is_right(ola, code(clock))


def test_a_passkey_whose_counter_goes_back_was_copied(factors: SecondFactors, anna: Person) -> None:
    factors.add_passkey(anna, Passkey("aWQ", "a2V5", "A stick"), 5)
    assert factors.count(anna, "aWQ", 6)
    assert not factors.count(anna, "aWQ", 6)
    assert not factors.count(anna, "aWQ", 0)
    factors.add_passkey(anna, Passkey("b3RoZXI", "a2V5", "A phone, which counts not"), 0)
    assert all(factors.count(anna, "b3RoZXI", 0) for _ in range(3))


def test_a_passkey_is_one_persons_alone(
    factors: SecondFactors, anna: Person, someone: People, clock: ManualClock
) -> None:
    """Nor is it set up twice, and who is kept out keeps theirs."""
    passkey = Passkey("aWQ", "a2V5", "A stick")
    factors.add_passkey(anna, passkey, 5)
    assert factors.of(anna).passkeys[0].added_at == clock.now().isoformat()
    someone.disable(anna, disabled=True)
    assert factors.find("aWQ") is None
    other = someone.add("Ola", Rank.MANAGER, PASSWORD)
    for person in (anna, other):
        with pytest.raises(NotPossible, match="already set up"):
            factors.add_passkey(person, passkey, 0)
    assert not factors.of(other).are_any
    assert factors.of(anna).passkeys[0].name == "A stick"


def test_a_challenge_counts_once_and_for_ten_minutes(
    database: Database, clock: ManualClock, anna: Person, someone: People
) -> None:
    challenges = Challenges(database, clock)
    challenges.await_factor("cookie", anna)
    challenges.give("cookie", "first")
    challenges.give("cookie", "second")
    assert challenges.take("cookie") == "second"
    assert challenges.take("cookie") is None
    assert challenges.take("another cookie") is None
    person = challenges.person("cookie")
    assert person
    assert person.id == anna.id
    clock.advance(300)
    challenges.give("cookie", "third")  # which does not make it last longer
    clock.advance(300)
    assert challenges.take("cookie") is None
    assert challenges.person("cookie") is None
    challenges.give("cookie", "anew")
    assert challenges.take("cookie") == "anew"
    challenges.give("no password", "first")
    clock.advance(599)
    challenges.give("no password", "second")
    clock.advance(599)
    assert challenges.take("no password") == "second"
    challenges.await_factor("new", anna)
    someone.disable(anna, disabled=True)
    assert challenges.person("new") is None
    someone.disable(anna, disabled=False)
    assert challenges.person("new") is None
    challenges.await_factor("new", anna)
    someone.set_password("anna", "another good password")
    assert challenges.person("new") is None
    challenges.await_factor("new", anna)
    assert challenges.end("new")
    assert not challenges.end("new")
