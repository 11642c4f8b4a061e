"""Replication lag: how far a platform is behind, and so when an absence from it counts.

An overloaded platform lets requests time out and carries them out later. The date of a post that is
found shows how much later; and many uncertain posts at once show that something is wrong before any
is found.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, Row, func, literal_column, select

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.ledger.database import insert_into
from publisher.ledger.integrity.forgotten import NOT_FORGOTTEN
from publisher.ledger.tables import delays, deliveries, history
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.outcomes import Accepted
from publisher.model.states import State

CROWD = 10
"""From this many uncertain posts at once, a platform's absences count much later."""
_CROWDED_SETTLE = 15
"""The factor of the settling time then: 15 minutes with the default settings."""
_LAG_SETTLE = 2
"""The settling time as a multiple of the largest recent lag."""
_LATELY = _LONGEST = timedelta(hours=1)
_LEAST = timedelta(seconds=5)
"""The smallest lag that is stored: a platform reports whole seconds, and clocks differ."""
_IN_DOUBT: tuple[ColumnElement[bool], ...] = (
    # As in its partial index.
    literal_column("deliveries.state = 'uncertain' AND deliveries.settled_at IS NOT NULL"),
    NOT_FORGOTTEN,
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many uncertain posts on one platform at once."""

    channel: str
    number: int
    lag: timedelta | None
    """The largest delay between a request and its post in the last hour; None: unknown."""
    our_own: int = 0
    """Those of which a worker recorded no answer: it ended, or did not reach the ledger."""

    @property
    def is_our_own(self) -> bool:
        """Whether so few are the platform's doing that it is not what is wrong."""
        return self.number - self.our_own < CROWD


def crowds(connection: Connection, now: datetime) -> Sequence[Crowd]:
    """The platforms with so many uncertain posts that they may be overloaded."""
    number = func.count().label("number")
    query = (
        select(deliveries.c.channel, number)
        .where(*_IN_DOUBT)
        .group_by(deliveries.c.channel)
        .having(number >= CROWD)
        .order_by(deliveries.c.channel)
    )
    found = connection.execute(query).all()
    our_own = _our_own(connection, [row.channel for row in found])
    return [
        Crowd(
            row.channel,
            row.number,
            _fresh_lag(_known(connection, row.channel), now),
            our_own[row.channel],
        )
        for row in found
    ]


def _our_own(connection: Connection, channels: Sequence[str]) -> Counter[str]:
    """How many of the uncertain posts on each channel have no answer because of us."""
    if not channels:
        return Counter()
    why = (
        select(history.c.event)
        .where(
            history.c.delivery == deliveries.c.id,
            history.c.source == State.PUBLISHING,
            history.c.target == State.UNCERTAIN,
        )
        .order_by(history.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(deliveries.c.channel, why.label("why"))
    rows = connection.execute(query.where(*_IN_DOUBT, deliveries.c.channel.in_(channels)))
    return Counter(row.channel for row in rows if row.why == Event.LEASE_RAN_OUT)


class Delays:
    """Learns how far platforms are behind, and says when an absence counts."""

    def __init__(self, clock: Clock, settle: float) -> None:
        """`settle`: real seconds until an absence counts, if the platform is not behind."""
        self._clock = clock
        self._settle = settle

    def learn(self, connection: Connection, delivery: Delivery, found: Accepted) -> None:
        """Store how long after its request a post was made, by the platform's date."""
        begun = delivery.intent_at or delivery.doubt_since
        if found.made_at is None or begun is None:
            return
        now = self._clock.now()
        lag = min(found.made_at, now) - begun
        if lag < _LEAST:
            return
        known = _known(connection, delivery.channel)
        if seen := _fresh_lag(known, now):
            lag = max(lag, seen)
        micros = lag // timedelta(microseconds=1)
        _keep(connection, delivery.channel, lag=micros, lag_seen_at=now)

    def settles_at(self, connection: Connection, delivery: Delivery) -> tuple[datetime, str | None]:
        """The earliest instant at which an absence counts, and the reason, for people."""
        begun = delivery.intent_at or delivery.doubt_since or delivery.due_at
        now = self._clock.now()
        number = self._in_doubt(connection, delivery.channel)
        known = _known(connection, delivery.channel)
        if number >= CROWD:
            if not (known and known.crowded_at and known.crowded_at > now - _LATELY):
                log.warning(
                    "many posts are in doubt at once: absences count later",
                    channel=delivery.channel,
                )
            _keep(connection, delivery.channel, crowded_at=now)
        settle, why = timedelta(0), None
        if lag := _fresh_lag(known, now):
            settle = min(lag * _LAG_SETTLE, _LONGEST)
            why = _(
                "The platform is behind: it made another post {seconds} s after the request.",
                seconds=round(lag.total_seconds()),
            )
        long = timedelta(seconds=self._settle * _CROWDED_SETTLE * self._clock.speed)
        was_crowded = number >= CROWD or (
            known is not None and known.crowded_at is not None and known.crowded_at > now - long
        )
        if was_crowded and long > settle:
            settle = long
            why = _("Many posts are in doubt on this platform at once: it may be overloaded.")
        return begun + settle, why

    @staticmethod
    def _in_doubt(connection: Connection, channel: str) -> int:
        """How many deliveries are looked for on a platform, counted up to `CROWD`."""
        its = select(deliveries.c.id).where(*_IN_DOUBT, deliveries.c.channel == channel)
        found = its.limit(CROWD)
        number = select(func.count()).select_from(found.subquery())
        return connection.execute(number).scalar_one()


def _known(connection: Connection, channel: str) -> Row[Any] | None:
    return connection.execute(select(delays).where(delays.c.channel == channel)).one_or_none()


def _fresh_lag(known: Row[Any] | None, now: datetime) -> timedelta | None:
    if known and known.lag_seen_at and known.lag_seen_at > now - _LATELY:
        return timedelta(microseconds=known.lag)
    return None


def _keep(connection: Connection, channel: str, **columns: object) -> None:
    wish = insert_into(connection.dialect.name, delays).values(channel=channel, **columns)
    connection.execute(wish.on_conflict_do_update(index_elements=["channel"], set_=columns))
