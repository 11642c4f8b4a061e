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

from publisher.base.clock import Clock
from publisher.ledger import orphans, reconciliation
from publisher.ledger.account_holds import (
    EVER,
    first_scheduled,
    has_one_under_way,
    resting,
    unproved,
)
from publisher.ledger.database import Database
from publisher.ledger.dispatcher import claims
from publisher.ledger.manager import withdrawals
from publisher.ledger.tables import Instant, accounts, deliveries, written
from publisher.model.states import State


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
    still_out: bool
    """`Withdrawals.claim`."""


_NOW = bindparam("now", type_=Instant)
_HORIZON = bindparam("horizon", type_=Instant)
_FIRST = 100  # deliveries
_APART = 1.0
"""Real seconds between two looks at all accounts; what is due is claimed four seconds ahead."""
_ACCOUNT = accounts.alias()


def _some_account_goes(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether `Dispatch.claim` would find anything, or something has just expired.

    `dispatch.DUE` says of each delivery whether its account rests or goes slowly after a hold. Here
    it is the other way round: an account that goes nowhere is looked at once, however much of it is
    overdue. `conditions` choose among `_ACCOUNT`.
    """
    account, rows = _ACCOUNT, deliveries.alias()
    held_until = account.c.held_until
    first = first_scheduled(rows, "wake_at", account.c.account)
    # What fell due during a suspension goes one by one, and so does all until it is proved that it
    # is over: see `holds.waits_its_turn`.
    end_of_hold = func.coalesce(held_until, EVER)
    first_after_the_hold = first_scheduled(rows, "wake_at", account.c.account, end_of_hold)
    going = select(account.c.account).where(
        *conditions,
        or_(
            and_(first_after_the_hold <= _HORIZON, ~unproved(account)),
            and_(
                held_until.is_not(None),  # mostly it is not, and nothing more is asked
                first <= _HORIZON,
                or_(first <= held_until, unproved(account)),
                ~has_one_under_way(account),
            ),
        ),
        ~exists().where(resting(account.c.account, _NOW)),
    )
    return going.exists()


_IN_ORDER = (
    select(deliveries.c.account, deliveries.c.wake_at)
    .where(deliveries.c.state == written(State.SCHEDULED), deliveries.c.wake_at <= _HORIZON)
    .order_by(deliveries.c.wake_at, deliveries.c.id)
)
_OF_THE_FIRST = select(_IN_ORDER.limit(written(_FIRST)).subquery().c.account)
_NEXT = select(
    _IN_ORDER.offset(written(_FIRST)).limit(written(1)).subquery().c.wake_at
).scalar_subquery()
# One statement for all: six would take six times as long, which is what an idle dispatcher costs.
_LOOK = select(
    claims.RUN_OUT.is_there,
    claims.LATE.is_there,
    _some_account_goes(_ACCOUNT.c.account.in_(_OF_THE_FIRST)),
    reconciliation.DOUBTFUL.is_there,
    orphans.LEFT_OVER.is_there,
    withdrawals.STILL_OUT.is_there,
    _NEXT.is_not(None),
)
_LOOK_AT_ALL_ACCOUNTS = select(_some_account_goes())


class Lookout:
    """Looks for all that dispatchers do; takes no lock."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._all_looked_at = -_APART
        """When, by the clock's monotonic seconds."""

    def look(self, horizon: datetime) -> Waits:
        """What waits now, and what wakes before `horizon`.

        What is due behind a hundred others of accounts that go nowhere is seen within a second.
        """
        now = self._clock.now()
        values = {"now": now, "horizon": horizon, **orphans.settled(self._clock)}
        with self._database.read() as connection:
            *found, more_are_due = map(bool, connection.execute(_LOOK, values).one())
            waits = Waits(*found)
            if more_are_due and not waits.due and self._may_look_at_all():
                due = bool(connection.execute(_LOOK_AT_ALL_ACCOUNTS, values).scalar())
                waits = waits._replace(due=due)
            return waits

    def _may_look_at_all(self) -> bool:
        """There may be a hundred thousand accounts, and it takes a microsecond for each."""
        now = self._clock.monotonic()
        if now < self._all_looked_at + _APART:
            return False
        self._all_looked_at = now
        return True
