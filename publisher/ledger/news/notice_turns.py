"""Turns of services that send notices: each notice is sent once, however many processes run.

A turn is taken by compare-and-set and has a lease, so that only one of any number of processes
sends; what was sent is recorded once the service has taken it. If a process dies between the two,
another one sends it again when the lease is over: rarely twice is better than never.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, or_, select, update

from publisher.ledger.database import LedgerPart
from publisher.ledger.tables import notice_services, notices

_LEASE = 120.0  # real seconds; longer than a service takes, unless it hangs
_FIRST_DELAY = 30.0  # real seconds after a failure, doubled with each further one
_LONGEST_DELAY = 1800.0


class NoticeTurns(LedgerPart):
    """Gives out turns to send, and records what was sent."""

    apart = 60.0
    """Real seconds between two messages to one service."""

    def begin(self, service: str, since: datetime) -> None:
        """Add a service that is not there yet; it sends what has happened since then.

        Call it before each look: a ledger that was set back may not have it any more.
        """
        known = exists().where(notice_services.c.service == service)
        with self._database.read() as connection:
            if connection.execute(select(known)).scalar():
                return
        row = {"service": service, "since": since, "turn": 0, "next_check_at": since, "failures": 0}
        with self._database.write() as connection:
            self._database.insert_missing(connection, notice_services, [row])

    def claim(self, service: str) -> int | None:
        """Take this service's turn to send; None when another process has it, or it must wait."""
        now = self._clock.now()
        with self._database.write() as connection:
            return connection.execute(
                update(notice_services)
                .where(
                    notice_services.c.service == service,
                    self._is_over(notice_services.c.next_check_at, _LONGEST_DELAY),
                    or_(
                        notice_services.c.lease_until.is_(None),
                        self._is_over(notice_services.c.lease_until, _LEASE),
                    ),
                )
                .values(
                    turn=notice_services.c.turn + 1,
                    lease_until=self._clock.ahead(_LEASE),
                    next_check_at=now,
                )
                .returning(notice_services.c.turn)
            ).scalar_one_or_none()

    def _is_over(self, instant: ColumnElement[Any], longest: float) -> ColumnElement[bool]:
        """Whether the instant has come, or is too far ahead because the clock was set back."""
        return or_(instant <= self._clock.now(), instant > self._clock.ahead(longest))

    def end(self, service: str, turn: int, told: Iterable[tuple[str, int]]) -> None:
        """End a turn in which the service took all of this: the names of services, and steps."""
        now = self._clock.now()
        rows = [{"service": name, "step": step, "told_at": now} for name, step in told]
        with self._database.write() as connection:
            self._database.insert_missing(connection, notices, rows)
            next_check_at = self._clock.ahead(self.apart) if rows else now
            _end(connection, service, turn, next_check_at=next_check_at, failures=0)

    def not_told(self, service: str, turn: int) -> None:
        """End a turn in which the service took nothing; the next turn comes later each time."""
        of_service = notice_services.c.service == service
        with self._database.write() as connection:
            query = select(notice_services.c.failures).where(of_service)
            failures = connection.execute(query).scalar_one_or_none() or 0
            delay = min(_FIRST_DELAY * 2.0 ** min(failures, 10), _LONGEST_DELAY)
            next_check_at = self._clock.ahead(delay)
            _end(connection, service, turn, next_check_at=next_check_at, failures=failures + 1)


def _end(connection: Connection, service: str, turn: int, **columns: Any) -> None:
    """Give a turn back, unless its lease was over and another process has the next one."""
    connection.execute(
        update(notice_services)
        .where(notice_services.c.service == service, notice_services.c.turn == turn)
        .values(lease_until=None, **columns)
    )
