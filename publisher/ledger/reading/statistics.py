"""Statistics for reports, counted by the database, for up to a hundred thousand deliveries."""

from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from publisher.ledger.database import Database
from publisher.ledger.reading.reported import reported
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import deliveries, late_by, microseconds, not_before
from publisher.model.deliveries import Delivery
from publisher.model.states import State

_DAY = 86_400 * 1_000_000  # microseconds
_EPOCH = date(1970, 1, 1)
_MINUTE, _MINUTES = timedelta(minutes=1), 24 * 60  # of a day
_LONGEST_EMBARGO = timedelta(days=366)
"""After the last due time; a delivery that leaves even later may be counted on a neighbouring
day.
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Deliveries due from `since` (inclusive) to `until` (exclusive), of one account or all."""

    since: datetime | None = None
    until: datetime | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """The number of deliveries that share all these values."""

    day: date
    """The day on which they leave, in the zone that was asked for."""
    account: str
    channel: str
    lang: str | None
    state: State
    error_kind: str | None
    approved_by: str | None
    number: int


class Figures:
    """Counts deliveries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, span: Span, zone: ZoneInfo) -> list[Count]:
        """The counts, in the order of the days."""
        columns = deliveries.c
        wanted = list(due_in(span))
        with self._database.read() as connection:
            ends = select(func.min(columns.due_at), func.max(columns.due_at)).where(*wanted)
            first, last = connection.execute(ends).one()
            if first is None:
                return []
            # The GROUP BY uses names of a subquery: PostgreSQL does not see that two expressions
            # with the same parameters are one.
            alike = (
                select(
                    _day(zone, first, last).label("day"), columns.account, columns.channel,
                    _language(connection).label("lang"), columns.state, columns.error_kind,
                    columns.approved_by,
                ).where(*wanted).subquery()
            )  # fmt: skip
            query = (
                select(alike, func.count().label("number")).group_by(*alike.c).order_by(alike.c.day)
            )
            return [
                Count(_EPOCH + timedelta(days=row.day), row.account, row.channel, row.lang,
                      State(row.state), row.error_kind, row.approved_by, row.number)
                for row in connection.execute(query)
            ]  # fmt: skip

    def lateness(self, span: Span) -> list[float]:
        """The lateness of each published delivery, in seconds, the least late first.

        Left out are those that a person reported: nobody knows when they left.
        """
        query = select(late_by.label("late")).where(
            deliveries.c.published_at.is_not(None),
            deliveries.c.id.not_in(reported()),
            *due_in(span),
        )
        with self._database.read() as connection:
            found = connection.execute(query.order_by("late")).scalars()
            return [microseconds_late / 1_000_000 for microseconds_late in found]

    def widest(self, span: Span, limit: int) -> list[str]:
        """The posts to all that are out on the most accounts, those first that went out first."""
        columns = deliveries.c
        query = (
            select(columns.post)
            .where(*due_in(span), columns.state == State.PUBLISHED, ~is_answer())
            .group_by(columns.post)
            .order_by(func.count().desc(), func.min(columns.due_at), columns.post)
            .limit(limit)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def unapproved(self, span: Span, accounts: Collection[str], limit: int) -> list[Delivery]:
        """Deliveries that went out from these accounts without an approval, earliest first."""
        query = select(deliveries).where(
            *due_in(span),
            deliveries.c.account.in_(sorted(accounts)),
            deliveries.c.state.in_([State.PUBLISHED, State.WITHDRAWN]),
            deliveries.c.approved_by.is_(None),
        )
        ordered = query.order_by(deliveries.c.due_at, deliveries.c.id).limit(limit)
        with self._database.read() as connection:
            return deliveries_in(connection, ordered)


def due_in(span: Span) -> Iterator[ColumnElement[bool]]:
    """The conditions for these deliveries."""
    if span.since:
        yield deliveries.c.due_at >= span.since
    if span.until:
        yield deliveries.c.due_at < span.until
    if span.account:
        yield deliveries.c.account == span.account


def is_answer() -> ColumnElement[bool]:
    """The condition for answers to one reader, and corrections of these.

    They may begin with the reader's name, so what others read shows none of their words.
    """
    answers, columns = deliveries.alias(), deliveries.c
    answering = select(answers.c.post).where(answers.c.answers.is_not(None))
    corrects_one = columns.corrects.is_not(None) & columns.corrects.in_(answering)
    return or_(columns.answers.is_not(None), corrects_one)


def _language(connection: Connection) -> ColumnElement[str]:
    content = deliveries.c.content
    is_sqlite = connection.dialect.name == "sqlite"
    as_json = type_coerce(content, JSON) if is_sqlite else cast(content, JSON)
    language: ColumnElement[str] = as_json["lang"].as_string()
    return language


def _day(zone: ZoneInfo, first: datetime, last: datetime) -> ColumnElement[int]:
    """The day in the zone on which a delivery leaves, in days since 1970."""
    leaves = type_coerce(not_before, BigInteger)
    changes = list(_changes(zone, first, last + _LONGEST_EMBARGO))
    final = literal(_offset(zone, last + _LONGEST_EMBARGO))
    shift = case(*((leaves < instant, before) for instant, before in changes), else_=final)
    return type_coerce((leaves + (shift if changes else final)) // _DAY, BigInteger)


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[tuple[int, int]]:
    """The instants when the zone's offset changes, and the offset before; microseconds."""
    day = timedelta(days=1)
    midnight = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for days in range((last - midnight) // day + 1):
        morning = midnight + days * day
        before, after = _offset(zone, morning), _offset(zone, morning + day)
        if before != after:
            yield microseconds(_change(zone, morning, after)), before


def _change(zone: ZoneInfo, morning: datetime, after: int) -> datetime:
    """The minute of that day, in UTC, from which the offset is `after`."""

    def has_come(minute: int) -> bool:
        return _offset(zone, morning + minute * _MINUTE) == after

    return morning + bisect_left(range(_MINUTES), True, key=has_come) * _MINUTE  # noqa: FBT003


def _offset(zone: ZoneInfo, instant: datetime) -> int:
    offset = instant.astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)
