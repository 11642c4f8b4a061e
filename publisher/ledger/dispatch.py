"""The dispatcher's side of the ledger: claiming what is due, ending what is over.

Every method is one transaction, or a few small ones.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from publisher.clock import Clock
from publisher.ledger.database import Database
from publisher.ledger.doubts import doubt
from publisher.ledger.holds import resting
from publisher.ledger.moves import ACTOR, Moved, change, claim_waiting, claimed, delivery_of
from publisher.ledger.tables import deliveries
from publisher.models import Claim, Delivery
from publisher.outcome import Kind
from publisher.states import WAITING, Role, State

_BATCH = 200  # rows changed in one transaction, so that nobody waits long for the next


class Dispatch:
    """Claims, expiries and leases."""

    def __init__(self, database: Database, clock: Clock, settle: float) -> None:
        """`settle`: real seconds until an absence from the platform counts."""
        self._database = database
        self._clock = clock
        self._settle = settle

    def claim(self, horizon: datetime, lease_until: datetime, limit: int) -> list[Claim]:
        """Take up to `limit` deliveries that wake before `horizon`, earliest first."""
        now = self._clock.now()
        due = and_(
            deliveries.c.wake_at <= horizon,
            or_(deliveries.c.expires_at.is_(None), deliveries.c.expires_at > now),
            ~exists().where(resting(deliveries.c.account, now)),
        )
        return claim_waiting(
            self._database,
            due,
            limit,
            "claimed",
            at=now,
            source=State.SCHEDULED,
            target=State.PUBLISHING,
            lease_until=lease_until,
            intent_at=None,
        )

    def release(self, claims: Sequence[Claim]) -> None:
        """Give back what could not be handed to a worker."""
        with self._database.write() as connection:
            for claim in claims:
                delivery = claimed(connection, claim)
                if delivery is None or delivery.intent_at is not None:
                    continue
                with suppress(Moved):  # somebody else was faster
                    self._change(
                        connection,
                        delivery,
                        "released",
                        target=State.SCHEDULED,
                        lease_until=None,
                    )

    def expire(self) -> int:
        """What is past its expiry and not out is missed; how many that were."""
        late = and_(
            deliveries.c.state.in_(sorted(WAITING)),
            deliveries.c.expires_at <= self._clock.now(),
        )
        message = "It was not out by its expiry."
        return self._sweep(
            late,
            lambda connection, delivery: self._change(
                connection,
                delivery,
                "missed",
                target=State.MISSED,
                detail={"last_error": delivery.error_message, "reason": delivery.reason},
                error_kind=Kind.EXPIRED,
                error_message=" ".join(filter(None, (message, delivery.error_message))),
            ),
        )

    def reap(self) -> int:
        """Leases that ran out: due again if the worker never began to send, else uncertain."""
        ran_out = and_(
            deliveries.c.state == State.PUBLISHING,
            deliveries.c.lease_until <= self._clock.now(),
        )

        def end(connection: Connection, delivery: Delivery) -> None:
            if delivery.intent_at is None:
                self._change(
                    connection,
                    delivery,
                    "lease ran out",
                    target=State.SCHEDULED,
                    lease_until=None,
                )
            else:
                message = "The worker ended while it was sending; the post may be out or not."
                self._change(
                    connection,
                    delivery,
                    "lease ran out",
                    target=State.UNCERTAIN,
                    **doubt(delivery, self._clock, self._settle),
                    attempts=delivery.attempts + 1,
                    error_kind=Kind.UNKNOWN_OUTCOME,
                    error_message=message,
                )

        return self._sweep(ran_out, end)

    def shorten_leases(self, longest: float) -> None:
        """Cut leases that would last longer than `longest` real seconds from now.

        No lease does, unless the clock was set back since it was given.
        """
        end = self._clock.ahead(longest)
        too_long = and_(deliveries.c.state == State.PUBLISHING, deliveries.c.lease_until > end)
        self._sweep(
            too_long,
            lambda connection, delivery: self._change(
                connection, delivery, "clock set back", lease_until=end
            ),
        )

    def _sweep(
        self, condition: ColumnElement[bool], act: Callable[[Connection, Delivery], object]
    ) -> int:
        """Apply `act` to what meets the condition, a batch at a time."""
        wanted = select(deliveries).where(condition).order_by(deliveries.c.id).limit(_BATCH)
        count = 0
        while True:
            with self._database.read() as connection:
                if connection.execute(wanted.limit(1)).first() is None:
                    return count
            with self._database.write() as connection:
                locked = wanted.with_for_update(skip_locked=True)
                rows = connection.execute(locked).mappings().all()
                for row in rows:
                    act(connection, delivery_of(row))
            count += len(rows)
            if len(rows) < _BATCH:
                return count

    def _change(
        self, connection: Connection, delivery: Delivery, event: str, **more: Any
    ) -> Delivery:
        return change(
            connection,
            delivery,
            event,
            role=Role.DISPATCHER,
            actor=ACTOR,
            at=self._clock.now(),
            **more,
        )
