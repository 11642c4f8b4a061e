"""Pauses and suspensions of accounts: a person pauses one, a platform suspends one.

A suspension ends at the instant that the platform names. If it names none, each further suspension
in a row lasts longer, and at its end one post is sent as a test. Until the platform takes a post,
the suspension is not proved to be over (see refusals.py).

Accounts that share an app are suspended together when the app's limit is used up. Their credentials
show which accounts those are; the ledger gets only the accounts' names, never a credential.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    ScalarSelect,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)

from publisher.base.i18n import _
from publisher.base.stored_messages import kept
from publisher.ledger.rows import chunks
from publisher.ledger.tables import EVERYTHING, Instant, accounts, deliveries, written
from publisher.ledger.transitions import ACTOR, note, step
from publisher.model.events import Event
from publisher.model.outcomes import PASSING, AccountSuspended, Kind
from publisher.model.states import State

EVER = literal(datetime.min.replace(tzinfo=UTC), Instant)
"""Before every instant."""
_BY_ITSELF = accounts.c.suspended_until.is_not(None)
_SAME_END = timedelta(minutes=1)  # answers that come together each name a different second
_FEW = 20  # of those that wait behind a suspension; each waiting post checks all of them
_EXCLUDE = text("SELECT pg_advisory_xact_lock(7305138, hashtext(:name))")
_REFUSED = text(
    "SELECT name FROM unnest(CAST(:names AS varchar[])) AS names (name)"
    " WHERE NOT pg_try_advisory_xact_lock_shared(7305138, hashtext(name))"
)


def paused_or_suspended(
    account: ColumnElement[str] | str, now: BindParameter[datetime]
) -> ColumnElement[bool]:
    """Rows of `accounts` that keep this account from sending at this instant."""
    return and_(
        applies_to(account),
        or_(accounts.c.paused_at.is_not(None), _suspended(now)),
    )


def _suspended(now: BindParameter[datetime] | datetime) -> ColumnElement[bool]:
    """Rows of `accounts` whose platform takes no request at this instant."""
    return and_(
        accounts.c.suspended_at.is_not(None),
        or_(accounts.c.suspended_until.is_(None), accounts.c.suspended_until > now),
    )


def unproved(account: FromClause) -> ColumnElement[bool]:
    """Rows of `accounts` suspended without an end from the platform, and not proved to be over."""
    return and_(account.c.suspended_at.is_not(None), account.c.suspended_times.is_not(None))


def suspended_or_unproved(now: datetime) -> ColumnElement[bool]:
    """Rows of `accounts` that are suspended, or not proved to go on."""
    return or_(_suspended(now), unproved(accounts))


def waits_its_turn(horizon: BindParameter[datetime]) -> ColumnElement[bool]:
    """Deliveries that wait for an earlier one of their account, during or after a suspension.

    These are the posts that fell due during a suspension that has ended, and all posts that fall
    due before its end is proved, except the one that tests it.

    The platform has just said that there were too many requests, so they go out in order, each when
    the one before it has its answer. Of the posts due by `horizon`, one that has not been refused
    yet goes first: another may be refused for its own content, which proves nothing.
    """
    first = first_scheduled(deliveries.alias(), "id", accounts.c.account)
    fresh = _fresh(deliveries.alias(), accounts.c.account, horizon)
    its_first = case((unproved(accounts), func.coalesce(fresh, first)), else_=first)
    return exists().where(
        accounts.c.account == deliveries.c.account,
        or_(accounts.c.suspended_until >= deliveries.c.next_check_at, unproved(accounts)),
        or_(its_first != deliveries.c.id, has_one_under_way(accounts)),
    )


def first_scheduled(
    rows: FromClause,
    column: str,
    account: ColumnElement[str],
    after: ColumnElement[datetime] = EVER,
) -> ScalarSelect[Any]:
    """A column of the first delivery of an account that is scheduled after an instant."""
    found = _in_order(select(rows.c[column]), rows, account, after)
    return found.limit(written(1)).scalar_subquery()


def _fresh(
    rows: FromClause, account: ColumnElement[str], horizon: BindParameter[datetime]
) -> ScalarSelect[Any]:
    """The id of one without an error so far, of the first few that are due."""
    due = _in_order(select(rows.c.id, rows.c.error_kind), rows, account, EVER)
    few = (
        due.where(rows.c.next_check_at <= horizon)
        .correlate(accounts)
        .limit(written(_FEW))
        .subquery()
    )
    return select(func.min(few.c.id)).where(few.c.error_kind.is_(None)).scalar_subquery()


def _in_order(
    found: Select[Any],
    rows: FromClause,
    account: ColumnElement[str],
    after: ColumnElement[datetime],
) -> Select[Any]:
    """The deliveries of an account that are scheduled after an instant, in order.

    The order, and a range instead of an equality, leave PostgreSQL only `ix_deliveries_turns`. Its
    statistics make it expect to find any account soon in another index, and for an account without
    deliveries it would read all that is scheduled.
    """
    return found.where(
        rows.c.state == written(State.SCHEDULED),
        tuple_(rows.c.account, rows.c.next_check_at) > tuple_(account, after),
        rows.c.account <= account,
    ).order_by(rows.c.account, rows.c.next_check_at, rows.c.id)


def has_one_under_way(account: FromClause) -> ColumnElement[bool]:
    """Whether a worker has a delivery of this account that fell due during its suspension.

    Until the suspension is proved to be over, any delivery counts.
    """
    rows = deliveries.alias()
    found = select(rows.c.id).where(
        rows.c.state == written(State.PUBLISHING),
        rows.c.account == account.c.account,
        or_(rows.c.next_check_at <= account.c.suspended_until, unproved(account)),
    )
    return found.order_by(rows.c.lease_until).limit(written(1)).scalar_subquery().is_not(None)


def is_paused_or_suspended(row: Row[Any], now: datetime) -> bool:
    """`paused_or_suspended` for a row of `accounts` that was read already."""
    is_suspended = row.suspended_at is not None and (
        row.suspended_until is None or row.suspended_until > now
    )
    return row.paused_at is not None or is_suspended


def waits_for_a_person(
    account: ColumnElement[str] | str, now: BindParameter[datetime]
) -> ColumnElement[bool]:
    """Rows of `accounts` that keep this account from sending until a person acts.

    These are a pause, a suspension without an end, and one that needs a person and has not been
    tested again yet.
    """
    lasting = and_(
        unproved(accounts),
        accounts.c.suspended_until > now,
        accounts.c.suspension_kind.not_in(sorted(PASSING)),
    )
    return and_(
        applies_to(account),
        or_(accounts.c.paused_at.is_not(None), suspended_for_a_person(account), lasting),
    )


def suspended_for_a_person(account: ColumnElement[str] | str) -> ColumnElement[bool]:
    """Rows of `accounts` whose platform takes no request until a person acts."""
    return and_(
        applies_to(account),
        accounts.c.suspended_at.is_not(None),
        accounts.c.suspended_until.is_(None),
    )


def suspend(
    connection: Connection, account: str, outcome: AccountSuspended, now: datetime
) -> AccountSuspended:
    """Suspend an account as the platform asked, and record why; returns the outcome with its end.

    A suspension that waits for a person, or that lasts longer, stays: no later answer ends it.
    """
    times = None
    if outcome.backoff:
        query = select(accounts).where(accounts.c.account == account).with_for_update()
        row = connection.execute(query).one_or_none()
        times = (row.suspended_times or 0) if row and row.suspended_at else 0
        if times and row and row.suspended_until and row.suspended_until > now:
            return replace(outcome, until=row.suspended_until)  # requests that left together
        until = now + outcome.backoff[min(times, len(outcome.backoff) - 1)]
        outcome, times = replace(outcome, until=until), times + 1
    _suspend(connection, accounts.c.account == account, outcome, now, times)
    _note(connection, [account], outcome, now)
    return outcome


def suspend_together(
    connection: Connection, names: Collection[str], until: datetime, now: datetime
) -> None:
    """Suspend the accounts of an app whose limit is used up, and record why; as `suspend`, for
    each.

    An account that is suspended for about as long anyway is left as it is. So is one whose row is
    locked: it is about to send, and will get the same answer itself. This waits for no lock.
    """
    if until <= now:
        return
    outcome = app_limit(until)
    for chunk in chunks(sorted(names)):
        some = accounts.c.account.in_(chunk)
        goes_on = or_(
            accounts.c.suspended_at.is_(None),
            and_(
                accounts.c.suspended_times.is_(None),  # others find out by their own answers
                or_(
                    accounts.c.suspended_until <= now,
                    accounts.c.suspended_until < until - _SAME_END,
                ),
            ),
        )
        free = select(accounts.c.account).where(some, goes_on).order_by(accounts.c.account)
        found = connection.execute(free.with_for_update(skip_locked=True)).scalars().all()
        if found:
            _suspend(connection, accounts.c.account.in_(found), outcome, now)
            _note(connection, found, outcome, now)


def go_on(connection: Connection, suspended: Sequence[Row[Any]], now: datetime) -> None:
    """Record that these rows of `accounts` are no longer suspended: their platform took a post."""
    names = [row.account for row in suspended]
    # `suspended_until` stays: what waited goes out one by one.
    connection.execute(
        update(accounts)
        .where(accounts.c.account.in_(names))
        .values(
            suspended_at=None, suspension_kind=None, suspension_message=None, suspended_times=None
        )
    )
    steps = [
        step(
            None, Event.ACCOUNT_GOES_ON, now, ACTOR, account=row.account,
            detail={"kind": row.suspension_kind, "message": row.suspension_message},
        )
        for row in suspended
    ]  # fmt: skip
    note(connection, steps)


def app_limit(until: datetime) -> AccountSuspended:
    """The outcome for an account whose app has used up its limit."""
    return AccountSuspended(
        Kind.APP_LIMIT,
        _("The platform's limit for the whole app is used up. Publishing continues by itself."),
        until,
    )


def take_in_order(connection: Connection, names: Collection[str]) -> None:
    """Lock the rows of these accounts, in the one order in which all transactions take them."""
    rows = select(accounts.c.account).where(accounts.c.account.in_(sorted(names)))
    connection.execute(rows.order_by(accounts.c.account).with_for_update())


def _suspend(
    connection: Connection,
    which: ColumnElement[bool],
    outcome: AccountSuspended,
    now: datetime,
    times: int | None = None,
) -> None:
    until = outcome.until
    longer = true() if until is None else accounts.c.suspended_until < until
    # A suspension that was not proved to be over has lasted since it began.
    since = {} if times and times > 1 else {"suspended_at": now}
    connection.execute(
        update(accounts)
        .where(which, or_(accounts.c.suspended_at.is_(None), and_(_BY_ITSELF, longer)))
        .values(
            suspended_until=until,
            suspension_kind=outcome.kind,
            suspension_message=kept(outcome.message),
            suspended_times=times,
            **since,
        )
    )


def _note(
    connection: Connection, names: Sequence[str], outcome: AccountSuspended, now: datetime
) -> None:
    detail = {"kind": outcome.kind, "message": outcome.message, "until": outcome.until}
    note(
        connection,
        [
            step(None, Event.ACCOUNT_SUSPENDED, now, ACTOR, detail=detail, account=name)
            for name in names
        ],
    )


def take_for_pause(connection: Connection, account: str) -> None:
    """Wait for the intents of this account that are being written, and let no new one begin.

    Not with a lock on the account's row: on PostgreSQL new shared locks pass an exclusive one that
    waits, so a pause would never get its turn while posts leave.
    """
    if connection.dialect.name != "sqlite":  # which has one writer at a time
        connection.execute(_EXCLUDE, {"name": account})


def being_paused(connection: Connection, names: Collection[str]) -> Collection[str]:
    """The accounts that a person is pausing at this moment, or waits to pause.

    The others cannot be paused until this transaction ends.
    """
    if connection.dialect.name == "sqlite":
        return ()
    return connection.execute(_REFUSED, {"names": sorted(names)}).scalars().all()


def applies_to(account: ColumnElement[str] | str) -> ColumnElement[bool]:
    """Rows of `accounts` that concern this account: its own, and the row for all accounts."""
    return or_(accounts.c.account == account, accounts.c.account == EVERYTHING)
