"""Readings of readers' comments: what is read next, by which process, and what it found.

A reading is claimed by compare-and-set and has a lease, so that one of any number of processes
reads. What was found and how far it was read is one transaction: nothing is read past.

Where a platform rations requests, the row of the whole account says when its next request may be
made, for whichever post: after a reading the account rests for each request that this took.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, func, or_, select, update

from publisher.base.stored_messages import kept
from publisher.ledger.comments.comment_wishes import UNREAD, noted
from publisher.ledger.comments.found_comments import store, unknown
from publisher.ledger.corrections import IS_POST
from publisher.ledger.database import LedgerPart
from publisher.ledger.tables import (
    comment_readings,
    deliveries,
)
from publisher.model.alarms import Sign
from publisher.model.events import Event
from publisher.model.reader_comments import ReaderComment
from publisher.model.states import State

LEASE = 300.0  # real seconds; longer than ten requests take
_MOST = timedelta(days=1)
"""The longest time until a reading is due again, whatever the settings and the pace say."""
_LONGEST = 2 * _MOST
"""What is due later than that was planned by a clock that was wrong."""


Judge = Callable[[Sequence[ReaderComment]], Mapping[str, Sequence[Sign]]]
"""Finds the signs of alarm in comments, by their ids."""


@dataclass(frozen=True, slots=True)
class WatchedPost:
    """A post whose comments are read."""

    account: str
    remote_id: str
    """That of its first part."""
    published_at: datetime


@dataclass(frozen=True, slots=True)
class CommentReading:
    """A claimed reading."""

    account: str
    post_id: str
    cursor: str
    turn: int
    billed: int
    """What the platform charged for today."""
    troubled_at: datetime | None = None
    """Since when it cannot be made."""
    read_at: datetime | None = None
    """The time from before which all was read; None: not yet."""
    owed: int = 0
    """Requests for which the account has still to rest."""


class CommentReadings(LedgerPart):
    """Gives out readings, and records what they found."""

    def watched(self, accounts: Collection[str], since: datetime) -> list[WatchedPost]:
        """The posts of these accounts of which a part is out since then.

        Whatever became of the delivery: a post is out also if its first comment was refused, and
        until its withdrawal is confirmed.
        """
        table = deliveries.c
        query = select(
            table.account, table.remote_ids, table.withdrawn_ids, table.published_at, table.due_at
        ).where(
            table.state != State.WITHDRAWN,
            or_(table.published_at >= since, table.due_at >= since),
            table.remote_ids != "[]",
            table.account.in_(sorted(accounts)),
            IS_POST,
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        found = []
        for row in rows:
            withdrawn = json.loads(row.withdrawn_ids or "[]")
            ids = [one for one in json.loads(row.remote_ids) if one not in withdrawn]
            at = row.published_at or row.due_at
            if ids and at >= since:
                found.append(WatchedPost(row.account, ids[0], at))
        return found

    def plan(
        self,
        wanted: Collection[tuple[str, str]],
        own: Collection[str] = (),
        known: Collection[str] | None = None,
    ) -> None:
        """Have these read, by account and post id, from now on; other posts of `own` no more.

        Another process may read accounts that this one cannot: theirs stay. The row of a whole
        account stays too, with what the platform charged for today. Only accounts that are not
        `known` any more are forgotten.
        """
        now = self._clock.now()
        rows = [
            {
                "account": account, "post_id": post_id, "cursor": "", "turn": 0, "next_at": now,
                "failures": 0, "billed": 0, "billed_on": "",
            }
            for account, post_id in sorted(wanted)
        ]  # fmt: skip
        with self._database.read() as connection:
            rows_known = connection.execute(
                select(comment_readings.c.account, comment_readings.c.post_id)
            ).all()
        there = {*map(tuple, rows_known)}
        new = [row for row in rows if (row["account"], row["post_id"]) not in there]
        ended = [
            tuple(row)
            for row in rows_known
            if (row.account in own and row.post_id and tuple(row) not in wanted)
            or (known is not None and row.account not in known)
        ]
        if not (new or ended):
            return
        with self._database.write() as connection:
            self._database.insert_missing(connection, comment_readings, new)
            for account, post_id in ended:
                connection.execute(delete(comment_readings).where(is_reading(account, post_id)))

    def claim(
        self,
        accounts: Collection[str],
        whole: Collection[str] | None = None,
        rests: Mapping[str, timedelta] | None = None,
        first: Collection[str] = (),
    ) -> CommentReading | None:
        """Take the reading that has waited for longest; None if none is due.

        `whole`: the accounts that may be read as a whole, None for all; of others only posts.
        `rests`: how long an account rests after a request, of those whose requests are rationed.
        `first`: the posts that come before others.
        """
        now, table, rests = self._clock.now(), comment_readings.c, rests or {}
        due = or_(table.next_at <= now, table.next_at > now + _LONGEST)
        own = select(table.account, table.billed).where(
            table.post_id == "", due, table.account.in_(sorted(rests))
        )
        with self._database.read() as connection:
            owed = {row.account: row.billed for row in connection.execute(own)}
        free = or_(
            table.lease_until.is_(None),
            table.lease_until <= now,
            table.lease_until > self._clock.ahead(2 * LEASE),
        )
        query = (
            select(comment_readings)
            .where(
                due,
                free,
                table.account.in_(sorted({*accounts} - (rests.keys() - owed.keys()))),
                or_(
                    table.post_id != "",
                    table.account.in_(sorted(accounts if whole is None else whole)),
                ),
            )
            .order_by(case((table.post_id.in_(sorted(first)), 0), else_=1), table.next_at)
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        with self._database.write() as connection:
            if row.account in rests:
                # Also if this process dies, and before another one takes another post.
                until = now + min(max(rests[row.account], timedelta(seconds=LEASE)), _MOST)
                if not connection.execute(
                    update(comment_readings)
                    .where(is_reading(row.account, ""), due)
                    .values(next_at=until)
                ).rowcount:
                    return None
            taken = connection.execute(
                update(comment_readings)
                .where(is_reading(row.account, row.post_id), table.turn == row.turn)
                .values(turn=row.turn + 1, lease_until=self._clock.ahead(LEASE))
            ).rowcount
        if not taken:
            return None
        billed = row.billed if row.billed_on == now.date().isoformat() else 0
        return CommentReading(
            row.account, row.post_id, row.cursor, row.turn + 1, billed, row.troubled_at,
            row.read_at, owed.get(row.account, 0),
        )  # fmt: skip

    def rest(self, account: str, until: datetime, owed: int) -> None:
        """Make no request about an account whose requests are rationed until then.

        At most for a day; `owed`: the requests for which it has still to rest after that.
        """
        until = min(until, self._clock.now() + _MOST)
        with self._database.write() as connection:
            connection.execute(
                update(comment_readings)
                .where(is_reading(account, ""))
                .values(next_at=until, billed=owed)
            )

    def put_off(self, reading: CommentReading, next_at: datetime) -> None:
        """End a reading that was not tried: what was wrong before still is."""
        with self._database.write() as connection:
            self._end(connection, reading, next_at)

    def failed(
        self, reading: CommentReading, message: str, next_at: datetime, *, at_once: bool = False
    ) -> None:
        """End a reading that could not be made; `message`: what people are told.

        Somebody is called once, if nothing is read for `UNREAD`, or `at_once`.
        """
        now = self._clock.now()
        since = reading.troubled_at or now
        with self._database.write() as connection:
            values: dict[str, Any] = {
                "failures": comment_readings.c.failures + 1,
                "trouble": kept(message),
                "troubled_at": since,
            }
            if at_once or next_at - since >= UNREAD:
                values["trouble_step"] = self._step_of_trouble(connection, reading.account, message)
            self._end(connection, reading, next_at, **values)

    def _step_of_trouble(self, connection: Connection, account: str, message: str) -> int:
        """The step with which somebody is called: one for all readings of an account."""
        known = connection.execute(
            select(func.max(comment_readings.c.trouble_step)).where(
                comment_readings.c.account == account
            )
        ).scalar()
        if known is not None:
            return int(known)
        detail = {"account": account, "message": message}
        return noted(connection, account, None, Event.ANSWERS_NOT_READ, self._clock.now(), detail)

    def found(
        self,
        reading: CommentReading,
        comments: Sequence[ReaderComment],
        cursor: str,
        next_at: datetime,
        *,
        judge: Judge,
        since: datetime,
        read_at: datetime | None = None,
        keep: timedelta | None = None,
        billed: int = 0,
        trouble: str | None = None,
    ) -> int:
        """Record what a reading found, and end it; returns how many comments call for somebody.

        `judge` finds the signs of alarm in those that are new, and may raise.
        Comments from before `since` are left out: nobody asked about them then. `read_at`: the time
        from before which all was read; None: as before. `keep`: how long their platform's terms let
        them be kept. `trouble`: what is wrong although comments were read.
        """
        now = self._clock.now()
        # Before the transaction, and once: to search for many words takes a while.
        with self._database.read() as connection:
            new = unknown(connection, reading.account, comments)
        judged = judge(new) if new else {}
        with self._database.write() as connection:
            ended = connection.execute(
                update(comment_readings)
                .where(
                    is_reading(reading.account, reading.post_id),
                    comment_readings.c.turn == reading.turn,
                )
                .values(
                    cursor=cursor,
                    lease_until=None,
                    next_at=min(next_at, now + _MOST),
                    read_at=read_at or reading.read_at,
                    failures=0,
                    trouble=kept(trouble),
                    troubled_at=(reading.troubled_at or now) if trouble else None,
                    trouble_step=self._step_of_trouble(connection, reading.account, trouble)
                    if trouble
                    else None,
                    billed=reading.billed + billed,
                    billed_on=now.date().isoformat(),
                )
            ).rowcount
            if not ended:  # the lease was over, and another process reads the same again
                return 0
            wanted = [one for one in comments if one.written_at >= since]
            return store(
                self._database, connection, reading.account, wanted, judged, now,
                None if keep is None else now + keep,
            )  # fmt: skip

    def _end(
        self, connection: Connection, reading: CommentReading, next_at: datetime, **values: Any
    ) -> None:
        connection.execute(
            update(comment_readings)
            .where(
                is_reading(reading.account, reading.post_id),
                comment_readings.c.turn == reading.turn,
            )
            .values(lease_until=None, next_at=min(next_at, self._clock.now() + _MOST), **values)
        )


def is_reading(account: str, post_id: str) -> Any:
    return (comment_readings.c.account == account) & (comment_readings.c.post_id == post_id)
