"""Lateness: which deliveries are due, are not out, and have no good reason to wait.

It counts from when they were to leave (their time, or the end of their embargo), not from when they
are claimed next, which changes with each attempt. A delivery is not late if it waits for an
approval, for a person who paused it, for its agenda item, or because a person stopped it.

Lateness is recorded once in the history, and once more when nothing is late any more, for the
notices and the record.
"""

import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, literal_column, or_, select

from publisher.base.i18n import later
from publisher.ledger.database import LedgerPart
from publisher.ledger.heartbeats import heartbeats_in, wrong_clocks
from publisher.ledger.limits.suspensions import is_paused_or_suspended, take_in_order
from publisher.ledger.tables import (
    EVERYTHING,
    Instant,
    about,
    accounts,
    deliveries,
    history,
    late_by,
    microseconds,
    not_before,
    written,
)
from publisher.ledger.transitions import note_account
from publisher.model.events import Event
from publisher.model.outcomes import PASSING, Kind
from publisher.model.states import State

LATE_AFTER = 180.0
"""Real seconds after which people are notified."""
NOTHING_LATE = later(
    "Nothing is late any more, and publishing continues. What did not go out after all, or waits "
    "for you, is reported separately."
)
ALL_PAUSED = later(
    "Everything is paused: what was late is no longer reported as late, and goes out only when "
    "someone resumes."
)


class Cause(StrEnum):
    """Why a delivery is late, as far as the ledger knows."""

    CLOCK = "clock"
    """A machine's clock is wrong, so that it publishes nothing."""
    SUSPENDED = "suspended"
    """Its platform takes nothing from the account at the moment, or no more uploads."""
    UNCERTAIN = "uncertain"
    """Its outcome is unknown, and the platform is being read."""
    REFUSED = "refused"
    """The platform took no attempt so far; it is tried again."""
    IN_HAND = "in-hand"
    """A worker has it, or should."""
    SPACED = "spaced"
    """It has a place in a queue: after a pause, suspension or outage, posts go out one by one."""
    NOT_TAKEN = "not-taken"
    """No dispatcher claims it."""


EXPLAINED = frozenset({Cause.SUSPENDED, Cause.SPACED})
"""Causes that people were notified of, or chose, and that end by themselves."""


@dataclass(frozen=True, slots=True)
class LateGroup:
    """Deliveries that are late for the same cause."""

    cause: Cause
    channel: str
    kind: Kind | None
    """What the platform said to the last attempt."""
    number: int
    since: datetime
    """When the first of them was to leave."""

    def with_(self, other: "LateGroup | None") -> "LateGroup":
        """Both groups as one."""
        if other is None:
            return self
        number, since = self.number + other.number, min(self.since, other.since)
        return replace(self, number=number, since=since)


@dataclass(frozen=True, slots=True)
class Late:
    """All that is late at one instant."""

    groups: Sequence[LateGroup] = ()

    def __bool__(self) -> bool:
        return bool(self.groups)

    @property
    def number(self) -> int:
        return sum(group.number for group in self.groups)

    @property
    def since(self) -> datetime:
        """When the first was to leave. Call it only if something is late."""
        return min(group.since for group in self.groups)

    @property
    def unexplained(self) -> "Late":
        """What is late for causes that people do not know of yet."""
        return Late([group for group in self.groups if group.cause not in EXPLAINED])

    def by_cause(self) -> Mapping[Cause, int]:
        found: dict[Cause, int] = {}
        for group in self.groups:
            found[group.cause] = found.get(group.cause, 0) + group.number
        return found


_HAS_TIME = (deliveries.c.next_check_at > bindparam("now", type_=Instant)).label("has_time")
_GROUPED = deliveries.c.account, deliveries.c.channel, deliveries.c.state, deliveries.c.error_kind
# Built once: to build a statement takes longer than to execute it. The accounts are checked
# afterwards: to check them for each of a hundred thousand deliveries takes most of a second.
_LOOK = (
    select(
        *_GROUPED,
        _HAS_TIME,
        func.count().label("number"),
        func.min(not_before).label("since"),
        func.min(deliveries.c.next_check_at).label("claim_at"),
    )
    .where(
        # As in the partial index, which the planner does not find for bound values.
        literal_column("deliveries.state IN ('scheduled', 'publishing', 'uncertain')"),
        deliveries.c.due_at <= bindparam("latest", type_=Instant),
        not_before <= bindparam("latest", type_=Instant),
        deliveries.c.pending_stop.is_(None),
        or_(deliveries.c.state != written(State.UNCERTAIN), deliveries.c.settled_at.is_not(None)),
    )
    .group_by(*_GROUPED, _HAS_TIME)
)
_EVER_STOPPED = select(accounts).where(
    or_(
        accounts.c.paused_at.is_not(None),
        accounts.c.suspended_at.is_not(None),
        accounts.c.suspended_until.is_not(None),
    )
)
_LAST = (
    select(history.c.id, history.c.at, history.c.event, history.c.detail)
    .where(about(EVERYTHING), history.c.event.in_((Event.LATE, Event.ON_TIME_AGAIN)))
    .order_by(history.c.seq.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Noted:
    """The newest step about lateness in the history."""

    step: int
    at: datetime
    is_over: bool
    detail: Mapping[str, Any]


class Lateness(LedgerPart):
    """Finds late deliveries, and records that."""

    def find(self, after: float | None = None) -> Late:
        """Deliveries that were to leave more than `after` real seconds ago; None: `LATE_AFTER`.

        By the true time, as far as it is known: a clock that is ahead would make posts late that
        are not due.
        """
        after = LATE_AFTER if after is None else after
        now = self._clock.now()
        apart = self._clock.ahead(after) - now
        with self._database.read() as connection:
            clocks = wrong_clocks(heartbeats_in(connection))
            now -= clocks.get(socket.gethostname(), timedelta(0))
            latest = now - apart
            rows = connection.execute(_LOOK, {"now": now, "latest": latest}).all()
            known = connection.execute(_EVER_STOPPED).all() if rows else ()
        stopped = {row.account: row for row in known}
        groups: dict[tuple[Cause, str, str | None], LateGroup] = {}
        for row in rows:
            stops = [stopped[name] for name in (row.account, EVERYTHING) if name in stopped]
            if any(stop.paused_at for stop in stops):
                continue
            if any(is_paused_or_suspended(stop, now) for stop in stops):
                cause = Cause.SUSPENDED
            else:
                cause = _cause(row, stopped.get(row.account), are_clocks_right=not clocks)
            key = cause, row.channel, row.error_kind
            group = LateGroup(
                cause,
                row.channel,
                None if row.error_kind is None else Kind(row.error_kind),
                row.number,
                row.since,
            )
            groups[key] = group.with_(groups.get(key))
        return Late(list(groups.values()))

    def went_out_late(self, since: datetime) -> Late:
        """Deliveries that have left since an instant, more than `LATE_AFTER` late."""
        apart = microseconds(self._clock.ahead(LATE_AFTER)) - microseconds(self._clock.now())
        query = select(func.count(), func.min(not_before)).where(
            deliveries.c.published_at >= since, late_by > apart
        )
        with self._database.read() as connection:
            number, first = connection.execute(query).one()
        return Late([LateGroup(Cause.SPACED, "", None, number, first)] if number else [])

    def noted(self) -> Noted | None:
        """The newest step about lateness; None when nothing was ever late."""
        with self._database.read() as connection:
            return _noted(connection)

    def begin(self, late: Late, message: str) -> bool:
        """Record that something is late, and why; False if that is recorded already."""
        detail = {"number": late.number, "since": late.since, "message": message}
        return self._note(Event.LATE, detail)

    def end(self, message: str) -> bool:
        """Record that nothing is late any more; False if that is recorded already."""
        return self._note(Event.ON_TIME_AGAIN, {"message": message})

    def _note(self, event: Event, detail: Mapping[str, Any]) -> bool:
        now = self._clock.now()
        with self._database.write() as connection:
            # One process at a time, of all that check lateness.
            self._database.insert_missing(connection, accounts, [{"account": EVERYTHING}])
            take_in_order(connection, {EVERYTHING})
            last = _noted(connection)
            if (last is None or last.is_over) is (event == Event.ON_TIME_AGAIN):
                return False
            note_account(connection, EVERYTHING, event, now, detail=detail)
        return True


def _cause(row: Row[Any], suspension: Row[Any] | None, *, are_clocks_right: bool) -> Cause:
    """Why the deliveries of one row of `_LOOK` are late; their account is not stopped.

    `suspension`: the account's last suspension. `are_clocks_right`: on all machines that publish.
    """
    if row.state == State.UNCERTAIN:
        return Cause.UNCERTAIN
    is_untried = row.error_kind is None
    if row.error_kind == Kind.CLOCK or (is_untried and not are_clocks_right and not row.has_time):
        return Cause.CLOCK
    # See `suspensions.waits_its_turn`: they go one by one.
    in_turn = suspension and (
        suspension.suspended_times is not None or suspension.suspended_until >= row.claim_at
    )
    if row.state == State.SCHEDULED and (in_turn or (is_untried and row.has_time)):
        return Cause.SPACED
    if row.state == State.SCHEDULED and row.has_time and row.error_kind in PASSING:
        return Cause.SUSPENDED  # alone: see `SuspensionScope.APART`
    if not is_untried:
        return Cause.REFUSED
    return Cause.IN_HAND if row.state == State.PUBLISHING else Cause.NOT_TAKEN


def _noted(connection: Connection) -> Noted | None:
    row = connection.execute(_LAST).one_or_none()
    if row is None:
        return None
    return Noted(row.id, row.at, row.event == Event.ON_TIME_AGAIN, json.loads(row.detail))
