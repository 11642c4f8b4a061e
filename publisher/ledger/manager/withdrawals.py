"""Withdrawals in the ledger: the beginning, each deleted part, and each failure.

A part is deleted only after the beginning of the withdrawal is on record, and a deleted part is no
longer among `remote_ids`: whatever process dies in between, the ledger never says that a deleted
part is out. Once a withdrawal has begun, only another one goes on with the delivery: nothing sends
the rest of a thread after a part that may be deleted. What the platform does not confirm may still
be out: a worker tries again, at growing intervals, until all is deleted or a person says that it
is.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, exists, select

from publisher.base.clock import Clock
from publisher.ledger import ended_edits
from publisher.ledger.corrections import corrections_of
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.dispatcher.due_queries import DueQueries
from publisher.ledger.doubts.uncertainty import repeats_safely
from publisher.ledger.limits import rate_limits
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import Instant, deliveries, history
from publisher.ledger.transitions import ACTOR, By, change
from publisher.model.deliveries import Claim, Delivery
from publisher.model.events import Event
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Refused,
    StillOut,
    Unknown,
)
from publisher.model.states import ENDED_UNSENT, Role, State

WITHDRAWABLE = ENDED_UNSENT | {State.PUBLISHED}
"""The states in which what is out of a delivery can be taken down."""
_FIRST_PAUSE = 60.0  # real seconds until the first retry; later ones wait as long as it has lasted
_LONGEST_PAUSE = 6 * 3600.0

STILL_OUT = DueQueries(
    deliveries.c.withdraw_at <= bindparam("now", type_=Instant),
    order=(deliveries.c.withdraw_at, deliveries.c.id),
    columns=(deliveries.c.id, deliveries.c.version),
)


class Withdrawals(LedgerPart):
    """Records the progress of withdrawals; raises `Conflict` when the delivery has changed."""

    def __init__(self, database: Database, clock: Clock, settle: float = 60.0) -> None:
        """`settle`: real seconds until a request without an answer has no effect any more."""
        super().__init__(database, clock)
        self._settle = settle

    def may_come_back(self, delivery: Delivery) -> bool:
        """Whether a request that was repeated at once may yet make public what is deleted."""
        if not repeats_safely(delivery):
            return False
        settled = self._clock.now() - timedelta(seconds=self._settle * self._clock.speed)
        doubted = exists().where(
            history.c.delivery == delivery.id,
            history.c.target == State.UNCERTAIN,
            history.c.at > settled,
        )
        with self._database.read() as connection:
            return bool(connection.execute(select(doubted)).scalar())

    def current(self, delivery: Delivery) -> Delivery:
        """The delivery as it is now."""
        query = select(deliveries).where(deliveries.c.id == delivery.id)
        with self._database.read() as connection:
            return delivery_of(connection.execute(query).mappings().one())

    def begin(self, delivery: Delivery, actor: str, reason: str) -> Delivery:
        """Record who begins to delete the parts that are out, and why."""
        with self._database.write() as connection:
            return self._begin(connection, delivery, actor, reason)

    def _begin(
        self, connection: Connection, delivery: Delivery, actor: str, reason: str
    ) -> Delivery:
        return change(
            connection, delivery, Event.WITHDRAWING, self._by(actor),
            detail={"reason": reason, "ids": delivery.remote_ids},
            withdrawn_ids=json.dumps(delivery.withdrawn_ids or ()),
            # If this process dies, a worker goes on.
            withdraw_at=self._clock.ahead(_FIRST_PAUSE),
        )  # fmt: skip

    @staticmethod
    def _below(connection: Connection, delivery: Delivery) -> list[Delivery]:
        """Its corrections that are out as posts of their own, and not to be withdrawn yet."""
        return [
            one
            for one in corrections_of(connection, delivery)
            if one.remote_ids
            and one.state in WITHDRAWABLE
            and one.withdrawn_ids is None
            and not one.content.edits
        ]

    def below(self, delivery: Delivery) -> list[Delivery]:
        """Its corrections that are, or may be, out as posts of their own, the newest first."""
        with self._database.read() as connection:
            found = corrections_of(connection, delivery)
        out = [one for one in found if one.remote_ids or one.may_be_out]
        return [one for one in reversed(out) if not one.content.edits]

    def _end_corrections(
        self, connection: Connection, delivery: Delivery, actor: str, reason: str
    ) -> None:
        """Record that the edits of a post are gone with it, and begin to delete its replies.

        Not before: while the wrong post is out, its correction stays.
        """
        ended_edits.end_all(connection, delivery, self._by(actor), reason)
        for reply in self._below(connection, delivery):
            self._begin(connection, reply, actor, reason)

    def claim(self, lease_until: datetime, limit: int) -> list[Claim]:
        """Claim up to `limit` withdrawals that are to be tried again now."""
        values = {"now": self._clock.now()}
        return STILL_OUT.claim(self._database, values, limit, withdraw_at=lease_until)

    def take(self, claim: Claim) -> tuple[Delivery, str] | None:
        """The claimed delivery, and the reason of its withdrawal; None when it has changed."""
        query = select(deliveries).where(
            deliveries.c.id == claim.delivery,
            deliveries.c.version == claim.version,
            deliveries.c.withdraw_at.is_not(None),
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
            if row is None:
                return None
            delivery = delivery_of(row)
            return delivery, json.loads(_begun(connection, delivery)["detail"])["reason"]

    def deleted(self, delivery: Delivery, actor: str, reason: str, receipt: Accepted) -> Delivery:
        """Record that the last part that was out is deleted; with the first part, all are."""
        *left, gone = delivery.remote_ids
        with self._database.write() as connection:
            recorded = change(
                connection,
                delivery,
                Event.PART_WITHDRAWN if left else Event.WITHDRAWN,
                self._by(actor),
                target=delivery.state if left else State.WITHDRAWN,
                detail={"part": len(left) + 1, "id": gone, "reason": reason},
                remote_ids=json.dumps(left),
                withdrawn_ids=json.dumps((gone, *(delivery.withdrawn_ids or ()))),
                withdraw_at=self._clock.ahead(_FIRST_PAUSE) if left else None,
                reason=delivery.reason if left else reason,
                error_kind=None,
                error_message=None,
            )
            if not left:
                self._end_corrections(connection, delivery, actor, reason)
            rate_limits.keep(connection, delivery.account, receipt.limits)
            return recorded

    def failed(
        self,
        delivery: Delivery,
        actor: str,
        outcome: Refused | Deferred | AccountSuspended | Unknown,
        message: str,
    ) -> Delivery:
        """Record a failure; the log shows it until the rest is deleted.

        It is tried again after a minute, and later each time, up to six hours (real time).
        """
        kind = Kind.UNKNOWN_OUTCOME if isinstance(outcome, Unknown) else outcome.kind
        detail: dict[str, Any] = {"kind": kind, "message": message}
        if isinstance(outcome, StillOut):
            detail["still_out"] = True  # news of its own: see `outbox.py`
        with self._database.write() as connection:
            event = Event.NOT_WITHDRAWN_YET if actor == ACTOR else Event.NOT_WITHDRAWN
            recorded = change(
                connection, delivery, event, self._by(actor),
                detail=detail, error_kind=kind, error_message=message,
                withdraw_at=self._next_try(connection, delivery, outcome),
            )  # fmt: skip
            rate_limits.keep(connection, delivery.account, outcome.limits)
            return recorded

    def found_gone(self, delivery: Delivery, actor: str, reason: str) -> Delivery:
        """Record a person's word that no part of it is out any more."""
        ids = delivery.remote_ids
        with self._database.write() as connection:
            gone = change(
                connection, delivery, Event.FOUND_GONE, self._by(actor), target=State.WITHDRAWN,
                detail={"ids": ids, "reason": reason}, remote_ids="[]",
                withdrawn_ids=json.dumps((*ids, *(delivery.withdrawn_ids or ()))),
                withdraw_at=None, reason=reason, error_kind=None, error_message=None,
            )  # fmt: skip
            self._end_corrections(connection, gone, actor, reason)
            return gone

    def _by(self, actor: str) -> By:
        role = Role.WORKER if actor == ACTOR else Role.MANAGER
        return By(role, actor, self._clock.now())

    def _next_try(
        self,
        connection: Connection,
        delivery: Delivery,
        outcome: Refused | Deferred | AccountSuspended | Unknown,
    ) -> datetime:
        lasted: timedelta = self._clock.now() - _begun(connection, delivery)["at"]
        pause = max(_FIRST_PAUSE, lasted.total_seconds() / self._clock.speed)
        next_try = self._clock.ahead(min(pause, _LONGEST_PAUSE))
        rests_until = outcome.until if isinstance(outcome, AccountSuspended) else None
        return max(next_try, rests_until or next_try)


def _begun(connection: Connection, delivery: Delivery) -> RowMapping:
    """The step with which its withdrawal last began."""
    query = select(history.c.at, history.c.detail).where(
        history.c.delivery == delivery.id, history.c.event == Event.WITHDRAWING
    )
    newest = query.order_by(history.c.seq.desc()).limit(1)
    return connection.execute(newest).mappings().one()
