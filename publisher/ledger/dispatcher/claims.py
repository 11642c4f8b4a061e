"""Claims of due deliveries, expiry of late ones, and leases that ran out.

Every method is one transaction, or a few small ones.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, exists, func, or_, select, update

from publisher.base.clock import Clock
from publisher.base.i18n import _, joined
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.dispatcher.due_queries import DueQueries
from publisher.ledger.doubts.uncertainty import doubt
from publisher.ledger.limits.suspensions import EVER, paused_or_suspended, waits_its_turn
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import Instant, deliveries, written
from publisher.ledger.transitions import ACTOR, By, Conflict, change, claim_all, claimed_all
from publisher.model.deliveries import Claim, Delivery
from publisher.model.events import Event
from publisher.model.outcomes import Kind
from publisher.model.states import Role, State
from publisher.model.timing import by_turns

_BATCH = 200  # rows changed in one transaction, so that others do not wait long
_AT_ONCE = 100
"""Claimed deliveries of one account at a time: a thousand of one account must not occupy all
workers while one of another account waits. X takes as many from an account in 15 minutes.
"""

WITH_EXPIRY = (State.SCHEDULED, State.AWAITING_APPROVAL, State.HELD, State.REJECTED)
"""The states in which a delivery can expire, in the order of `ix_deliveries_expiry`."""
_NOW = bindparam("now", type_=Instant)
_HORIZON = bindparam("horizon", type_=Instant)
_INSTANT = bindparam("instant", type_=Instant)
DUE = DueQueries(
    deliveries.c.state == written(State.SCHEDULED),
    deliveries.c.next_check_at <= _HORIZON,
    or_(deliveries.c.expires_at.is_(None), deliveries.c.expires_at > _NOW),
    ~exists().where(paused_or_suspended(deliveries.c.account, _NOW)),
    ~waits_its_turn(_HORIZON),
    deliveries.c.account.not_in(bindparam("busy", expanding=True)),
    order=(deliveries.c.next_check_at, deliveries.c.id),
    columns=(deliveries.c.id, deliveries.c.version, deliveries.c.head, deliveries.c.account),
)
_IN_HAND = (
    select(deliveries.c.account, func.count().label("number"))
    .where(
        deliveries.c.state == written(State.PUBLISHING),
        deliveries.c.lease_until > EVER,  # so that the index of leases is used
    )
    .group_by(deliveries.c.account)
)
LATE = DueQueries(
    deliveries.c.state.in_([written(state) for state in WITH_EXPIRY]),
    deliveries.c.expires_at <= _NOW,
    order=(deliveries.c.expires_at, deliveries.c.id),
)
RUN_OUT = DueQueries(
    deliveries.c.state == written(State.PUBLISHING),
    deliveries.c.lease_until <= _NOW,
    order=(deliveries.c.lease_until, deliveries.c.id),
)
_LEASED_BEYOND = DueQueries(
    deliveries.c.state == written(State.PUBLISHING),
    deliveries.c.lease_until > _INSTANT,
    order=(deliveries.c.lease_until, deliveries.c.id),
)


class Dispatch(LedgerPart):
    """Claims due deliveries, expires late ones and ends leases."""

    def __init__(self, database: Database, clock: Clock, settle: float) -> None:
        """`settle`: real seconds until an absence counts, for what a worker left behind."""
        super().__init__(database, clock)
        self._settle = settle

    def claim(
        self,
        horizon: datetime,
        lease_until: datetime,
        limit: int,
        besides: Collection[str] = (),
    ) -> list[Claim]:
        """Claim up to `limit` deliveries that wake before `horizon`, earliest first.

        Of one account, no more than workers may have at a time; of those in `besides`, none.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            return claim_all(
                connection,
                _fair(connection, {"now": now, "horizon": horizon}, limit, besides),
                Event.CLAIMED,
                at=now,
                source=State.SCHEDULED,
                target=State.PUBLISHING,
                lease_until=lease_until,
                intent_at=None,
            )

    def release(self, claims: Sequence[Claim]) -> None:
        """Release claims that could not be handed to a worker."""
        with self._database.write() as connection:
            for delivery in claimed_all(connection, claims):
                if delivery is None or delivery.intent_at is not None:
                    continue
                with suppress(Conflict):  # another process was faster
                    self._change(
                        connection,
                        delivery,
                        Event.RELEASED,
                        target=State.SCHEDULED,
                        lease_until=None,
                    )

    def expire(self, now: datetime | None = None) -> int:
        """Mark deliveries past their expiry as missed; returns how many.

        `now`: the instant to use, for a caller that knows that the clock was right then.
        """
        message = _("It was not out when it expired.")
        return self._sweep(
            LATE,
            lambda connection, delivery: self._change(
                connection,
                delivery,
                Event.MISSED,
                target=State.MISSED,
                detail={"last_error": delivery.error_message, "reason": delivery.reason},
                error_kind=Kind.EXPIRED,
                error_message=joined(message, delivery.error_message or ""),
            ),
            now,
        )

    def reap(self) -> int:
        """End leases that ran out: due again if the worker never began to send, else uncertain."""

        def end(connection: Connection, delivery: Delivery) -> None:
            if delivery.intent_at is None:
                self._change(
                    connection,
                    delivery,
                    Event.LEASE_RAN_OUT,
                    target=State.SCHEDULED,
                    lease_until=None,
                )
            else:
                message = _("The worker ended while it was sending; the post may be out or not.")
                self._change(
                    connection,
                    delivery,
                    Event.LEASE_RAN_OUT,
                    target=State.UNCERTAIN,
                    **doubt(delivery, self._clock, self._settle),
                    attempts=delivery.attempts + 1,
                    error_kind=Kind.UNKNOWN_OUTCOME,
                    error_message=message,
                )

        return self._sweep(RUN_OUT, end)

    def shorten_leases(self, longest: float) -> None:
        """Cut leases that would last longer than `longest` real seconds from now.

        A lease does so only if the clock was set back since it was given. The version stays as it
        is: the worker keeps the delivery, and has an answer to write.
        """
        end = self._clock.ahead(longest)
        with self._database.read() as connection:
            if not _LEASED_BEYOND.any(connection, {"instant": end}):
                return
        with self._database.write() as connection:
            connection.execute(
                update(deliveries)
                .where(deliveries.c.state == State.PUBLISHING, deliveries.c.lease_until > end)
                .values(lease_until=end)
            )

    def _sweep(
        self,
        waiting: DueQueries,
        act: Callable[[Connection, Delivery], object],
        now: datetime | None = None,
    ) -> int:
        """Apply `act` to all that waits now, a batch at a time."""
        values = {"now": now or self._clock.now()}
        count = 0
        while True:
            with self._database.write() as connection:
                rows = waiting.lock(connection, values, _BATCH)
                for row in rows:
                    act(connection, delivery_of(row))
            count += len(rows)
            if len(rows) < _BATCH:
                return count

    def _change(
        self, connection: Connection, delivery: Delivery, event: Event, **more: Any
    ) -> Delivery:
        by = By(Role.DISPATCHER, ACTOR, self._clock.now())
        return change(connection, delivery, event, by, **more)


def _fair(
    connection: Connection,
    values: Mapping[str, datetime],
    limit: int,
    besides: Collection[str],
) -> list[RowMapping]:
    """Due deliveries, round robin over the accounts, up to the limit of each.

    Workers begin with the first, and may have fewer threads than there are posts. The first due
    deliveries may all be of one account: then the ones behind them are looked for.
    """
    in_hand = Counter[str]({row.account: row.number for row in connection.execute(_IN_HAND)})
    chosen: dict[str, list[RowMapping]] = defaultdict(list)
    ids = set[int]()
    while True:
        busy = [account for account, number in in_hand.items() if number >= _AT_ONCE]
        busy += besides
        found = DUE.lock(connection, {**values, "busy": busy}, limit)
        more = [row for row in found if row["id"] not in ids]
        for row in more[: limit - len(ids)]:
            if in_hand[row["account"]] < _AT_ONCE:
                in_hand[row["account"]] += 1
                chosen[row["account"]].append(row)
                ids.add(row["id"])
        if not more or len(found) < limit or len(ids) == limit:
            return list(by_turns(chosen.values()))
