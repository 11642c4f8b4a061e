"""Heartbeats: the last sign of life of each process.

A row for each dispatcher, worker, web server and `publisher run`, written every ten seconds while
its loop runs (see publisher/monitoring/heartbeat.py). They show which kind of process is missing,
on any host.

Ages are real seconds, by the database's clock, which all hosts share, not by the reader's clock.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from math import inf
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    literal_column,
    not_,
    or_,
    select,
    type_coerce,
    update,
)

from publisher.ledger.database import Database, insert_into
from publisher.ledger.tables import heartbeats

EVERY = 10.0
"""Real seconds between two heartbeats of a process."""
SILENT_AFTER = 40.0
"""Real seconds without a heartbeat after which a process counts as dead or hung."""
_FORGOTTEN_AFTER = 600.0
"""Real seconds after which the row of a dead process is deleted, if another was started in its
place. The last of its kind is kept.
"""
_MISSED_FOR = 86_400.0
"""Real seconds for which a process is missed that nobody starts again: its machine may be gone."""
_ENDED = 0
"""The pid on record of a process that ended in order."""
_CONTAINER = re.compile(r"[0-9a-f]{12}")
"""What Docker calls a container as a host."""
_SECOND = 1_000_000  # microseconds
_MICROSECOND = timedelta(microseconds=1)
_NOW = {
    "sqlite": "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000",
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
}
"""The database's clock, in microseconds since 1970 UTC."""


class ProcessKind(StrEnum):
    """The kinds of processes."""

    DISPATCHER = "dispatcher"
    WORKER = "worker"
    WEB = "web"
    RUN = "run"
    """`publisher run`, which supervises the others."""


NEEDED = (ProcessKind.DISPATCHER, ProcessKind.WORKER)
"""The kinds without which nothing is published."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that writes heartbeats."""

    id: str
    """Unique to this process, 32 characters."""
    kind: ProcessKind
    host: str
    pid: int
    version: str
    """Of Publisher."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last heartbeat of a process."""

    process: Process
    age: float
    """Real seconds since then; negative if the clock was set back."""
    up: float
    """Real seconds from its first heartbeat to its last one."""
    clock_ahead: timedelta | None = None
    """How far its machine's clock is ahead (negative: behind); None: no fault is known."""
    stood_still: timedelta | None = None
    """For how long it did nothing in the minute before; None: for no second at once."""

    @property
    def is_alive(self) -> bool:
        return abs(self.age) <= SILENT_AFTER

    @property
    def began(self) -> float:
        """Real seconds since its first heartbeat."""
        return self.age + self.up

    def took_the_place_of(self, other: "Heartbeat") -> bool:
        """Whether it was started on the same machine after another of its kind had died.

        A container that is made anew has another name: any container stands for any other.
        """
        mine, its = (one.process for one in (self, other))
        is_there = mine.host == its.host or all(
            _CONTAINER.fullmatch(one.host) for one in (mine, its)
        )
        return mine.kind is its.kind and is_there and other.age > self.began


class Heartbeats:
    """Reads and writes heartbeats."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sign = 0
        """The last sign of life written here; the next is larger, even if the ledger lost it."""

    def beat(
        self,
        process: Process,
        clock_ahead: timedelta | None = None,
        stood_still: timedelta | None = None,
    ) -> None:
        """Record that this process is alive, and delete processes that have long been dead.

        One that has ended stays so.

        `clock_ahead`: how far its machine's clock is ahead, if it is known to be wrong.
        `stood_still`: for how long the process did nothing lately, if it was a second. Raises
        LedgerTooNew when the ledger was migrated by another version.
        """
        dialect = self._database.engine.dialect.name
        row = {
            "process": process.id,
            "kind": process.kind,
            "host": process.host,
            "pid": process.pid,
            "version": process.version,
            "clock_ahead": None if clock_ahead is None else clock_ahead // _MICROSECOND,
            "stood_still": None if stood_still is None else stood_still // _MICROSECOND,
            "next_sign": self._sign + 1,
        }
        with self._database.write() as connection:
            self._database.check_migrated(connection)
            sign = connection.execute(_upsert(dialect), row).scalar()
            connection.execute(_forget(dialect))
        self._sign = max(self._sign, sign or 0)

    def end(self, process: Process) -> None:
        """Record that a process ends normally: it is not missed.

        When a needed one ended stays on record, for `lives_in`.
        """
        row = heartbeats.c.process == process.id
        with self._database.write() as connection:
            now = _now(connection.dialect.name)
            connection.execute(
                update(heartbeats).where(row).values(pid=_ENDED, seen_at=now)
                if process.kind in NEEDED
                else delete(heartbeats).where(row)
            )

    def all(self) -> Sequence[Heartbeat]:
        """The heartbeats of all processes on record, newest first."""
        with self._database.read() as connection:
            return heartbeats_in(connection)

    def signs_of_life(self) -> dict[str, float]:
        """The last sign of life of each process on record, by its id: larger with each heartbeat.

        After one that ended in order comes none, whatever the clock says.
        """
        columns = heartbeats.c.process, heartbeats.c.pid, heartbeats.c.sign
        with self._database.read() as connection:
            rows = connection.execute(select(*columns)).all()
        return {process: inf if pid == _ENDED else sign for process, pid, sign in rows}

    def users(self) -> list[Process]:
        """The processes that show life, also of a ledger that an older version wrote."""
        with self._database.read() as connection:
            rows = connection.execute(_users(connection.dialect.name)).all()
        return [
            Process(row.process, ProcessKind(row.kind), row.host, row.pid, row.version)
            for row in rows
        ]

    def is_alive(self, kind: ProcessKind) -> bool:
        """Whether a process of this kind sent a heartbeat in the last `SILENT_AFTER` seconds."""
        return any(one.is_alive for one in self.all() if one.process.kind is kind)


def wrong_clocks(found: Collection[Heartbeat]) -> Mapping[str, timedelta]:
    """The hosts with a wrong clock, and how far it is ahead; negative: behind."""
    told = sorted((one for one in found if one.is_alive), key=lambda one: one.process.host)
    # One process that knows is enough, though another on the same host reports nothing.
    return {one.process.host: one.clock_ahead for one in told if one.clock_ahead is not None}


def missing(found: Collection[Heartbeat]) -> dict[ProcessKind, Heartbeat | None]:
    """The needed kinds without a live process, each with the last heartbeat of its kind.

    None: no process of the kind is known, because none was ever started or each ended normally.
    """
    dead: dict[ProcessKind, Heartbeat | None] = {}
    for kind in NEEDED:
        of_kind = [one for one in found if one.process.kind is kind]
        if not any(one.is_alive for one in of_kind):
            dead[kind] = min(of_kind, key=lambda one: one.age, default=None)
    return dead


def all_alive(found: Collection[Heartbeat], host: str) -> bool:
    """Whether each kind of process that this host has is alive there; False when it has none."""
    here = [one for one in found if one.process.host == host]
    alive = {one.process.kind for one in here if one.is_alive}
    return bool(alive) and alive == {one.process.kind for one in here}


def lost(found: Collection[Heartbeat]) -> list[Heartbeat]:
    """The needed processes that died and were not started again, but those that `missing` names.

    One that ended in order is not on record any more.
    """
    dead: list[Heartbeat] = []
    for one in sorted(found, key=lambda one: one.began, reverse=True):
        before = [other for other in dead if one.took_the_place_of(other)]
        before.sort(key=lambda other: other.process.host != one.process.host)
        if before:
            dead.remove(before[0])
        if not one.is_alive and one.process.kind in NEEDED:
            dead.append(one)
    named = missing(found).values()
    return [one for one in dead if one not in named]


def heartbeats_in(connection: Connection) -> Sequence[Heartbeat]:
    """As `Heartbeats.all`, in this transaction."""
    return _read(connection, heartbeats.c.pid != _ENDED)


def lives_in(connection: Connection) -> Sequence[Heartbeat]:
    """The last heartbeats of the needed processes, newest first; also of those that ended."""
    return _read(connection, heartbeats.c.kind.in_(NEEDED))


def _read(connection: Connection, which: ColumnElement[bool]) -> Sequence[Heartbeat]:
    rows = connection.execute(_look(connection.dialect.name).where(which)).all()
    return [
        Heartbeat(
            Process(row.process, ProcessKind(row.kind), row.host, row.pid, row.version),
            age=row.age / _SECOND,
            up=row.up / _SECOND,
            clock_ahead=None
            if row.clock_ahead is None
            else timedelta(microseconds=row.clock_ahead),
            stood_still=None
            if row.stood_still is None
            else timedelta(microseconds=row.stood_still),
        )
        for row in rows
    ]


def _now(dialect: str) -> ColumnElement[Any]:
    return literal_column(_NOW[dialect], BigInteger)


def _microseconds(column: Any) -> ColumnElement[int]:
    return type_coerce(column, BigInteger)


# Built once: to build a statement takes longer than to execute it.


@cache
def _upsert(dialect: str) -> Any:
    now = _now(dialect)
    sign = _later(now, bindparam("next_sign", type_=BigInteger))
    wish = insert_into(dialect, heartbeats).values(started_at=now, seen_at=now, sign=sign)
    names = "pid", "seen_at", "clock_ahead", "stood_still"
    return wish.on_conflict_do_update(
        index_elements=[heartbeats.c.process],
        set_={name: wish.excluded[name] for name in names}
        | {"sign": _later(wish.excluded.sign, heartbeats.c.sign + 1)},
        # An ended process stays ended, whatever another thread of it still records.
        where=heartbeats.c.pid != _ENDED,
    ).returning(heartbeats.c.sign)


def _later(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    return case((one > other, one), else_=other)


@cache
def _forget(dialect: str) -> Any:
    newer, gone = heartbeats.alias(), heartbeats.alias()
    is_followed = (
        select(newer.c.process)
        .where(newer.c.kind == heartbeats.c.kind, newer.c.seen_at > heartbeats.c.seen_at)
        .exists()
    )
    is_replaced = (
        select(newer.c.process)
        .where(
            newer.c.kind == heartbeats.c.kind,
            newer.c.host == heartbeats.c.host,
            newer.c.started_at > heartbeats.c.seen_at,
        )
        .exists()
    )
    has_ended = heartbeats.c.pid == _ENDED
    age = _now(dialect) - _microseconds(heartbeats.c.seen_at)
    # Else the process that was started in its place would stand for one that died elsewhere.
    is_alone = not_(
        select(gone.c.process)
        .where(
            gone.c.kind == heartbeats.c.kind,
            gone.c.host != heartbeats.c.host,
            gone.c.pid != _ENDED,
            _now(dialect) - _microseconds(gone.c.seen_at) > int(SILENT_AFTER * _SECOND),
        )
        .exists()
    )
    is_over = and_(
        age > int(_FORGOTTEN_AFTER * _SECOND),
        or_(and_(is_replaced, is_alone), has_ended, heartbeats.c.kind.not_in(NEEDED)),
    )
    return delete(heartbeats).where(or_(is_over, age > int(_MISSED_FOR * _SECOND)), is_followed)


@cache
def _users(dialect: str) -> Any:
    of_all_versions = "process", "kind", "host", "pid", "version"
    age = _now(dialect) - _microseconds(heartbeats.c.seen_at)
    limit = int(SILENT_AFTER * _SECOND)
    columns = [heartbeats.c[name] for name in of_all_versions]
    return select(*columns).where(age.between(-limit, limit), heartbeats.c.pid != _ENDED)


@cache
def _look(dialect: str) -> Any:
    seen = _microseconds(heartbeats.c.seen_at)
    age = (_now(dialect) - seen).label("age")
    up = (seen - _microseconds(heartbeats.c.started_at)).label("up")
    names = "process", "kind", "host", "pid", "version", "clock_ahead", "stood_still"
    columns = [heartbeats.c[name] for name in names]
    return select(*columns, age, up).order_by(seen.desc())
