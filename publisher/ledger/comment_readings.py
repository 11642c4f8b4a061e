"""Readings of readers' comments: what is read next, by which process, and what it found.

A reading is claimed by compare-and-set and has a lease, so that one of any number of processes
reads. What was found and how far it was read is one transaction: nothing is read past.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, func, or_, select, update

from publisher.base.stored_messages import kept
from publisher.ledger.comment_wishes import CALLED, UNREAD, noted
from publisher.ledger.corrections import IS_POST
from publisher.ledger.database import LedgerPart
from publisher.ledger.rows import chunks
from publisher.ledger.tables import (
    comment_readings,
    deliveries,
    ids_out,
    reader_comments,
)
from publisher.model.alarms import Sign, Signs, signs_in
from publisher.model.events import Event
from publisher.model.reader_comments import CARRIED_OUT, CommentState, ReaderComment, kept_text
from publisher.model.states import State

LEASE = 300.0  # real seconds; longer than ten requests take
_LONGEST = timedelta(days=2)
"""No reading is due later than that: what is, was planned by a clock that was wrong."""
_CHECKED_AT_ONCE = 20
_BEFORE_OTHERS = 1


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
                connection.execute(delete(comment_readings).where(_is(account, post_id)))

    def claim(
        self, accounts: Collection[str], whole: Collection[str] | None = None
    ) -> CommentReading | None:
        """Take the reading that has waited for longest; None if none is due.

        `whole`: the accounts that may be read as a whole, None for all; of others only posts.
        """
        now, table = self._clock.now(), comment_readings.c
        due = or_(table.next_at <= now, table.next_at > now + _LONGEST)
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
                table.account.in_(sorted(accounts)),
                or_(
                    table.post_id != "",
                    table.account.in_(sorted(accounts if whole is None else whole)),
                ),
            )
            .order_by(table.next_at)
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        with self._database.write() as connection:
            taken = connection.execute(
                update(comment_readings)
                .where(_is(row.account, row.post_id), table.turn == row.turn)
                .values(turn=row.turn + 1, lease_until=self._clock.ahead(LEASE))
            ).rowcount
        if not taken:
            return None
        billed = row.billed if row.billed_on == now.date().isoformat() else 0
        return CommentReading(
            row.account, row.post_id, row.cursor, row.turn + 1, billed, row.troubled_at
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
        signs: Signs,
        since: datetime,
        billed: int = 0,
        trouble: str | None = None,
    ) -> int:
        """Record what a reading found, and end it; returns how many comments call for somebody.

        Comments from before `since` are left out: nobody asked about them then. `trouble`: what is
        wrong although comments were read.
        """
        now = self._clock.now()
        # Before the transaction: to compare many words takes a while.
        judged = {one.id: _signs_of(one, signs) for one in comments}
        with self._database.write() as connection:
            ended = connection.execute(
                update(comment_readings)
                .where(
                    _is(reading.account, reading.post_id), comment_readings.c.turn == reading.turn
                )
                .values(
                    cursor=cursor,
                    lease_until=None,
                    next_at=next_at,
                    read_at=now,
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
            new = self._new(connection, reading.account, comments, since)
            posts = _posts_of(connection, reading.account, [one.under for one in new])
            rows = [
                _row(reading.account, one, posts.get(one.under), judged[one.id], now) for one in new
            ]
            return self._keep(connection, reading.account, rows)

    def _new(
        self,
        connection: Connection,
        account: str,
        comments: Sequence[ReaderComment],
        since: datetime,
    ) -> list[ReaderComment]:
        """Those that are not known yet, each once."""
        wanted = {one.id: one for one in comments if one.written_at >= since}
        known: set[str] = set()
        for chunk in chunks(sorted(wanted)):
            query = select(reader_comments.c.remote_id).where(
                reader_comments.c.account == account, reader_comments.c.remote_id.in_(chunk)
            )
            known |= set(connection.execute(query).scalars())
        # What we wrote ourselves, as a thread's next part, is no comment.
        own = _posts_of(connection, account, sorted(wanted))
        return [one for key, one in wanted.items() if key not in known and key not in own]

    def _keep(self, connection: Connection, account: str, rows: list[dict[str, Any]]) -> int:
        """Insert rows; what calls for somebody is one step of the history for each post."""
        if not rows:
            return 0
        calling = [row for row in rows if row["urgency"] == CALLED]
        for post in dict.fromkeys(row["post"] for row in calling):
            its = [row for row in calling if row["post"] == post]
            step = noted(
                connection, account, post, Event.ANSWERS_CALL_FOR_SOMEBODY, self._clock.now(),
                {"account": account, "number": len(its)},
            )  # fmt: skip
            for row in its:
                row["alarm_step"] = step
        self._database.insert_missing(connection, reader_comments, rows)
        return len(calling)

    def unchecked(self, before: datetime) -> frozenset[str]:
        """The accounts that have a comment that was last looked for before then."""
        table = reader_comments.c
        query = select(table.account).where(table.checked_at < before).distinct()
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def to_check(self, account: str, before: datetime) -> list[str]:
        """The comments that were last looked for before then, those of longest ago first."""
        table = reader_comments.c
        query = (
            select(table.remote_id)
            .where(
                table.account == account,
                table.checked_at < before,
                table.state != CommentState.DELETED,
            )
            .order_by(table.checked_at)
            .limit(_CHECKED_AT_ONCE)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def checked(
        self, account: str, asked: Sequence[str], gone: Collection[str], billed: int = 0
    ) -> None:
        """Forget the comments that the platform has no more.

        One that called for somebody, or that a person wanted hidden or deleted, is on record as
        gone. `billed`: what the platform charged for.
        """
        table, now = reader_comments.c, self._clock.now()
        these = table.account == account, table.remote_id.in_(asked)
        mattered = or_(table.alarm_step.is_not(None), table.state.in_(sorted(CARRIED_OUT)))
        its = select(table.post, table.remote_id).where(
            *these, table.remote_id.in_(sorted(gone)), mattered
        )
        with self._database.write() as connection:
            self._bill(connection, account, billed)
            for row in connection.execute(its.order_by(table.id)).all():
                detail = {"account": account, "id": row.remote_id}
                noted(connection, account, row.post, Event.ANSWER_GONE, now, detail)
            connection.execute(
                delete(reader_comments).where(*these, table.remote_id.in_(sorted(gone)))
            )
            connection.execute(update(reader_comments).where(*these).values(checked_at=now))

    def billed(self, account: str) -> int:
        """What the platform charged for of an account as a whole today."""
        table = comment_readings.c
        query = select(table.billed).where(
            _is(account, ""), table.billed_on == self._clock.now().date().isoformat()
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar() or 0

    def _bill(self, connection: Connection, account: str, number: int) -> None:
        if not number:
            return
        today = self._clock.now().date().isoformat()
        table = comment_readings.c
        connection.execute(
            update(comment_readings)
            .where(_is(account, ""))
            .values(
                billed=case((table.billed_on == today, table.billed), else_=0) + number,
                billed_on=today,
            )
        )

    def forget(self, account: str, remote_id: str) -> None:
        """Forget one comment that the platform has no more."""
        self.checked(account, [remote_id], [remote_id])

    def expire(self, before: datetime) -> int:
        """Forget the comments that were read before then."""
        with self._database.write() as connection:
            return connection.execute(
                delete(reader_comments).where(reader_comments.c.read_at < before)
            ).rowcount

    def _end(
        self, connection: Connection, reading: CommentReading, next_at: datetime, **values: Any
    ) -> None:
        connection.execute(
            update(comment_readings)
            .where(_is(reading.account, reading.post_id), comment_readings.c.turn == reading.turn)
            .values(lease_until=None, next_at=next_at, **values)
        )


def urgency_of(signs: Sequence[Sign]) -> int:
    """How much an open comment calls for somebody; see the table."""
    if any(sign.is_alarming for sign in signs):
        return CALLED
    return _BEFORE_OTHERS if signs else 0


def _signs_of(comment: ReaderComment, signs: Signs) -> tuple[Sign, ...]:
    found = signs_in(comment.text, signs)
    return (Sign("private"), *found) if comment.is_private else found


def _row(
    account: str, comment: ReaderComment, post: str | None, found: Sequence[Sign], now: datetime
) -> dict[str, Any]:
    return {
        "account": account,
        "remote_id": comment.id,
        "post": post,
        "author": comment.author,
        "text": kept_text(comment.text),
        "url": comment.url,
        "written_at": comment.written_at,
        "read_at": now,
        "signs": json.dumps([[sign.kind, sign.what] for sign in found], ensure_ascii=False),
        # Also of what its platform hid: a disclosure can be among it.
        "urgency": urgency_of(found) if urgency_of(found) == CALLED or not comment.is_hidden else 0,
        "alarm_step": None,
        "state": CommentState.HIDDEN if comment.is_hidden else CommentState.NEW,
        "checked_at": now,
    }


def _posts_of(connection: Connection, account: str, remote_ids: Sequence[str]) -> Mapping[str, str]:
    """Our posts, by those of the platform's ids that are theirs."""
    return dict(_posts(connection, account, sorted({*remote_ids} - {""})))


def _posts(
    connection: Connection, account: str, remote_ids: Sequence[str]
) -> Iterator[tuple[str, str]]:
    for chunk in chunks(remote_ids):
        query = (
            select(ids_out.c.remote_id, deliveries.c.post)
            .join(deliveries, deliveries.c.id == ids_out.c.delivery)
            .where(ids_out.c.account == account, ids_out.c.remote_id.in_(chunk))
        )
        yield from ((row.remote_id, row.post) for row in connection.execute(query))


def _is(account: str, post_id: str) -> Any:
    return (comment_readings.c.account == account) & (comment_readings.c.post_id == post_id)
