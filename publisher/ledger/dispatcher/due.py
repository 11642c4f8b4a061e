"""A dispatcher's poll: one cheap query, several times a second, that mostly finds nothing to do."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select

from publisher.base.clock import Clock
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.dispatcher import claims
from publisher.ledger.doubts import orphans, reconciliation
from publisher.ledger.limits.suspensions import (
    EVER,
    first_scheduled,
    has_one_under_way,
    paused_or_suspended,
    unproved,
)
from publisher.ledger.manager import withdrawals
from publisher.ledger.tables import Instant, accounts, deliveries, written
from publisher.model.states import State


class Waits(NamedTuple):
    """The kinds of work that wait; the methods that do the work look again."""

    run_out: bool
    """Leases that ran out: `Dispatch.reap`."""
    late: bool
    """Past its expiry: `Dispatch.expire`."""
    due: bool
    """Due: `Dispatch.claim`."""
    doubtful: bool
    """Of unknown outcome: `Doubts.claim`."""
    left_over: bool
    """Unpublished posts to delete: `Orphans.claim`."""
    still_out: bool
    """Withdrawals to try again: `Withdrawals.claim`."""


_NOW = bindparam("now", type_=Instant)
_HORIZON = bindparam("horizon", type_=Instant)
_FIRST = 100  # deliveries
_APART = 1.0
"""Real seconds between two polls of all accounts; due posts are claimed fifteen seconds ahead."""
_ACCOUNT = accounts.alias()


def _some_account_goes(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether `Dispatch.claim` would find anything, or something has just expired.

    `claims.DUE` checks for each delivery whether its account may publish or goes slowly after a
    suspension. Here it is the other way round: an account that cannot send is checked once, however
    many of its deliveries are overdue. `conditions` choose among `_ACCOUNT`.
    """
    account, rows = _ACCOUNT, deliveries.alias()
    suspended_until = account.c.suspended_until
    first = first_scheduled(rows, "next_check_at", account.c.account)
    # What fell due during a suspension goes one by one, and so does everything until the suspension
    # is proved to be over: see `suspensions.waits_its_turn`.
    end = func.coalesce(suspended_until, EVER)
    first_after = first_scheduled(rows, "next_check_at", account.c.account, end)
    going = select(account.c.account).where(
        *conditions,
        or_(
            and_(first_after <= _HORIZON, ~unproved(account)),
            and_(
                suspended_until.is_not(None),  # mostly it is NULL, and nothing more is evaluated
                first <= _HORIZON,
                or_(first <= suspended_until, unproved(account)),
                ~has_one_under_way(account),
            ),
        ),
        ~exists().where(paused_or_suspended(account.c.account, _NOW)),
    )
    return going.exists()


_IN_ORDER = (
    select(deliveries.c.account, deliveries.c.next_check_at)
    .where(deliveries.c.state == written(State.SCHEDULED), deliveries.c.next_check_at <= _HORIZON)
    .order_by(deliveries.c.next_check_at, deliveries.c.id)
)
_OF_THE_FIRST = select(_IN_ORDER.limit(written(_FIRST)).subquery().c.account)
_NEXT = select(
    _IN_ORDER.offset(written(_FIRST)).limit(written(1)).subquery().c.next_check_at
).scalar_subquery()
# One statement for all: six would take six times as long, and an idle dispatcher does little else.
_POLL = select(
    claims.RUN_OUT.is_there,
    claims.LATE.is_there,
    _some_account_goes(_ACCOUNT.c.account.in_(_OF_THE_FIRST)),
    reconciliation.DOUBTFUL.is_there,
    orphans.LEFT_OVER.is_there,
    withdrawals.STILL_OUT.is_there,
    _NEXT.is_not(None),
)
_POLL_ALL_ACCOUNTS = select(_some_account_goes())


class DuePoll(LedgerPart):
    """Polls the ledger for work; takes no lock."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock)
        self._all_polled_at = -_APART
        """When, by the clock's monotonic seconds."""

    def poll(self, horizon: datetime) -> Waits:
        """The work that waits now, or wakes before `horizon`.

        A delivery that is due behind a hundred others of accounts that cannot send is seen within a
        second.
        """
        now = self._clock.now()
        values = {"now": now, "horizon": horizon, **orphans.settled(self._clock)}
        with self._database.read() as connection:
            *found, more_are_due = map(bool, connection.execute(_POLL, values).one())
            waits = Waits(*found)
            if more_are_due and not waits.due and self._may_poll_all():
                due = bool(connection.execute(_POLL_ALL_ACCOUNTS, values).scalar())
                waits = waits._replace(due=due)
            return waits

    def _may_poll_all(self) -> bool:
        """Whether a second has passed since all accounts were polled.

        There may be a hundred thousand accounts, at a microsecond each.
        """
        now = self._clock.monotonic()
        if now < self._all_polled_at + _APART:
            return False
        self._all_polled_at = now
        return True
