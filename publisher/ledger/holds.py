"""What keeps an account from sending: a person's pause, or the platform's refusal (a hold)."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    ScalarSelect,
    and_,
    exists,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from publisher.ledger.moves import ACTOR, note, step
from publisher.ledger.tables import EVERYTHING, Instant, accounts, deliveries, written
from publisher.outcome import AccountHeld
from publisher.states import State

_EVER = literal(datetime.min.replace(tzinfo=UTC), Instant)


def resting(account: ColumnElement[str] | str, now: BindParameter[datetime]) -> ColumnElement[bool]:
    """Rows of `accounts` that keep this account from sending at this instant."""
    return and_(
        applies_to(account),
        or_(accounts.c.paused_at.is_not(None), held(account, now)),
    )


def held(account: ColumnElement[str] | str, now: BindParameter[datetime]) -> ColumnElement[bool]:
    """Rows of `accounts` whose platform takes no request of this account at this instant."""
    return and_(
        applies_to(account),
        accounts.c.held_at.is_not(None),
        or_(accounts.c.held_until.is_(None), accounts.c.held_until > now),
    )


def waits_its_turn() -> ColumnElement[bool]:
    """What fell due during a hold that has ended, while more like it goes out before it.

    The platform has just said that it was too much: what waited goes out in order, each when the
    one before it has its answer, and not in a burst.
    """
    its_first = first_scheduled(deliveries.alias(), "id", accounts.c.account)
    return exists().where(
        accounts.c.account == deliveries.c.account,
        accounts.c.held_until >= deliveries.c.wake_at,
        or_(its_first != deliveries.c.id, has_one_under_way(accounts)),
    )


def first_scheduled(
    rows: FromClause,
    column: str,
    account: ColumnElement[str],
    after: ColumnElement[datetime] = _EVER,
) -> ScalarSelect[Any]:
    """A column of the first of an account's `rows` of `deliveries` that is scheduled after an instant.

    By its order, and by a range instead of an equality, which leaves `ix_deliveries_turns` alone.
    By its statistics PostgreSQL expects to find any account soon elsewhere, and reads all that is
    scheduled for one that has nothing.
    """
    place = tuple_(rows.c.account, rows.c.wake_at)
    found = select(rows.c[column]).where(
        rows.c.state == written(State.SCHEDULED),
        place > tuple_(account, after),
        rows.c.account <= account,
    )
    order = rows.c.account, rows.c.wake_at, rows.c.id
    return found.order_by(*order).limit(1).scalar_subquery()


def has_one_under_way(account: FromClause) -> ColumnElement[bool]:
    """Whether a worker has something of this row of `accounts` that fell due during its hold."""
    rows = deliveries.alias()
    found = select(rows.c.id).where(
        rows.c.state == written(State.PUBLISHING),
        rows.c.account == account.c.account,
        rows.c.wake_at <= account.c.held_until,
    )
    return found.order_by(rows.c.lease_until).limit(1).scalar_subquery().is_not(None)


def is_resting(row: Row[Any], now: datetime) -> bool:
    """`resting` for a row of `accounts` that was read already."""
    is_held = row.held_at is not None and (row.held_until is None or row.held_until > now)
    return row.paused_at is not None or is_held


def waits_for_a_person(account: ColumnElement[str] | str) -> ColumnElement[bool]:
    """Rows of `accounts` that keep this account from sending until somebody resumes it."""
    return and_(
        applies_to(account),
        or_(accounts.c.paused_at.is_not(None), held_for_a_person(account)),
    )


def held_for_a_person(account: ColumnElement[str] | str) -> ColumnElement[bool]:
    """Rows of `accounts` whose platform takes no request until somebody has acted."""
    return and_(
        applies_to(account), accounts.c.held_at.is_not(None), accounts.c.held_until.is_(None)
    )


def hold(connection: Connection, account: str, outcome: AccountHeld, now: datetime) -> None:
    """Let an account rest as the platform asked, and note why.

    A hold that waits for a person stays: no later answer ends it.
    """
    for_a_person = and_(accounts.c.held_at.is_not(None), accounts.c.held_until.is_(None))
    connection.execute(
        update(accounts)
        .where(accounts.c.account == account, ~for_a_person)
        .values(
            held_at=now,
            held_until=outcome.until,
            held_kind=outcome.kind,
            held_message=outcome.message,
        )
    )
    detail = {"kind": outcome.kind, "message": outcome.message, "until": outcome.until}
    note(connection, [step(None, "account held", now, ACTOR, detail=detail, account=account)])


def applies_to(account: ColumnElement[str] | str) -> ColumnElement[bool]:
    """Rows of `accounts` that concern this account: its own, and the one for all."""
    return or_(accounts.c.account == account, accounts.c.account == EVERYTHING)
