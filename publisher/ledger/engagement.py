"""Reading of counts: which posts' counts are due, whose turn it is to read them, and what was read.

A published delivery is read three times (`Age`), each while its counts still mean that age. Of
several machines one reads an account: its row of `engagement_turns` is moved on by compare-and-set
before the platform is asked.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select, update

from publisher.base.stored_messages import kept, told
from publisher.ledger.corrections import IS_POST
from publisher.ledger.database import LedgerPart
from publisher.ledger.rows import remote_ids_of
from publisher.ledger.tables import deliveries, engagement, engagement_turns
from publisher.model.engagement import Age, Engagement, Metric
from publisher.model.states import State

_LEASE = 300.0
"""Real seconds in which nobody else reads an account that somebody has taken."""
_AGAIN = 900.0
"""Real seconds until an account is asked again for what it did not give; longer each time."""
_LONGEST = 6 * 3_600.0
_MOST = 2_000
"""Posts of each age that are looked at in one go."""


@dataclass(frozen=True, slots=True)
class DueCounts:
    """A post whose counts are to be read."""

    delivery: int
    age: Age
    remote_id: str
    """Of its first part."""


class EngagementTurns(LedgerPart):
    """Finds, claims and records readings of counts."""

    def due(self, channels: Collection[str]) -> Mapping[str, list[DueCounts]]:
        """What is to be read on these channels now, by account, the oldest posts first."""
        now = self._clock.now()
        waits = exists().where(
            engagement_turns.c.account == deliveries.c.account, engagement_turns.c.next_at > now
        )
        found: defaultdict[str, list[DueCounts]] = defaultdict(list)
        with self._database.read() as connection:
            for age in Age:
                was_read = exists().where(
                    engagement.c.delivery == deliveries.c.id, engagement.c.age == age
                )
                query = (
                    select(deliveries.c.id, deliveries.c.account, deliveries.c.remote_ids)
                    .where(
                        deliveries.c.published_at.between(now - age.until, now - age.after),
                        deliveries.c.state == State.PUBLISHED,
                        deliveries.c.channel.in_(sorted(channels)),
                        deliveries.c.remote_ids != "[]",
                        IS_POST,
                        ~was_read,
                        ~waits,
                    )
                    .order_by(deliveries.c.published_at, deliveries.c.id)
                    .limit(_MOST)
                )
                for row in connection.execute(query):
                    first = remote_ids_of(row.remote_ids)[0]
                    found[row.account].append(DueCounts(row.id, age, first))
        return found

    def take(self, account: str) -> bool:
        """Whether the account's counts are to be read now; nobody else reads them meanwhile."""
        now = self._clock.now()
        turns = engagement_turns.c
        with self._database.write() as connection:
            row = {"account": account, "next_at": now, "failures": 0}
            self._database.insert_missing(connection, engagement_turns, [row])
            taken = (
                update(engagement_turns)
                .where(turns.account == account, turns.next_at <= now)
                .values(next_at=self._clock.ahead(_LEASE))
            )
            return connection.execute(taken).rowcount == 1

    def record(self, read: Mapping[DueCounts, Engagement]) -> None:
        """Store what a platform gave."""
        now = self._clock.now()
        rows = [
            {
                "delivery": due.delivery,
                "age": due.age,
                "read_at": now,
                "is_gone": one.is_gone,
                **{metric.value: one.counts.get(metric) for metric in Metric},
            }
            for due, one in read.items()
        ]
        with self._database.write() as connection:
            self._database.insert_missing(connection, engagement, rows)

    def give_back(
        self, account: str, trouble: str | None = None, pause: timedelta = timedelta(0)
    ) -> None:
        """End a turn in which all was read; `trouble`: what the keys do not give, and why.

        `pause`: how long the account is not read again.
        """
        self._set(account, self._clock.now() + pause, 0, trouble)

    def put_off(self, account: str, until: datetime | None, trouble: str | None = None) -> None:
        """End a turn in which something was not read: the account is asked again later.

        `until` None: after a pause that grows. `trouble` None: what is known of it stays.
        """
        query = select(engagement_turns).where(engagement_turns.c.account == account)
        with self._database.read() as connection:
            row = connection.execute(query).one()
        pause = min(_AGAIN * 2**row.failures, _LONGEST)
        again = until or self._clock.ahead(pause)
        self._set(account, again, min(row.failures + 1, 10), trouble or told(row.trouble))

    def _set(self, account: str, again: datetime, failures: int, trouble: str | None) -> None:
        with self._database.write() as connection:
            connection.execute(
                update(engagement_turns)
                .where(engagement_turns.c.account == account)
                .values(next_at=again, failures=failures, trouble=kept(trouble))
            )

    def troubles(self) -> dict[str, str]:
        """Why counts of accounts cannot be read, or not all, by account."""
        turns = engagement_turns.c
        query = select(turns.account, turns.trouble).where(turns.trouble.is_not(None))
        with self._database.read() as connection:
            return {row.account: str(told(row.trouble)) for row in connection.execute(query)}
