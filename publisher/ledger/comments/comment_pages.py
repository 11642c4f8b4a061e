"""Pages of readers' comments: those that call for somebody first, then the newest first.

A page begins at the cursor of the one before it (keyset pagination), as in the log.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import BigInteger, ColumnElement, func, literal, or_, select, tuple_

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.base.stored_messages import told
from publisher.ledger.database import LedgerPart
from publisher.ledger.tables import comment_readings, may_be_kept, microseconds, reader_comments
from publisher.model import alarms
from publisher.model.alarms import CALLED, Sign
from publisher.model.reader_comments import CommentState

MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class ShownComment:
    """A comment, with what became of it."""

    id: int
    account: str
    remote_id: str
    post: str | None
    author: str
    text: str
    url: str
    written_at: datetime
    signs: Sequence[Sign]
    state: CommentState
    urgency: int
    changed_by: str | None
    changed_at: datetime | None
    handed_to: str | None
    trouble: str | None

    @property
    def is_private(self) -> bool:
        """Whether it is a message to us alone."""
        return alarms.is_private(self.signs)

    @property
    def is_calling(self) -> bool:
        """Whether somebody is called, and nobody has dealt with it."""
        return self.urgency == CALLED


@dataclass(frozen=True, slots=True)
class CommentCursor:
    """The place after a comment, where the next page begins."""

    urgency: int
    instant: int
    """Microseconds since 1970 UTC."""
    id: int

    def __str__(self) -> str:
        return f"{self.urgency}-{self.instant}-{self.id}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Parse the text that `str` made. UsageError for anything else."""
        numbers = text.split("-")
        if (
            len(numbers) != 3
            or len(text) > 50
            or not all(one.isascii() and one.isdigit() and int(one) < 2**63 for one in numbers)
        ):
            raise UsageError(
                _("There is no such page of the comments."), hint=_("Begin at the first page.")
            )
        return cls(*map(int, numbers))


@dataclass(frozen=True, slots=True)
class CommentList:
    """A page of comments, with the cursor of the next one, or None."""

    comments: list[ShownComment]
    after: CommentCursor | None


@dataclass(frozen=True, slots=True)
class ReadingTrouble:
    """An account whose comments cannot be read, and why."""

    account: str
    message: str
    read_at: datetime | None
    """When they last could."""


class CommentPages(LedgerPart):
    """Reads comments, page by page. One that may not be kept any more is not there."""

    def page(
        self,
        size: int,
        *,
        accounts: Collection[str] | None = None,
        state: CommentState | None = None,
        post: str | None = None,
        or_calling: bool = False,
        after: CommentCursor | None = None,
    ) -> CommentList:
        """The first comments, or those after a cursor; `accounts` None: of all.

        `or_calling`: those that call for somebody too, in whatever state.
        """
        table = reader_comments.c
        key = table.urgency, table.written_at, table.id
        conditions = [*self._conditions(accounts, None if or_calling else state)]
        if or_calling and state is not None:
            conditions.append(or_(table.state == state, table.urgency == CALLED))
        if post:
            conditions.append(table.post == post)
        if after:
            place = (after.urgency, after.instant, after.id)
            conditions.append(tuple_(*key) < tuple_(*(literal(one, BigInteger) for one in place)))
        query = select(reader_comments).where(*conditions)
        query = query.order_by(*(column.desc() for column in key)).limit(size + 1)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        shown = [_shown(row) for row in rows[:size]]
        last = rows[size - 1] if len(rows) > size else None
        return CommentList(
            shown,
            CommentCursor(last.urgency, microseconds(last.written_at), last.id) if last else None,
        )

    def find(self, number: int) -> ShownComment | None:
        """The comment with this number; None if it is not here any more."""
        query = select(reader_comments).where(
            reader_comments.c.id == number, may_be_kept(self._clock.now())
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else _shown(row)

    def calling(self, accounts: Collection[str] | None = None) -> int:
        """How many comments call for somebody, at most `MOST_COUNTED`."""
        its = [reader_comments.c.urgency == CALLED, *self._conditions(accounts, None)]
        some = select(reader_comments.c.id).where(*its).limit(MOST_COUNTED).subquery()
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(some)).scalar_one()

    def troubles(self, accounts: Collection[str] | None = None) -> list[ReadingTrouble]:
        """The accounts whose comments cannot be read."""
        table = comment_readings.c
        query = select(table.account, table.trouble, table.read_at).where(
            table.trouble.is_not(None)
        )
        if accounts is not None:
            query = query.where(table.account.in_(sorted(accounts)))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.account, table.next_at)).all()
        return [
            *{
                row.account: ReadingTrouble(row.account, told(row.trouble) or "", row.read_at)
                for row in rows
            }.values()
        ]

    def _conditions(
        self, accounts: Collection[str] | None, state: CommentState | None
    ) -> list[ColumnElement[bool]]:
        conditions = [may_be_kept(self._clock.now())]
        if accounts is not None:
            names = sorted(accounts)
            is_one = len(names) == 1
            column = reader_comments.c.account
            conditions.append(column == names[0] if is_one else column.in_(names))
        if state is not None:
            conditions.append(reader_comments.c.state == state)
        return conditions


def _shown(row: Any) -> ShownComment:
    return ShownComment(
        id=row.id,
        account=row.account,
        remote_id=row.remote_id,
        post=row.post,
        author=row.author,
        text=row.text,
        url=row.url,
        written_at=row.written_at,
        signs=alarms.of_json(row.signs),
        state=CommentState(row.state),
        urgency=row.urgency,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
        handed_to=row.handed_to,
        trouble=told(row.trouble),
    )
