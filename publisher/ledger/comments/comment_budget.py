"""Comment budget: what reading readers' comments may cost in a month, and has cost.

It stands beside the platforms' limits of the account, in thousandths of a US dollar, so that people
see what is left where they see those. A month is one of UTC.
"""

from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from sqlalchemy import case, select, update

from publisher.base.clock import Clock
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.tables import limits
from publisher.model.limits_text import ANSWERS_OF_MONTH

_UNIT = 1000
_FEWEST = 5
"""Comments: platforms show no fewer at once (X)."""


class CommentBudget(LedgerPart):
    """The budget of each account on a platform that charges for reading."""

    def __init__(
        self, database: Database, clock: Clock, most: Decimal, comment: Decimal, author: Decimal
    ) -> None:
        """`most`: in a month, in US dollars; `comment`, `author`: what each costs that is shown."""
        super().__init__(database, clock)
        self._most = most
        self._comment = comment
        self._author = author

    @property
    def next_month(self) -> datetime:
        """When the next budget begins."""
        now = self._clock.now()
        first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        year, month = divmod(first.year * 12 + first.month, 12)
        return first.replace(year=year, month=month + 1)

    def room(self, account: str) -> int:
        """How many comments can be read before it costs more; none where a few would."""
        table = limits.c
        query = select(table.total - table.remaining).where(
            table.account == account,
            table.name == ANSWERS_OF_MONTH,
            table.ends_at > self._clock.now(),
        )
        with self._database.read() as connection:
            spent = connection.execute(query).scalar() or 0
        left = self._most - Decimal(spent) / _UNIT
        each = self._comment + self._author
        if not each:
            return 10**6
        room = int(max(left, Decimal()) / each)
        return room if room >= _FEWEST else 0

    def spend(self, account: str, comments: int, authors: int) -> None:
        """Record what a reading has cost."""
        cost = comments * self._comment + authors * self._author
        if not cost:
            return
        table, now, ends_at = limits.c, self._clock.now(), self.next_month
        total = int(self._most * _UNIT)
        row = {
            "account": account, "name": ANSWERS_OF_MONTH, "total": total, "remaining": total,
            "seen_at": now, "ends_at": ends_at,
        }  # fmt: skip
        before = case((table.ends_at > now, table.total - table.remaining), else_=0)
        spent = before + int((cost * _UNIT).to_integral_value(ROUND_CEILING))
        with self._database.write() as connection:
            self._database.insert_missing(connection, limits, [row])
            connection.execute(
                update(limits)
                .where(table.account == account, table.name == ANSWERS_OF_MONTH)
                .values(
                    total=total,
                    remaining=case((spent < total, total - spent), else_=0),
                    seen_at=now,
                    ends_at=ends_at,
                )
            )
