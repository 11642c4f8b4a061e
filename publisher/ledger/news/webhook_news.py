"""Events for webhooks: each change of a delivery's state is sent to each receiver once.

The events are steps of the history, read in its order. A receiver's position is a step up to which
all were sent; what was sent behind it is in `notices`, until the position moves on. On PostgreSQL a
step can become visible after a later one: the position stays an hour behind.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from publisher.ledger.news.notice_turns import NoticeTurns
from publisher.ledger.news.outbox import OLDEST
from publisher.ledger.reading.reported import marked
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import deliveries, history, notice_services, notices, webhook_positions
from publisher.ledger.transitions import PROGRAM
from publisher.model.states import State
from publisher.model.visibility import Visibility, in_utc

_MOST = 50
"""Events that are sent in one turn."""
_BEHIND = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """A change of a delivery's state. Nothing of its text, which may be under embargo."""

    step: int
    id: str
    """The same each time that it is sent, and no other event's: the hash of its step."""
    at: datetime
    delivery: int
    post: str
    account: str
    channel: str
    event: str
    """What happened, as in the history."""
    state: State
    before: State | None
    due_at: datetime
    url: str | None
    """Its address on the platform now, if it is out."""
    actor: str
    program: str | None
    """The program that acted for the actor."""
    parts: int = 1
    parts_out: int = 0
    """How many of its parts the public sees now."""
    public: str = ""
    """The same in words, with times in UTC."""


class WebhookNews(NoticeTurns):
    """Finds what a receiver has not got yet."""

    apart = 0.0

    def start(self, service: str) -> None:
        """Add a receiver that is not there yet; it gets what happens from now on.

        Call it before each look: a ledger that was set back may not have it any more.
        """
        with self._database.read() as connection:
            if _is_there(connection, service):
                return
        self.begin(service, self._clock.now())
        row = {"service": service, "step": 0}
        newest = select(func.coalesce(func.max(history.c.id), 0)).scalar_subquery()
        with self._database.write() as connection:
            if not _is_there(connection, service):
                connection.execute(insert(webhook_positions).values({**row, "step": newest}))

    def untold(self, service: str) -> list[DeliveryEvent]:
        """The oldest events that this receiver has not got."""
        with self._database.read() as connection:
            return _unsent(connection, service, self._clock.now() - OLDEST)

    def sent(self, service: str, event: DeliveryEvent) -> None:
        """Record that the receiver has taken an event."""
        row = {"service": service, "step": event.step, "told_at": self._clock.now()}
        with self._database.write() as connection:
            self._database.insert_missing(connection, notices, [row])

    def told(self, service: str, turn: int, _events: Sequence[DeliveryEvent] = ()) -> None:
        """End a turn in which the receiver took all of this; its position moves on."""
        self.end(service, turn, ())
        before = self._clock.now() - _BEHIND
        with self._database.write() as connection:
            position = select(webhook_positions.c.step).where(
                webhook_positions.c.service == service
            )
            behind = position.scalar_subquery()
            left = _unsent(connection, service, self._clock.now() - OLDEST)
            query = select(func.max(history.c.id)).where(
                history.c.id > behind, history.c.at < before
            )
            if left:
                query = query.where(history.c.id < left[0].step)
            done = connection.execute(query).scalar()
            if done is None:
                return
            ours = webhook_positions.c.service == service
            connection.execute(update(webhook_positions).where(ours).values(step=done))
            past = (notices.c.service == service) & (notices.c.step <= done)
            connection.execute(delete(notices).where(past))

    def failures(self, service: str) -> int:
        """How often in a row the receiver took nothing."""
        query = select(notice_services.c.failures).where(notice_services.c.service == service)
        with self._database.read() as connection:
            return connection.execute(query).scalar() or 0


def _is_there(connection: Connection, service: str) -> bool:
    known = exists().where(webhook_positions.c.service == service)
    return bool(connection.execute(select(known)).scalar())


def _unsent(connection: Connection, service: str, since: datetime) -> list[DeliveryEvent]:
    position = (
        select(webhook_positions.c.step)
        .where(webhook_positions.c.service == service)
        .scalar_subquery()
    )
    is_sent = exists().where(notices.c.service == service, notices.c.step == history.c.id)
    query = (
        select(
            history.c.id, history.c.hash, history.c.at, history.c.event, history.c.source,
            history.c.target, history.c.actor, history.c.detail, deliveries.c.id.label("delivery"), deliveries.c.post,
            deliveries.c.account, deliveries.c.channel, deliveries.c.due_at, deliveries.c.url,
        )
        .join_from(history, deliveries, history.c.delivery == deliveries.c.id)
        .where(
            history.c.id > position,
            history.c.target.is_not(None),
            history.c.target.is_distinct_from(history.c.source),
            history.c.at >= since,
            ~is_sent,
        )
        .order_by(history.c.id)
        .limit(_MOST)
    )  # fmt: skip
    rows = connection.execute(query).all()
    found = select(deliveries).where(deliveries.c.id.in_({row.delivery for row in rows}))
    now = marked(connection, deliveries_in(connection, found))
    seen = {delivery.id: Visibility.of(delivery) for delivery in now}
    return [
        DeliveryEvent(
            step=row.id,
            id=f"msg_{row.hash[:32]}",
            at=row.at,
            delivery=row.delivery,
            post=row.post,
            account=row.account,
            channel=row.channel,
            event=row.event,
            state=State(row.target),
            before=State(row.source) if row.source else None,
            due_at=row.due_at,
            url=row.url,
            parts=seen[row.delivery].parts,
            parts_out=seen[row.delivery].out,
            public=seen[row.delivery].in_words(in_utc),
            actor=row.actor,
            program=json.loads(row.detail).get(PROGRAM),
        )
        for row in rows
    ]
