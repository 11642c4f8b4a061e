"""Backlog after an outage: posts that were not taken at their time go out spaced, not in a burst.

As after `publisher resume`: the first of each account goes at once, and each other a minute after
the one before it, or sooner if one would expire. Posts that fall due now keep their time.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, or_, select

from publisher.ledger.database import LedgerPart, Turn
from publisher.ledger.dispatcher.due_queries import DueQueries
from publisher.ledger.limits.spacing import late_before, next_places, spread
from publisher.ledger.limits.suspensions import paused_or_suspended
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import Instant, accounts, deliveries, written
from publisher.ledger.transitions import ACTOR, By, StateChange, change_all
from publisher.model.events import Event
from publisher.model.states import Role, State

_NOW = bindparam("now", type_=Instant)
_LATE = bindparam("late", type_=Instant)
_LEFT = (
    deliveries.c.state == written(State.SCHEDULED),
    deliveries.c.next_check_at <= _LATE,
    # A GIF or video is claimed before its time, so `next_check_at` alone does not make it late.
    deliveries.c.due_at <= _LATE,
    or_(deliveries.c.embargo_until.is_(None), deliveries.c.embargo_until <= _LATE),
    or_(deliveries.c.expires_at.is_(None), deliveries.c.expires_at > _NOW),
    ~exists().where(paused_or_suspended(deliveries.c.account, _NOW)),
    # Posts that fell due during a suspension go one by one: `suspensions.waits_its_turn`.
    ~exists().where(
        accounts.c.account == deliveries.c.account,
        accounts.c.suspended_until >= deliveries.c.next_check_at,
    ),
)
LEFT_BEHIND = DueQueries(*_LEFT, order=(deliveries.c.next_check_at, deliveries.c.id))
_ACCOUNTS = select(deliveries.c.account).where(*_LEFT).distinct()
_MOST = 1000  # posts in one tick of a dispatcher
_BATCH = 200  # rows changed in one transaction, so that others do not wait long


class Backlog(LedgerPart):
    """Spreads the posts that were left behind."""

    def spread(self, most: int = _MOST, now: datetime | None = None) -> Collection[str]:
        """Give each late post a time of its own, up to `most` posts.

        `now`: the instant to use, for a caller that knows that the clock was right then. Returns
        the accounts that have more late posts; nothing of theirs may be claimed yet.
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
        # Otherwise two dispatchers could each treat a different post as the account's first.
        self._database.take_turns(connection, Turn.BACKLOG)
        found = [delivery_of(row) for row in LEFT_BEHIND.lock(connection, values, _BATCH)]
        begins = next_places(connection, self._clock, found, now)
        wakes = spread(found, now, begins)
        wishes = [
            StateChange(
                delivery,
                Event.OVERDUE,
                By(Role.DISPATCHER, ACTOR, now),
                detail={"goes_out_at": wakes[delivery.id]},
                columns={"next_check_at": wakes[delivery.id]},
            )
            for delivery in found
        ]
        change_all(connection, wishes)
