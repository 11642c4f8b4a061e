"""What an outage left behind: posts that nobody took at their time go out spaced, not in a burst.

As after `publisher resume`: of each account the first at once, and each other a minute after the
one before it, or sooner where one would expire. What falls due now keeps its time.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, or_, select

from publisher.base.clock import Clock
from publisher.ledger.account_holds import resting
from publisher.ledger.database import Database, Turn
from publisher.ledger.dispatcher.due_queries import DueQueries
from publisher.ledger.manager.resume import APART, spread
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import Instant, accounts, deliveries, written
from publisher.ledger.transitions import ACTOR, StateChange, change_all
from publisher.model.events import Event
from publisher.model.models import Delivery
from publisher.model.states import Role, State

LATE = 300.0
"""Real seconds after which a post counts as left behind: longer than what a killed worker, a restart
or a broker that hangs cost."""

_NOW = bindparam("now", type_=Instant)
_LATE = bindparam("late", type_=Instant)
_LEFT = (
    deliveries.c.state == written(State.SCHEDULED),
    deliveries.c.wake_at <= _LATE,
    # What moves is taken up before its time, so that to wake is not yet to be late.
    deliveries.c.due_at <= _LATE,
    or_(deliveries.c.embargo_until.is_(None), deliveries.c.embargo_until <= _LATE),
    or_(deliveries.c.expires_at.is_(None), deliveries.c.expires_at > _NOW),
    ~exists().where(resting(deliveries.c.account, _NOW)),
    # What fell due while the platform let the account rest goes one by one: `holds.waits_its_turn`.
    ~exists().where(
        accounts.c.account == deliveries.c.account,
        accounts.c.held_until >= deliveries.c.wake_at,
    ),
)
LEFT_BEHIND = DueQueries(*_LEFT, order=(deliveries.c.wake_at, deliveries.c.id))
_ACCOUNTS = select(deliveries.c.account).where(*_LEFT).distinct()
_GAP = 2 * APART
"""Before what was put off for as long, there is a place: what is tried again may wait for a minute."""
_MOST = 1000  # posts in one tick of a dispatcher
_BATCH = 200  # rows changed in one transaction, so that nobody waits long for the next


class Backlog:
    """Spreads what was left behind."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def spread(self, most: int = _MOST, now: datetime | None = None) -> Collection[str]:
        """Give each post that is found late a time of its own, up to `most` of them.

        `now`: when that is, for whoever knows that the clock was right then.
        Returns the accounts that have more, of which nothing may be claimed meanwhile.
        """
        for _batch in range(0, most, _BATCH):
            at = now or self._clock.now()
            values = {"now": at, "late": late_before(self._clock, at)}
            with self._database.read() as connection:
                if not LEFT_BEHIND.any(connection, values):
                    return ()
            with self._database.write() as connection:
                self._spread(connection, values)
        with self._database.read() as connection:
            return connection.execute(_ACCOUNTS, values).scalars().all()

    def _spread(self, connection: Connection, values: Mapping[str, datetime]) -> None:
        now = values["now"]
        # Two dispatchers would each find a first one of the same account.
        self._database.take_turns(connection, Turn.BACKLOG)
        found = [delivery_of(row) for row in LEFT_BEHIND.lock(connection, values, _BATCH)]
        begins = next_places(connection, self._clock, found, now)
        wakes = spread(found, now, begins)
        wishes = [
            StateChange(
                delivery, Event.OVERDUE, Role.DISPATCHER, ACTOR, now,
                detail={"goes_out_at": wakes[delivery.id]}, columns={"wake_at": wakes[delivery.id]},
            )
            for delivery in found
        ]  # fmt: skip
        change_all(connection, wishes)


def late_before(clock: Clock, now: datetime | None = None) -> datetime:
    """What was to go out before this instant, and is on the schedule still, was left behind."""
    return (now or clock.now()) - (clock.ahead(LATE) - clock.now())


def next_places(
    connection: Connection, clock: Clock, wanted: Sequence[Delivery], now: datetime | None = None
) -> dict[str, datetime]:
    """When the next late post of an account may go, where others than those go out late already."""
    if not wanted:
        return {}
    now = now or clock.now()
    query = (
        select(deliveries.c.account, deliveries.c.wake_at)
        .where(
            deliveries.c.account.in_({delivery.account for delivery in wanted}),
            deliveries.c.id.not_in([delivery.id for delivery in wanted]),
            deliveries.c.state.in_([State.SCHEDULED, State.PUBLISHING]),
            deliveries.c.wake_at > now - APART,
            deliveries.c.due_at <= late_before(clock, now),
        )
        .order_by(deliveries.c.wake_at)
    )
    begins: dict[str, datetime] = {}
    for account, wake_at in connection.execute(query):
        # Behind those that follow one another; one that was put off for long keeps nobody waiting.
        if wake_at < begins.get(account, now) + _GAP:
            begins[account] = wake_at + APART
    return begins
