"""Login throttle: slows down password guessing, without locking out the owner of a password."""

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, text, update

from publisher.auth.known_browsers import is_known, token_digest
from publisher.auth.users import People
from publisher.base.clock import Clock
from publisher.base.text import folded
from publisher.ledger.database import Database, LedgerPart, Turn
from publisher.ledger.manager.rights import row_of
from publisher.ledger.news.user_notices import Guessed
from publisher.ledger.tables import login_failures, microseconds
from publisher.model.events import Event

_FREE = 5
"""Failures of a name from one network, or in a known browser, that cause no delay."""
_FREE_IN_ALL = 30
"""The same of a name from all networks, and of a network; and the most wrong codes in a row."""
_LONGEST = timedelta(seconds=15)
"""The longest delay between two tries of one name from one network."""
_SLOW = timedelta(seconds=3)
"""The delay of each try of a name, or from a network, with very many failures."""
_PATIENCE = timedelta(seconds=20)
"""A try that would have to wait longer, behind others, is refused instead."""
_FORGOTTEN = timedelta(hours=24)
PASSWORD, CODE = "form", "code"
"""What is tried: a password, or the code of a second factor."""
_NETWORK = 64
"""Bits of an IPv6 address that one customer of a provider has (RFC 6177)."""


@dataclass(frozen=True, slots=True)
class Try:
    """One log-in: counted, or refused because too many wait already."""

    delay: float
    """Real seconds until its password may be checked."""
    until: datetime | None
    """For a refused one: when a try is possible again."""
    of_name: tuple[str, ...]
    """The counters of the name, or only that of the known browser."""
    of_network: str | None
    """The counter of the network; None for a known browser."""


class Throttle(LedgerPart):
    """Counts log-ins before their password is checked, so that many at once count as well.

    A right password is uncounted, so only failures remain. A name may fail five times in a row
    from one network; then each further try waits, at most 15 seconds after the one before it, and
    is checked: a right password is accepted, and an attacker has some thousands of guesses a day,
    of the 10^10 that a password here withstands. A name may fail 30 times from all networks
    together, and a network 30 times with any names; then each try takes three seconds. A browser
    in which the person has logged in before is counted separately.

    Codes of a second factor are counted in the same way, apart. They have six digits, so after 30
    wrong ones in a row none is taken for a day: whoever tries them knows the password.
    """

    def __init__(self, database: Database, clock: Clock, people: People) -> None:
        """`clock` is the machine's own."""
        super().__init__(database, clock)
        self._people = people

    def admit(self, name: str, address: str, way: str = PASSWORD, browser: str = "") -> Try:
        """Count a try, unless too many wait before it. `browser` is the token of a known one.

        Each `way` is counted separately: wrong codes do not delay passwords.
        """
        now, key = self._clock.now(), folded(name)
        with self._database.write() as connection:
            self._database.take_turns(connection, Turn.LOG_IN)
            old = login_failures.c.last_at < now - _FORGOTTEN
            connection.execute(delete(login_failures).where(old))
            person = row_of(connection, name)
            network, subjects = (
                network_of(address),
                [_subject(way, "browser", token_digest(browser))],
            )
            if not (browser and person and is_known(connection, browser, person["id"])):
                subjects = [
                    _subject(way, "name", key, network),
                    _subject(way, "name", key),
                    _subject(way, "address", network),
                ]
            if way == CODE and (until := _refused_until(connection, subjects[:2])):
                return Try(0.0, until, tuple(subjects[:2]), None)
            made = _counted(connection, key, now, *subjects)
            if person and made.until is None:
                failures = _row(connection, made.of_name[-1]).failures
                if failures == _FREE_IN_ALL and (len(subjects) > 1 or way == CODE):
                    event = Event.MANY_WRONG_CODES if way == CODE else Event.MANY_FAILED_LOG_INS
                    self._people.note(connection, person, event, {"failures": failures})
        return made

    def forgive(self, right: Try) -> None:
        """Record a right password: reset the name's failures, and uncount this try.

        Other failures from the network remain: an attacker with an own account could reset them.
        """
        subject, failures = login_failures.c.subject, login_failures.c.failures
        with self._database.write() as connection:
            self._database.take_turns(connection, Turn.LOG_IN)
            connection.execute(delete(login_failures).where(subject.in_(right.of_name)))
            if right.of_network:
                ours = subject == right.of_network
                lowered = update(login_failures).where(ours).values(failures=failures - 1)
                connection.execute(lowered)
                connection.execute(delete(login_failures).where(ours, failures <= 0))

    def unlock(self, name: str) -> None:
        """Reset all failures of this name, from all networks."""
        with self._database.write() as connection:
            self._database.take_turns(connection, Turn.LOG_IN)
            ours = login_failures.c.name == _subject(folded(name))
            connection.execute(delete(login_failures).where(ours))

    def guessed(self) -> list[Guessed]:
        """People with 30 or more failed log-ins in a row, from all networks together."""
        subjects = {
            _subject(way, "name", person.key): person.name
            for person in self._people.all()
            for way in (PASSWORD, CODE)
        }
        query = select(login_failures).where(
            login_failures.c.failures >= _FREE_IN_ALL,
            login_failures.c.last_at >= self._clock.now() - _FORGOTTEN,
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(login_failures.c.last_at)).all()
        return [
            Guessed(subjects[row.subject], row.failures, row.last_at)
            for row in rows
            if row.subject in subjects
        ]


def _counted(connection: Connection, key: str, now: datetime, near: str, *far: str) -> Try:
    """Count a try under `near`, whose tries are made one after the other, and under `far`.

    `far`: the name, and then the network.
    """
    row = _row(connection, near)
    # No turn can be further ahead than that: the clock was set back since.
    is_ahead = row is not None and row.last_at - now > _PATIENCE
    turn = max(now, row.last_at + _apart(row.failures)) if row and not is_ahead else now
    of_name, of_network = (near, *far[:1]), far[1] if far else None
    if turn - now > _PATIENCE:
        return Try(0.0, turn, of_name, of_network)
    rows = [_row(connection, subject) for subject in far]
    is_slow = any(one is not None and one.failures >= _FREE_IN_ALL for one in rows)
    leaves = max(turn, now + _SLOW) if is_slow else turn
    for subject in of_name:
        _count(connection, subject, turn, _subject(key))
    if of_network:
        _count(connection, of_network, now, None)
    return Try((leaves - now).total_seconds(), None, of_name, of_network)


def _refused_until(connection: Connection, subjects: Sequence[str]) -> datetime | None:
    """When codes are taken again after too many wrong ones in a row; None: now."""
    rows = [_row(connection, subject) for subject in subjects]
    too_many = [row.last_at for row in rows if row is not None and row.failures >= _FREE_IN_ALL]
    return max(too_many) + _FORGOTTEN if too_many else None


def _apart(failures: int) -> timedelta:
    """The delay between two tries after this number of failures."""
    if failures < _FREE:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - _FREE, 10)), _LONGEST)


def network_of(address: str) -> str:
    """The network of an address, for counting: for IPv6 its /64, which belongs to one customer."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _NETWORK), strict=False))


def _subject(*what: str) -> str:
    """The key of a counter, as a hash: an unknown name may be a password."""
    return hashlib.sha256("\n".join(what).encode()).hexdigest()


def _row(connection: Connection, subject: str) -> Any:
    query = select(login_failures).where(login_failures.c.subject == subject)
    return connection.execute(query).one_or_none()


def _count(connection: Connection, subject: str, at: datetime, name: str | None) -> None:
    connection.execute(
        text(
            "INSERT INTO login_failures (subject, failures, last_at, name)"
            " VALUES (:subject, 1, :at, :name)"
            " ON CONFLICT (subject) DO UPDATE SET failures = login_failures.failures + 1,"
            " last_at = excluded.last_at, name = excluded.name"
        ),
        {"subject": subject, "at": microseconds(at), "name": name},
    )
