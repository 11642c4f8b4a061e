"""A withdrawal in the ledger: its beginning, each part that is down, and what stood in its way.

A part is deleted only after it is on record that somebody began to, and a part that is deleted is
no longer among `remote_ids`: whatever dies in between, the ledger never calls out what is not.
Once a withdrawal has begun, only another one goes on with the delivery: nothing sends the rest of a
thread after a part that may be deleted.
"""

import json

from sqlalchemy import select

from publisher.clock import Clock
from publisher.ledger import limits
from publisher.ledger.database import Database
from publisher.ledger.moves import change
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import deliveries
from publisher.models import Delivery
from publisher.outcome import Accepted, AccountHeld, Deferred, Kind, Refused, Unknown
from publisher.states import ENDED_UNSENT, Role, State

WITHDRAWABLE = ENDED_UNSENT | {State.PUBLISHED}
"""The states in which what is out of a delivery can be taken down."""


class Withdrawals:
    """Writes how far a withdrawal came; `Moved` when somebody else changed the delivery."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def current(self, delivery: Delivery) -> Delivery:
        """The delivery as it is now."""
        query = select(deliveries).where(deliveries.c.id == delivery.id)
        with self._database.read() as connection:
            return delivery_of(connection.execute(query).mappings().one())

    def begin(self, delivery: Delivery, actor: str, reason: str) -> Delivery:
        """Note who is about to delete the parts that are out, and why."""
        with self._database.write() as connection:
            return change(
                connection, delivery, "withdrawing", role=Role.MANAGER, actor=actor,
                at=self._clock.now(), detail={"reason": reason, "ids": delivery.remote_ids},
                withdrawn_ids=json.dumps(delivery.withdrawn_ids or ()),
            )  # fmt: skip

    def deleted(self, delivery: Delivery, actor: str, reason: str, receipt: Accepted) -> Delivery:
        """Note that the last part that was out is deleted; with the first one, all of it is."""
        *left, gone = delivery.remote_ids
        with self._database.write() as connection:
            recorded = change(
                connection,
                delivery,
                "part withdrawn" if left else "withdrawn",
                role=Role.MANAGER,
                actor=actor,
                at=self._clock.now(),
                target=delivery.state if left else State.WITHDRAWN,
                detail={"part": len(left) + 1, "id": gone, "reason": reason},
                remote_ids=json.dumps(left),
                withdrawn_ids=json.dumps((gone, *(delivery.withdrawn_ids or ()))),
                reason=delivery.reason if left else reason,
                error_kind=None,
                error_message=None,
            )
            limits.keep(connection, delivery.account, receipt.limits)
            return recorded

    def failed(
        self,
        delivery: Delivery,
        actor: str,
        outcome: Refused | Deferred | AccountHeld | Unknown,
        message: str,
    ) -> Delivery:
        """Note what stood in the way; the log shows it until somebody withdraws the rest."""
        kind = Kind.UNKNOWN_OUTCOME if isinstance(outcome, Unknown) else outcome.kind
        with self._database.write() as connection:
            recorded = change(
                connection, delivery, "not withdrawn", role=Role.MANAGER, actor=actor,
                at=self._clock.now(), detail={"kind": kind, "message": message},
                error_kind=kind, error_message=message,
            )  # fmt: skip
            limits.keep(connection, delivery.account, outcome.limits)
            return recorded
