"""Pages of the log: filtered, searched and sorted, also with a hundred thousand deliveries.

A page begins at the cursor of the one before it (keyset pagination). To count what comes before
would take longer with each page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    and_,
    exists,
    literal,
    select,
    tuple_,
)
from sqlalchemy.sql import Select

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.ledger.database import Database
from publisher.ledger.reading import search_index
from publisher.ledger.reading.reported import marked
from publisher.ledger.reading.statistics import Span, due_in
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import deliveries, history, microseconds
from publisher.model.deliveries import Delivery
from publisher.model.states import State

COUNTED = 1000
"""Deliveries that are counted, and read at once; of more there are more."""
_Sorted = tuple[Select[Any], ColumnElement[int]]
"""A query, and the column by which it is sorted."""
_EPOCH_COLUMNS = {"due": deliveries.c.due_at, "published": deliveries.c.published_at}


class SortOrder(StrEnum):
    """The sort order of the log, newest first unless `Wanted.oldest_first`."""

    HAPPENED = "happened"
    """By when it changed last."""
    DUE = "due"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Wanted(Span):
    """The filter and order of a page of the log."""

    states: frozenset[State] = frozenset()
    """Empty: all."""
    text: str | None = None
    """Words in the post's id, its text, its error, or its address on the platform."""
    order: SortOrder = SortOrder.DUE
    """`PUBLISHED` leaves out deliveries that are not out."""
    oldest_first: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place between two deliveries where a page begins or ends."""

    instant: int
    """Microseconds since 1970 UTC, of the instant that the log is sorted by; for HAPPENED the id of
    the newest step, 0 if that is in an archive.
    """
    id: int

    def __str__(self) -> str:
        return f"{self.instant}-{self.id}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Parse the text that `str` made. UsageError for anything else."""
        instant, __, key = text.rpartition("-")
        digits = instant.removeprefix("-")
        plain = digits.isascii() and digits.isdigit() and key.isascii() and key.isdigit()
        if not plain or len(text) > 40 or int(key) >= 2**63 or int(digits) >= 2**63:
            raise UsageError(
                _("There is no such page of the log."), hint=_("Begin at the first page.")
            )
        return cls(int(instant), int(key))


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of deliveries, with the cursors of the pages before and after, or None."""

    deliveries: list[Delivery]
    before: Cursor | None
    after: Cursor | None
    found: int
    """How many there are on all pages; of more than `COUNTED`, one more than that."""


class Logbook:
    """Reads the log, page by page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        wanted: Wanted,
        size: int,
        *,
        after: Cursor | None = None,
        before: Cursor | None = None,
    ) -> LogPage:
        """The first `size` deliveries, or those directly `after` or `before` a cursor."""
        backwards = before is not None and after is None
        place = before if backwards else after
        with self._database.read() as connection:
            chosen = _chosen(connection, wanted)
            found = list(_found(connection, chosen, place, size + 1, backwards=backwards))
            more, rows = len(found) > size, found[:size]
            if backwards:
                rows.reverse()
            shown = marked(connection, [delivery for _place, delivery in rows])
        first, last = (rows[0][0], rows[-1][0]) if rows else (None, None)
        return LogPage(
            shown,
            before=first if (more if backwards else place is not None) else None,
            after=last if (True if backwards else more) else None,
            found=chosen.count,
        )

    def posts(self, wanted: Wanted, size: int) -> list[str]:
        """The posts of the first `size` deliveries."""
        with self._database.read() as connection:
            chosen = _chosen(connection, wanted)
            found = _found(connection, chosen, None, size, backwards=False)
            return [delivery.post for _place, delivery in found]

    def all(self, wanted: Wanted) -> Iterator[Delivery]:
        """All deliveries in their order, with only a page of them in memory."""
        page = self.page(wanted, COUNTED)
        yield from page.deliveries
        while page.after:
            page = self.page(wanted, COUNTED, after=page.after)
            yield from page.deliveries


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The deliveries that are wanted, as conditions, and how many they are."""

    wanted: Wanted
    conditions: list[ColumnElement[bool]]
    count: int


def _chosen(connection: Connection, wanted: Wanted) -> _Chosen:
    """Where they are few, sorting them is faster than reading all in order until a page is full."""
    conditions = list(_conditions(wanted, connection.dialect.name))
    ids = select(deliveries.c.id).where(*conditions).limit(COUNTED + 1)
    found = list(connection.scalars(ids))
    if len(found) <= COUNTED:
        conditions = [deliveries.c.id.in_(found)]
    return _Chosen(wanted, conditions, len(found))


_NEWEST = and_(history.c.delivery == deliveries.c.id, history.c.seq == deliveries.c.version)
"""A delivery's version is the number of its newest step."""


def _found(
    connection: Connection, chosen: _Chosen, place: Cursor | None, most: int, *, backwards: bool
) -> Iterator[tuple[Cursor, Delivery]]:
    """The first `most` deliveries after a cursor, each with its own cursor."""
    wanted, conditions = chosen.wanted, chosen.conditions
    if wanted.order is not SortOrder.HAPPENED:
        query = _query(chosen, place, backwards=backwards).limit(most)
        for row in connection.execute(query).mappings():
            delivery = delivery_of(row)
            yield _place(wanted, delivery), delivery
        return
    rising, left = wanted.oldest_first is not backwards, most
    queries = [_with_steps(conditions), _without_steps(conditions)]
    for query, key in reversed(queries) if rising else queries:
        asked = _behind(query, key, place, rising=rising)
        if asked is None or not left:
            continue
        for row in connection.execute(asked.limit(left)).mappings():
            left -= 1
            columns = {str(name): value for name, value in row.items()}
            step = columns.pop("step")
            yield Cursor(step, columns["id"]), delivery_of(columns)


def _with_steps(conditions: list[ColumnElement[bool]]) -> _Sorted:
    """Deliveries by their newest step: no index of deliveries has that order."""
    query = select(deliveries, history.c.id.label("step")).join(history, _NEWEST)
    return query.where(*conditions), history.c.id


def _without_steps(conditions: list[ColumnElement[bool]]) -> _Sorted:
    """Deliveries that ended so long ago that their steps are in an archive: the oldest of all."""
    query = select(deliveries, literal(0).label("step"))
    return query.where(*conditions, ~exists().where(_NEWEST)), deliveries.c.id


def _behind(
    query: Select[Any], key: ColumnElement[int], place: Cursor | None, *, rising: bool
) -> Select[Any] | None:
    """The query from the cursor on; None when all its rows are before that."""
    ordered = query.order_by(key if rising else key.desc())
    if place is None:
        return ordered
    is_archive = key is deliveries.c.id
    if is_archive is not (place.instant == 0):  # the place is among the others
        return ordered if is_archive is not rising else None
    here = literal(place.id if is_archive else place.instant, BigInteger)
    return ordered.where(key > here if rising else key < here)


def _query(chosen: _Chosen, place: Cursor | None, *, backwards: bool) -> Select[tuple[object, ...]]:
    column = _EPOCH_COLUMNS[chosen.wanted.order]
    rising = chosen.wanted.oldest_first is not backwards
    conditions = [*chosen.conditions]
    if place is not None:
        conditions.append(_beyond(column, place, rising=rising))
    order = (column, deliveries.c.id) if rising else (column.desc(), deliveries.c.id.desc())
    return select(deliveries).where(*conditions).order_by(*order)


def _conditions(wanted: Wanted, dialect: str) -> Iterator[ColumnElement[bool]]:
    columns = deliveries.c
    yield from due_in(wanted)
    if wanted.order is SortOrder.PUBLISHED:
        yield columns.published_at.is_not(None)
    if wanted.states:
        yield columns.state.in_(sorted(wanted.states))
    if wanted.text:
        yield search_index.holds(dialect, wanted.text)


def _beyond(column: Column[datetime], place: Cursor, *, rising: bool) -> ColumnElement[bool]:
    # Compared as stored: a cursor need not be a valid instant.
    here = tuple_(column, deliveries.c.id)
    there = tuple_(literal(place.instant, BigInteger), literal(place.id, BigInteger))
    return here > there if rising else here < there


def _place(wanted: Wanted, delivery: Delivery) -> Cursor:
    instant = delivery.due_at if wanted.order is SortOrder.DUE else delivery.published_at
    assert instant is not None  # noqa: S101 - a delivery without one is not in that order
    return Cursor(microseconds(instant), delivery.id)
