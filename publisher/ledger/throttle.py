"""Makes guessing passwords slow, by name and by address; it outlasts a restart."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, text

from publisher.clock import Clock
from publisher.ledger.database import Database
from publisher.ledger.tables import login_failures, microseconds
from publisher.names import folded

_LONGEST = timedelta(minutes=15)
_FORGOTTEN = timedelta(hours=24)


class Throttle:
    """Counts log-ins before their password is looked at, so that many at once count as well.

    Somebody at one address may try a name five times in a row; then each further try has to wait
    twice as long as the one before, at most 15 minutes. A name may be tried 30 times from all
    addresses together, an address may try 30 times whatever names.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def admit(self, name: str, address: str) -> datetime | None:
        """Count a try; the instant until which it has to wait, or None when it may go on."""
        now = self._clock.now()
        with self._database.write() as connection:
            connection.execute(
                delete(login_failures).where(login_failures.c.last_at < now - _FORGOTTEN)
            )
            waits = [_wait(connection, subject, free) for subject, free in _subjects(name, address)]
            until = max((wait for wait in waits if wait is not None), default=None)
            if until is not None and until > now:
                return until
            for subject, _ in _subjects(name, address):
                _count(connection, subject, now)
        return None

    def forgive(self, name: str, address: str) -> None:
        """The password was right: what failed before counts no more, but for the address."""
        subjects = [subject for subject, _ in _subjects(name, address)][:2]
        with self._database.write() as connection:
            connection.execute(delete(login_failures).where(login_failures.c.subject.in_(subjects)))


def _subjects(name: str, address: str) -> Iterator[tuple[str, int]]:
    """What is counted, as hashes, and how many tries of each go on at once."""
    key = folded(name)
    for what, free in ((f"{key}\n{address}", 5), (f"{key}\n", 30), (f"\n{address}", 30)):
        yield hashlib.sha256(what.encode()).hexdigest(), free


def _wait(connection: Connection, subject: str, free: int) -> datetime | None:
    query = select(login_failures).where(login_failures.c.subject == subject)
    row = connection.execute(query).one_or_none()
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
