"""Links by which a person chooses a password: once, for seven days, and stored as a hash alone."""

import base64
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from publisher.auth.known_browsers import token_digest
from publisher.auth.password_links import LIFE, PasswordLinks
from publisher.auth.sessions import Sessions
from publisher.auth.users import People, Rank
from publisher.base.errors import NotPermitted, NotPossible, UsageError
from publisher.ledger.database import Database
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.rights import Rights
from publisher.ledger.people import keep_all_out
from publisher.ledger.tables import history, people
from tests.support.clock import ManualClock

PASSWORD = "plough wicker ostrich"
OTHER = "another good password"


@pytest.fixture
def someone(database: Database, clock: ManualClock) -> People:
    """An admin of everything, one of Warsaw alone, and somebody who logs in elsewhere."""
    those = People(database, clock, Rights(lambda _account: None))
    those.add("chef", Rank.ADMIN, PASSWORD)
    those.add("ola", Rank.ADMIN, PASSWORD, organisations=["Warsaw"])
    those.add("bruno", Rank.STAFF, None)
    return those


@pytest.fixture
def links(database: Database, clock: ManualClock, someone: People) -> PasswordLinks:
    return PasswordLinks(database, clock, someone)


def test_who_is_invited_logs_in_with_the_password_that_they_chose(
    links: PasswordLinks, someone: People, database: Database
) -> None:
    link = links.invite("Lima", Rank.STAFF, "es", organisations=["Warsaw"], actor="ola")
    assert link.person.is_invited
    assert len(base64.urlsafe_b64decode(link.token + "=")) * 8 == 256, "as every token"
    for guess in ("", PASSWORD):
        assert someone.verified("lima", guess) is None
    assert links.person(link.token) == link.person
    links.use(link.token, OTHER)
    found = someone.verified("Lima", OTHER)
    assert found
    assert (found.rank, found.organisations, found.language) == (Rank.STAFF, ("Warsaw",), "es")
    assert not found.is_invited
    with database.read() as connection:
        steps = connection.execute(
            select(history.c.event, history.c.actor).where(history.c.account == "people/lima")
        ).all()
    assert [tuple(step) for step in steps] == [
        ("person invited", "ola"), ("password changed", "Lima"),
    ]  # fmt: skip


def test_a_link_works_once(links: PasswordLinks, someone: People) -> None:
    link = links.invite("Lima", Rank.STAFF)
    links.use(link.token, OTHER)
    with pytest.raises(NotPossible):
        links.use(link.token, PASSWORD)
    assert links.person(link.token) is None
    assert someone.verified("Lima", OTHER)


@pytest.mark.each_database
def test_of_two_who_use_a_link_at_once_one_does(links: PasswordLinks, someone: People) -> None:
    link = links.invite("Lima", Rank.STAFF)
    ready, won = threading.Barrier(4), []

    def use(password: str) -> None:
        ready.wait()
        try:
            links.use(link.token, password)
            won.append(password)
        except NotPossible:
            pass

    words = [f"plough wicker ostrich {word}" for word in ("anvil", "harbour", "velvet", "cactus")]
    threads = [threading.Thread(target=use, args=[password]) for password in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert [password for password in words if someone.verified("Lima", password)] == won


def test_a_weak_password_does_not_use_a_link_up(links: PasswordLinks) -> None:
    link = links.invite("Lima", Rank.STAFF)
    with pytest.raises(UsageError):
        links.use(link.token, "short")
    assert links.use(link.token, OTHER)


def test_a_link_ends_after_seven_days(links: PasswordLinks, clock: ManualClock) -> None:
    link = links.invite("Lima", Rank.STAFF)
    clock.advance((LIFE - timedelta(seconds=1)).total_seconds())
    assert links.person(link.token)
    clock.advance(1)
    assert links.person(link.token) is None
    with pytest.raises(NotPossible):
        links.use(link.token, OTHER)


def test_a_new_link_or_its_end_makes_the_one_before_useless(links: PasswordLinks) -> None:
    first = links.invite("Lima", Rank.STAFF)
    second = links.make("Lima")
    assert links.person(first.token) is None
    assert links.person(second.token)
    links.end("Lima")
    with pytest.raises(NotPossible):
        links.use(second.token, OTHER)


def test_a_reset_ends_what_is_open_and_the_old_password_when_it_is_used(
    links: PasswordLinks, someone: People, database: Database, clock: ManualClock
) -> None:
    sessions = Sessions(database, clock)
    token = sessions.begin(someone.find("ola"), "")
    link = links.make("ola", actor="chef")
    assert sessions.find(token) is None
    assert someone.verified("ola", PASSWORD)
    links.use(link.token, OTHER)
    assert someone.verified("ola", PASSWORD) is None


def test_who_is_kept_out_or_removed_gets_in_by_no_link(
    links: PasswordLinks, someone: People
) -> None:
    """Nor by an old one, once they are let in again."""
    link = links.invite("Lima", Rank.STAFF)
    someone.disable(link.person, disabled=True)
    assert links.person(link.token) is None
    with pytest.raises(NotPossible):
        links.make("Lima")
    someone.disable(link.person, disabled=False)
    assert links.person(link.token) is None
    again = links.make("Lima")
    someone.remove("Lima")
    assert links.person(again.token) is None
    with pytest.raises(NotPossible):
        links.make("bruno")


def test_nobody_invites_beyond_their_own_rights(links: PasswordLinks, someone: People) -> None:
    for organisations in (None, ["Lima"], ["Warsaw", "Lima"]):
        with pytest.raises(NotPermitted):
            links.invite("Lima", Rank.STAFF, organisations=organisations, actor="ola")
    someone.add("dora", Rank.STAFF, PASSWORD, organisations=["Lima"])
    for act in (links.make, links.end):
        with pytest.raises(NotPermitted):
            act("dora", actor="ola")
        with pytest.raises(NotPermitted):
            act("chef", actor="ola")


def test_the_token_is_not_in_the_ledger_and_a_link_made_by_sql_is_found(
    links: PasswordLinks, database: Database, clock: ManualClock
) -> None:
    link = links.invite("Lima", Rank.STAFF)
    audit = Audit(database, clock)
    assert not audit.verify().breaks
    with database.write() as connection:
        rows = connection.execute(select(people)).all()
        assert link.token not in str(rows)
        assert link.token not in str(connection.execute(select(history)).all())
        forged = update(people).where(people.c.key == "chef")
        until = clock.ahead(3600)
        connection.execute(forged.values(link=token_digest("forged"), link_until=until))
    links.use("forged", OTHER)
    assert "people/chef" in str(audit.verify().breaks[0])


def test_a_restore_brings_no_link_back(
    links: PasswordLinks, someone: People, database: Database, clock: ManualClock
) -> None:
    link = links.invite("Lima", Rank.STAFF)
    keep_all_out(database, clock, "chef")
    someone.disable(link.person, disabled=False)
    assert links.person(link.token) is None


def test_nobody_locks_the_last_admin_out(someone: People) -> None:
    """Nobody does to themselves what only another admin may undo."""
    for act in (
        lambda: someone.remove("chef", actor="chef"),
        lambda: someone.set_rights("chef", Rank.STAFF, None, actor="chef"),
        lambda: someone.disable(someone.find("chef"), disabled=True, actor="chef"),
    ):
        with pytest.raises(NotPossible):
            act()
    assert someone.find("chef").rank is Rank.ADMIN


@pytest.mark.each_database
def test_of_two_admins_who_remove_each_other_at_once_one_stays(someone: People) -> None:
    someone.add("zoe", Rank.ADMIN, PASSWORD)
    ready = threading.Barrier(2)

    def remove(whom: str, by: str) -> None:
        ready.wait()
        with suppress(NotPermitted):
            someone.set_rights(whom, Rank.STAFF, None, actor=by)

    threads = [
        threading.Thread(target=remove, args=names) for names in (("zoe", "chef"), ("chef", "zoe"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ranks = {someone.find(name).rank for name in ("chef", "zoe")}
    assert ranks == {Rank.ADMIN, Rank.STAFF}
