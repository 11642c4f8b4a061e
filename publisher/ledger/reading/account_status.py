"""Accounts that are paused or suspended, and the deliveries that go out or wait for them."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)

from publisher.base.stored_messages import told
from publisher.ledger.database import LedgerPart
from publisher.ledger.limits.suspensions import (
    suspended_for_a_person,
    suspended_or_unproved,
    waits_for_a_person,
)
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import (
    EVERYTHING,
    Instant,
    accounts,
    deliveries,
    history,
    not_before,
)
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.outcomes import PASSING, Kind
from publisher.model.states import State

# As in the partial indexes, which the planner does not find for bound values.
_SCHEDULED: ColumnElement[bool] = literal_column("(deliveries.state = 'scheduled')")
_PUBLISHING: ColumnElement[bool] = literal_column("(deliveries.state = 'publishing')")
_STOPPED: ColumnElement[bool] = literal_column(
    "(deliveries.state IN ('awaiting-approval', 'rejected', 'held'))"
)
"""Deliveries that will not leave as they are."""
_DELETED_BY_ITSELF = and_(
    deliveries.c.withdraw_at.is_not(None),
    or_(
        deliveries.c.error_kind.is_(None),
        deliveries.c.error_kind.in_((*PASSING, Kind.UNAVAILABLE, Kind.UNKNOWN_OUTCOME)),
    ),
    # A person has been told to delete by hand what was read as public after its deletion.
    ~exists().where(
        history.c.delivery == deliveries.c.id,
        history.c.event.in_((Event.NOT_WITHDRAWN, Event.NOT_WITHDRAWN_YET)),
        history.c.detail.contains('"still_out"'),
    ),
)
"""Withdrawals that need nobody: what kept them may pass."""


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """An account that is paused or suspended; `account` is `*` for all of them."""

    account: str
    paused_at: datetime | None
    paused_by: str | None
    pause_reason: str | None
    suspended_at: datetime | None
    suspended_until: datetime | None
    """None with `suspended_at` set: until a person acts."""
    suspension_kind: str | None
    suspension_message: str | None
    suspended_times: int | None = None
    """How often in a row it was suspended without an end named by the platform; None: it was not.
    While it is set, the next post after `suspended_until` tests whether the account goes on.
    """

    @property
    def needs_person(self) -> bool:
        """Whether a person is notified; it may still go on by itself."""
        calls = self.suspended_times is not None and self.suspension_kind not in PASSING
        has_no_end = self.suspended_at is not None and self.suspended_until is None
        return self.paused_at is not None or has_no_end or calls


@dataclass(frozen=True, slots=True)
class WaitingPosts:
    """Counts of the posts that Publisher still has to send, look for or delete."""

    scheduled: int
    """Scheduled, of accounts that are neither paused nor waiting for a person."""
    publishing: int
    publishing_due: datetime | None
    """When the first of these is due; they are claimed a little before their time."""
    reading: int
    """Of unknown outcome and looked for on the platform; the others wait for a person."""
    withdrawing: int
    """To be deleted, and tried again without a person."""
    next_wake: datetime | None
    """When the first of the scheduled ones is claimed; before its time, if it has a video or
    GIF.
    """
    next_due: datetime | None
    """When the first of them is due."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """The ids of an account's first and last delivery; higher ids are later."""

    first: int
    last: int


class AccountQueries(LedgerPart):
    """Reads what stops accounts, and what of their deliveries goes out next."""

    def accounts(self) -> list[AccountStatus]:
        """The accounts that are paused, suspended, or not proved to go on."""
        query = (
            select(*(accounts.c[column.name] for column in fields(AccountStatus)))
            .where(or_(accounts.c.paused_at.is_not(None), suspended_or_unproved(self._clock.now())))
            .order_by(accounts.c.account)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).mappings()
            return [
                AccountStatus(**{**r, "suspension_message": told(r["suspension_message"])})
                for r in rows
            ]

    def known_accounts(self) -> set[str]:
        """The names of all accounts that the ledger has ever known."""
        with self._database.read() as connection:
            return set(connection.execute(select(accounts.c.account)).scalars()) - {EVERYTHING}

    def tenure(self, account: str) -> Tenure | None:
        """The first and last delivery of an account; None when it has none."""
        ends = select(func.min(deliveries.c.id), func.max(deliveries.c.id))
        with self._database.read() as connection:
            row = connection.execute(ends.where(deliveries.c.account == account)).one()
        return None if row[0] is None else Tenure(*row)

    def coming(self, limit: int | None) -> list[Delivery]:
        """The next `limit` deliveries by time: being sent, on the schedule, or to come.

        Those to come have a time ahead, and will not leave as they are: they wait for an approval,
        were rejected or are held. Without those of paused or suspended accounts.
        """
        by_check, by_time = deliveries.c.next_check_at, deliveries.c.due_at
        wanted = (
            (_PUBLISHING, by_check),
            (and_(_SCHEDULED, ~self._paused_or_suspended()), by_check),
            (and_(_STOPPED, by_time >= self._clock.now()), by_time),
        )
        first: list[Delivery] = []
        with self._database.read() as connection:
            for condition, order in wanted:
                query = select(deliveries).where(condition).order_by(order, deliveries.c.id)
                first += deliveries_in(connection, query.limit(limit))
        first.sort(key=lambda delivery: (delivery.not_before, delivery.id))
        return first[:limit]

    def stopped_ahead(self) -> tuple[int, datetime | None]:
        """How many deliveries to come will not leave as they are, and when the first is due."""
        query = select(func.count(), func.min(deliveries.c.due_at))
        with self._database.read() as connection:
            ahead = query.where(_STOPPED, deliveries.c.due_at >= self._clock.now())
            number, first = connection.execute(ahead).one()
            return number, first

    def paused_or_suspended(self) -> int:
        """How many scheduled deliveries have an account that is paused or suspended then."""
        counted = select(func.count()).select_from(deliveries)
        query = counted.where(_SCHEDULED, self._paused_or_suspended())
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def first_paused_or_suspended(self, limit: int) -> list[Delivery]:
        """The first `limit` of the deliveries that `paused_or_suspended` counts, in order of
        time.
        """
        query = select(deliveries).where(_SCHEDULED, self._paused_or_suspended())
        ordered = query.order_by(deliveries.c.next_check_at, deliveries.c.id).limit(limit)
        with self._database.read() as connection:
            return deliveries_in(connection, ordered)

    def waiting(self, but: Collection[str] = ()) -> WaitingPosts:
        """Counts of the posts that Publisher still has to send, look for or delete.

        Not those of the accounts in `but`, unless a worker has them.
        """
        wanted = deliveries.c.account.not_in(sorted(but))
        now = bindparam("now", self._clock.now(), type_=Instant)
        earliest = func.min(deliveries.c.next_check_at), func.min(deliveries.c.due_at)
        scheduled = select(func.count(), *earliest).where(
            deliveries.c.state == State.SCHEDULED,
            wanted,
            ~exists().where(waits_for_a_person(deliveries.c.account, now)),
        )
        publishing = select(func.count(), func.min(deliveries.c.due_at)).where(
            deliveries.c.state == State.PUBLISHING
        )
        reading = select(func.count()).where(
            deliveries.c.state == State.UNCERTAIN,
            deliveries.c.settled_at.is_not(None),
            wanted,
            ~exists().where(suspended_for_a_person(deliveries.c.account)),
        )
        withdrawing = select(func.count()).where(_DELETED_BY_ITSELF, wanted)
        with self._database.read() as connection:
            count, first, due = connection.execute(scheduled).one()
            claimed, claimed_due = connection.execute(publishing).one()
            return WaitingPosts(
                scheduled=count,
                publishing=claimed,
                publishing_due=claimed_due,
                reading=connection.execute(reading).scalar_one(),
                withdrawing=connection.execute(withdrawing).scalar_one(),
                next_wake=first,
                next_due=due,
            )

    def _paused_or_suspended(self) -> ColumnElement[bool]:
        """Deliveries whose account is paused or suspended at their time."""
        # Few accounts are: to check the account of each delivery would take far longer.
        return or_(false(), *map(_waits_for, self.accounts()))


def _waits_for(status: AccountStatus) -> ColumnElement[bool]:
    """Deliveries that the pause or suspension of this account, or of all, delays."""
    concerned = true() if status.account == EVERYTHING else deliveries.c.account == status.account
    if status.paused_at or status.suspended_until is None:
        return concerned
    return and_(concerned, not_before < status.suspended_until)
