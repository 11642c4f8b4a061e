"""Makes guessing passwords slow, by name and by address; it outlasts a restart."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, literal, select, text, update

from publisher.clock import Clock
from publisher.ledger.database import Database, Turn
from publisher.ledger.tables import Instant, login_failures, microseconds
from publisher.names import folded

_FREE = 5
"""Failures of a name from one address that do not make the next try wait."""
_FREE_IN_ALL = 30
"""The same of a name from all addresses, and of an address."""
_LONGEST = timedelta(minutes=15)
_FORGOTTEN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Try:
    """One log-in: counted, or refused because it has to wait."""

    until: datetime | None
    """The instant until which it has to wait; None when its password may be looked at."""
    of_name: tuple[str, str]
    """The subjects that count the name: from this address, and from all addresses."""
    of_address: str
    """The subject that counts the address."""
    at: datetime
    before: datetime | None
    """When the address was counted last before."""


class Throttle:
    """Counts log-ins before their password is looked at, so that many at once count as well.

    A right password is taken back, so only failures stay. Somebody at one address may fail five
    times in a row with a name; then each further try has to wait twice as long as the one before,
    at most 15 minutes. A name may fail 30 times from all addresses together, an address 30 times
    whatever names.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def admit(self, name: str, address: str, way: str = "form") -> Try:
        """Count a try, unless it has to wait.

        Each `way` in is counted by itself: a telephone that goes on asking for the calendar with
        an old password keeps nobody from the form.
        """
        now = self._clock.now()
        key = folded(name)
        of_name = (_subject(way, "name", key, address), _subject(way, "name", key))
        of_address = _subject(way, "address", address)
        with self._database.write() as connection:
            self._database.take_turns(connection, Turn.LOG_IN)
            connection.execute(
                delete(login_failures).where(login_failures.c.last_at < now - _FORGOTTEN)
            )
            before = _row(connection, of_address)
            waits = [
                _wait(_row(connection, of_name[0]), _FREE),
                _wait(_row(connection, of_name[1]), _FREE_IN_ALL),
                _wait(before, _FREE_IN_ALL),
            ]
            until = max((wait for wait in waits if wait is not None and wait > now), default=None)
            if until is None:
                for subject in (*of_name, of_address):
                    _count(connection, subject, now)
        return Try(until, of_name, of_address, now, before.last_at if before else None)

    def forgive(self, right: Try) -> None:
        """The password was right: the name's failures count no more, and this try nowhere.

        What others failed at the address stays, or an account of one's own would do away with it.
        """
        failures, last_at = login_failures.c.failures, login_failures.c.last_at
        before = literal(right.before or right.at, Instant)
        with self._database.write() as connection:
            self._database.take_turns(connection, Turn.LOG_IN)
            connection.execute(
                delete(login_failures).where(login_failures.c.subject.in_(right.of_name))
            )
            connection.execute(
                update(login_failures)
                .where(login_failures.c.subject == right.of_address)
                .values(
                    failures=failures - 1,
                    # Nobody else waits longer for it either, unless somebody tried since.
                    last_at=case((last_at == right.at, before), else_=last_at),
                )
            )
            connection.execute(delete(login_failures).where(failures <= 0))


def _subject(*what: str) -> str:
    """What is counted, as a hash: a name that nobody has may be a password."""
    return hashlib.sha256("\n".join(what).encode()).hexdigest()


def _row(connection: Connection, subject: str) -> Any:
    query = select(login_failures).where(login_failures.c.subject == subject)
    return connection.execute(query).one_or_none()


def _wait(row: Any, free: int) -> datetime | None:
    """Until when the next try has to wait."""
    if row is None or row.failures < free:
        return None
    delay = timedelta(seconds=2 ** min(row.failures - free, 10))
    last: datetime = row.last_at
    return last + min(delay, _LONGEST)


def _count(connection: Connection, subject: str, now: datetime) -> None:
    connection.execute(
        text(
            "INSERT INTO login_failures (subject, failures, last_at) VALUES (:subject, 1, :now)"
            " ON CONFLICT (subject) DO UPDATE SET failures = login_failures.failures + 1,"
            " last_at = excluded.last_at"
        ),
        {"subject": subject, "now": microseconds(now)},
    )
