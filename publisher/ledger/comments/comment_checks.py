"""Comment checks: whether a platform still has what is stored, and how long that stays."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, or_, select, update

from publisher.ledger.comments.comment_readings import is_reading
from publisher.ledger.comments.comment_wishes import noted
from publisher.ledger.database import LedgerPart
from publisher.ledger.tables import comment_readings, reader_comments
from publisher.model.events import Event
from publisher.model.reader_comments import CARRIED_OUT, CommentState

_CHECKED_AT_ONCE = 20
_LONGEST_REST = timedelta(days=30)
"""The longest rest after a check: several requests, where there is one in some days."""


class CommentChecks(LedgerPart):
    """Says which comments are looked for again, and forgets those that are gone or old."""

    def unchecked(self, before: datetime) -> frozenset[str]:
        """The accounts that have a comment that was last looked for before then."""
        table = reader_comments.c
        query = select(table.account).where(table.checked_at < before).distinct()
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def to_check(self, account: str, before: datetime, *, of_one_post: bool = False) -> list[str]:
        """The comments that were last looked for before then, those of longest ago first.

        `of_one_post`: only those under the same post as the first one.
        """
        table = reader_comments.c
        query = (
            select(table.remote_id, table.post)
            .where(
                table.account == account,
                table.checked_at < before,
                table.state != CommentState.DELETED,
            )
            .order_by(table.checked_at)
            .limit(_CHECKED_AT_ONCE)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [row.remote_id for row in rows if not of_one_post or row.post == rows[0].post]

    def claim(self, account: str, rest: timedelta) -> bool:
        """Take the next request that looks for stored comments of an account that rations them.

        False while it rests for the one before, whichever process made that. `rest`: how long it
        rests then, also if this process dies.
        """
        now, table = self._clock.now(), comment_readings.c
        row = {
            "account": account, "post_id": "", "cursor": "", "turn": 0, "next_at": now,
            "failures": 0, "billed": 0, "billed_on": "",
        }  # fmt: skip
        is_free = or_(
            table.lease_until.is_(None),
            table.lease_until <= now,
            table.lease_until > now + 2 * _LONGEST_REST,  # by a clock that was wrong
        )
        with self._database.write() as connection:
            self._database.insert_missing(connection, comment_readings, [row])
            claimed = connection.execute(
                update(comment_readings)
                .where(is_reading(account, ""), is_free)
                .values(lease_until=now + min(rest, _LONGEST_REST))
            )
            return bool(claimed.rowcount)

    def rest(self, account: str, rest: timedelta) -> None:
        """Look for no stored comments of an account that rations requests for that long."""
        until = self._clock.now() + min(rest, _LONGEST_REST)
        with self._database.write() as connection:
            connection.execute(
                update(comment_readings).where(is_reading(account, "")).values(lease_until=until)
            )

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
            is_reading(account, ""), table.billed_on == self._clock.now().date().isoformat()
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
            .where(is_reading(account, ""))
            .values(
                billed=case((table.billed_on == today, table.billed), else_=0) + number,
                billed_on=today,
            )
        )

    def forget(self, account: str, remote_id: str) -> None:
        """Forget one comment that the platform has no more."""
        self.checked(account, [remote_id], [remote_id])

    def expire(self, keep: timedelta) -> int:
        """Forget what was read longer ago than that, or what its platform's terms let nobody keep.

        Whatever the settings say of its account by now.
        """
        table, now = reader_comments.c, self._clock.now()
        is_over = or_(table.read_at < now - keep, table.keep_until <= now)
        with self._database.write() as connection:
            return connection.execute(delete(reader_comments).where(is_over)).rowcount
