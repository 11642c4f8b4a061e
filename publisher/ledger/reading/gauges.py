"""Gauges: figures about the whole ledger, for monitoring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, case, exists, func, select, text

from publisher.ledger.database import LedgerPart
from publisher.ledger.limits.suspensions import paused_or_suspended, waits_its_turn
from publisher.ledger.tables import Instant, deliveries, late_by
from publisher.model.states import State

LATENESS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0)
"""Upper bounds of the lateness histogram, in seconds."""
_SECOND = 1_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class LatenessGauge:
    """The lateness of published deliveries, as a histogram."""

    within: Sequence[int]
    """How many were at most that late, for each bound of `LATENESS`."""
    count: int
    seconds: float
    """The sum of their lateness, in seconds."""


class Gauges(LedgerPart):
    """Reads the gauges."""

    def states(self) -> Mapping[tuple[str, State], int]:
        """How many deliveries each account has in each state."""
        columns = deliveries.c.account, deliveries.c.state
        query = select(*columns, func.count()).group_by(*columns)
        with self._database.read() as connection:
            return {(name, State(state)): n for name, state, n in connection.execute(query)}

    def unclaimed(self, machine_seconds: float) -> int:
        """How many deliveries should have been claimed that many real seconds ago and are not.

        Those of accounts that are paused or suspended do not count, nor those that go one by one
        because of an earlier suspension.
        """
        now = self._clock.now()
        latest = now - (self._clock.ahead(machine_seconds) - now)
        at = bindparam("now", now, type_=Instant)
        query = select(func.count()).where(
            # As in the partial index, which the planner does not find for bound values.
            text("deliveries.state = 'scheduled'"),
            deliveries.c.next_check_at <= latest,
            ~exists().where(paused_or_suspended(deliveries.c.account, at)),
            ~waits_its_turn(at),
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def lateness(self) -> LatenessGauge:
        """The lateness of everything that went out, including what was withdrawn since."""
        columns = deliveries.c
        query = select(
            func.count(),
            func.coalesce(func.sum(late_by), 0),
            *(func.coalesce(func.sum(case((late_by <= bound * _SECOND, 1), else_=0)), 0)
              for bound in LATENESS),
        ).where(columns.published_at.is_not(None))  # fmt: skip
        with self._database.read() as connection:
            count, total, *within = connection.execute(query).one()
        return LatenessGauge(tuple(int(n) for n in within), count, float(total) / _SECOND)
