"""What a dispatcher finds to do: it looks ten times a second, and mostly nothing waits."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from publisher.clock import Clock
from publisher.ledger import dispatch, doubts, leftovers
from publisher.ledger.database import Database


class Waits(NamedTuple):
    """Whether there is anything of each kind; the methods that deal with it look again."""

    run_out: bool
    """Leases: `Dispatch.reap`."""
    late: bool
    """Past its expiry: `Dispatch.expire`."""
    due: bool
    """`Dispatch.claim`."""
    doubtful: bool
    """`Doubts.claim`."""
    left_over: bool
    """`Leftovers.claim`."""


# One statement for all: five would take five times as long, which is what an idle dispatcher costs.
_LOOK = select(
    dispatch.RUN_OUT.is_there,
    dispatch.LATE.is_there,
    dispatch.DUE.is_there,
    doubts.DOUBTFUL.is_there,
    leftovers.LEFT_OVER.is_there,
)


class Lookout:
    """Looks for all that dispatchers do; takes no lock."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def look(self, horizon: datetime) -> Waits:
        """What waits now, and what wakes before `horizon`."""
        now = self._clock.now()
        values = {"now": now, "horizon": horizon, **leftovers.settled(self._clock)}
        with self._database.read() as connection:
            return Waits(*map(bool, connection.execute(_LOOK, values).one()))
