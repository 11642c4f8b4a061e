"""What a dispatcher finds to do: it looks several times a second, and mostly nothing waits."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)

from publisher.clock import Clock
from publisher.ledger import dispatch, doubts, leftovers
from publisher.ledger.database import Database
from publisher.ledger.holds import EVER, applies_to, first_scheduled, has_one_under_way, resting
from publisher.ledger.tables import Instant, accounts, deliveries, written
from publisher.states import State


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


_NOW = bindparam("now", type_=Instant)
_HORIZON = bindparam("horizon", type_=Instant)
_FIRST = 100  # deliveries


def _one_of_the_first_goes() -> ColumnElement[bool]:
    """Whether any of the first that are due is of an account that nothing keeps back.

    So it is mostly, and then no other account is looked at: there may be a hundred thousand.
    """
    first = (
        select(deliveries.c.account, deliveries.c.wake_at, deliveries.c.expires_at)
        .where(deliveries.c.state == written(State.SCHEDULED), deliveries.c.wake_at <= _HORIZON)
        .order_by(deliveries.c.wake_at, deliveries.c.id)
        .limit(_FIRST)
        .subquery()
    )
    kept_back = exists().where(
        applies_to(first.c.account),
        or_(
            accounts.c.paused_at.is_not(None),
            accounts.c.held_at.is_not(None),
            accounts.c.held_until >= first.c.wake_at,
        ),
    )
    is_over = first.c.expires_at <= _NOW
    return select(first.c.account).where(is_over.is_not(True), ~kept_back).exists()


def _some_account_goes() -> ColumnElement[bool]:
    """Whether `Dispatch.claim` would find anything, or something has just expired.

    `dispatch.DUE` says of each delivery whether its account rests or goes slowly after a hold. Here it is the
    other way round: an account that goes nowhere is looked at once, however much of it is overdue.
    """
    account, rows = accounts.alias(), deliveries.alias()
    held_until = account.c.held_until
    first = first_scheduled(rows, "wake_at", account.c.account)
    # What fell due during a hold goes one by one: see `holds.waits_its_turn`.
    end_of_hold = func.coalesce(held_until, EVER)
    first_after_the_hold = first_scheduled(rows, "wake_at", account.c.account, end_of_hold)
    first_of_all = (
        select(rows.c.wake_at)
        .where(rows.c.state == written(State.SCHEDULED))
        .order_by(rows.c.wake_at)
        .limit(1)
        .scalar_subquery()
    )
    going = select(account.c.account).where(
        # Mostly this is not so, and no account is looked at.
        first_of_all <= _HORIZON,
        ~exists().where(resting(account.c.account, _NOW)),
        or_(
            first_after_the_hold <= _HORIZON,
            and_(first <= _HORIZON, first <= held_until, ~has_one_under_way(account)),
        ),
    )
    return going.exists()


# One statement for all: five would take five times as long, which is what an idle dispatcher costs.
_LOOK = select(
    dispatch.RUN_OUT.is_there,
    dispatch.LATE.is_there,
    or_(_one_of_the_first_goes(), _some_account_goes()),
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
