"""The machines' side of the ledger: claiming what is due, and writing what came of it.

Every method is one transaction. A worker holds a delivery by its version: once anybody else
changed it, whatever the worker still wants to write raises `Moved`, and it lets go.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, update

from publisher import retry
from publisher.clock import Clock
from publisher.ledger.database import Database
from publisher.ledger.moves import Moved, change, delivery_of, note, step
from publisher.ledger.tables import EVERYTHING, accounts, deliveries, media
from publisher.models import Claim, Delivery, Prepared
from publisher.outcome import Accepted, AccountHeld, Deferred, Kind, Outcome, Refused, Unknown
from publisher.states import WAITING, Role, State

ACTOR = "publisher"
"""Who made a step that no person made."""

_BATCH = 200  # rows changed in one transaction, so that nobody waits long for the next


class Dispatch:
    """Claims, leases, intents and outcomes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    # The dispatcher's part.

    def claim(self, horizon: datetime, lease_until: datetime, limit: int) -> list[Claim]:
        """Take up to `limit` deliveries that wake before `horizon`, earliest first."""
        now = self._clock.now()
        due = (
            select(deliveries.c.id)
            .where(deliveries.c.state == State.SCHEDULED, deliveries.c.wake_at <= horizon)
            .where(~exists().where(self._resting(deliveries.c.account, now)))
            .order_by(deliveries.c.wake_at, deliveries.c.id)
        )
        with self._database.read() as connection:  # mostly nothing is due: take no lock for that
            if connection.execute(due.limit(1)).first() is None:
                return []
        with self._database.write() as connection:
            chosen = due.limit(limit).with_for_update(skip_locked=True)
            rows = connection.execute(
                update(deliveries)
                .where(deliveries.c.id.in_(chosen), deliveries.c.state == State.SCHEDULED)
                .values(
                    state=State.PUBLISHING,
                    version=deliveries.c.version + 1,
                    lease_until=lease_until,
                    intent_at=None,
                )
                .returning(deliveries.c.id, deliveries.c.version, deliveries.c.wake_at)
            ).all()
            note(
                connection,
                [
                    step(row.id, "claimed", now, ACTOR, State.SCHEDULED, State.PUBLISHING)
                    for row in rows
                ],
            )
        ordered = sorted(rows, key=lambda row: (row.wake_at, row.id))
        return [Claim(delivery=row.id, version=row.version) for row in ordered]

    def release(self, claims: Sequence[Claim]) -> None:
        """Give back what could not be handed to a worker."""
        with self._database.write() as connection:
            for claim in claims:
                delivery = self._held(connection, claim)
                if delivery is not None and delivery.intent_at is None:
                    self._change(
                        connection,
                        delivery,
                        "released",
                        Role.DISPATCHER,
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
                Role.DISPATCHER,
                target=State.MISSED,
                detail={"last_error": delivery.error_message, "reason": delivery.reason},
                error_kind=Kind.EXPIRED,
                error_message=" ".join(filter(None, (message, delivery.error_message))),
            ),
        )

    def reap(self, repeatable: Collection[str]) -> int:
        """Leases that ran out: due again if the worker never began to send, else uncertain.

        `repeatable` names the channels where sending again does no harm.
        """
        ran_out = and_(
            deliveries.c.state == State.PUBLISHING,
            deliveries.c.lease_until <= self._clock.now(),
        )

        def end(connection: Connection, delivery: Delivery) -> None:
            if delivery.intent_at is None or delivery.channel in repeatable:
                self._change(
                    connection,
                    delivery,
                    "lease ran out",
                    Role.DISPATCHER,
                    target=State.SCHEDULED,
                    lease_until=None,
                    intent_at=None,
                )
            else:
                message = "The worker ended while it was sending; the post may be out or not."
                self._change(
                    connection,
                    delivery,
                    "lease ran out",
                    Role.DISPATCHER,
                    target=State.UNCERTAIN,
                    lease_until=None,
                    attempts=delivery.attempts + 1,
                    error_kind=Kind.UNKNOWN_OUTCOME,
                    error_message=message,
                )

        return self._sweep(ran_out, end)

    def _sweep(self, condition: ColumnElement[bool], act: Any) -> int:
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

    # The worker's part.

    def take(self, claim: Claim) -> Delivery | None:
        """The claimed delivery; None when the claim is worth nothing any more."""
        with self._database.read() as connection:
            return self._held(connection, claim)

    def read_media(self, digest: str) -> bytes:
        """The bytes of a picture."""
        with self._database.read() as connection:
            query = select(media.c.data).where(media.c.digest == digest)
            return bytes(connection.execute(query).scalar_one())

    def checkpoint(
        self, delivery: Delivery, prepared: Prepared, lease_until: datetime
    ) -> Delivery:
        """Write down what lies ready at the platform, and stay in charge until `lease_until`."""
        with self._database.write() as connection:
            return self._change(
                connection,
                delivery,
                "prepared",
                Role.WORKER,
                prepared=prepared.model_dump_json(),
                lease_until=lease_until,
            )

    def intend(
        self, delivery: Delivery, send_at: datetime, lease_until: datetime
    ) -> Delivery | None:
        """Write that the next part is about to be sent at `send_at`.

        None when it must not go out now: the account is paused or held (it is due again when
        that ends), or it would be past its expiry (it is missed).
        """
        now = self._clock.now()
        with self._database.write() as connection:
            # The lock on the account's rows makes `pause` wait for this transaction, so that a
            # pause sees every intent that was written before it.
            rows = select(accounts).where(self._resting(delivery.account, now))
            if connection.execute(rows.with_for_update(read=True)).first() is not None:
                self._change(
                    connection,
                    delivery,
                    "stopped",
                    Role.WORKER,
                    target=State.SCHEDULED,
                    lease_until=None,
                )
                return None
            if delivery.expires_at is not None and max(now, send_at) > delivery.expires_at:
                self._change(
                    connection,
                    delivery,
                    "missed",
                    Role.WORKER,
                    target=State.MISSED,
                    lease_until=None,
                    error_kind=Kind.EXPIRED,
                    error_message="It was not out by its expiry.",
                )
                return None
            return self._change(
                connection,
                delivery,
                "sending",
                Role.WORKER,
                detail={"part": len(delivery.remote_ids) + 1},
                intent_at=send_at,
                lease_until=lease_until,
            )

    def record(self, delivery: Delivery, outcome: Outcome, lease_until: datetime) -> Delivery:
        """Write what came of a request; a thread with parts left stays in the worker's hands."""
        with self._database.write() as connection:
            match outcome:
                case Accepted():
                    return self._accepted(connection, delivery, outcome, lease_until)
                case Refused():
                    return self._ended(connection, delivery, State.FAILED, outcome)
                case Deferred():
                    wait = retry.delay(delivery.attempts + 1)
                    return self._ended(
                        connection, delivery, State.SCHEDULED, outcome,
                        wake_at=self._clock.ahead(wait),
                    )  # fmt: skip
                case AccountHeld():
                    self._hold(connection, delivery.account, outcome)
                    return self._ended(
                        connection, delivery, State.SCHEDULED, outcome, attempts=delivery.attempts
                    )
                case Unknown():
                    return self._ended(connection, delivery, State.UNCERTAIN, outcome)

    def _accepted(
        self, connection: Connection, delivery: Delivery, receipt: Accepted, lease_until: datetime
    ) -> Delivery:
        remote_ids = (*delivery.remote_ids, receipt.remote_id)
        first, last = not delivery.remote_ids, len(remote_ids) == self._parts(delivery)
        return self._change(
            connection,
            delivery,
            "published" if last else "part published",
            Role.WORKER,
            target=State.PUBLISHED if last else State.PUBLISHING,
            detail={"part": len(remote_ids), "id": receipt.remote_id},
            remote_ids=json.dumps(remote_ids),
            published_at=self._clock.now() if first else delivery.published_at,
            url=receipt.url if first else delivery.url,
            attempts=delivery.attempts + first,
            intent_at=None,
            lease_until=None if last else lease_until,
            error_kind=None,
            error_message=None,
        )

    def _ended(
        self,
        connection: Connection,
        delivery: Delivery,
        target: State,
        outcome: Refused | Deferred | AccountHeld | Unknown,
        **columns: Any,
    ) -> Delivery:
        unknown = isinstance(outcome, Unknown)
        kind = Kind.UNKNOWN_OUTCOME if isinstance(outcome, Unknown) else outcome.kind
        values = {
            "attempts": delivery.attempts + 1,
            "lease_until": None,
            # An unknown outcome keeps its intent: the platform is read from there on.
            "intent_at": delivery.intent_at if unknown else None,
            "error_kind": kind,
            "error_message": outcome.message,
        }
        return self._change(
            connection,
            delivery,
            {State.FAILED: "refused", State.UNCERTAIN: "unknown outcome"}.get(target, "deferred"),
            Role.WORKER,
            target=target,
            detail={"kind": kind, "message": outcome.message},
            **{**values, **columns},
        )

    def _hold(self, connection: Connection, account: str, outcome: AccountHeld) -> None:
        now = self._clock.now()
        self._database.insert_missing(connection, accounts, [{"account": account}])
        connection.execute(
            update(accounts)
            .where(accounts.c.account == account)
            .values(
                held_at=now,
                held_until=outcome.until,
                held_kind=outcome.kind,
                held_message=outcome.message,
            )
        )
        detail = {"kind": outcome.kind, "message": outcome.message, "until": outcome.until}
        note(
            connection,
            [step(None, "account held", now, ACTOR, None, None, detail, account=account)],
        )

    # Shared.

    def _change(
        self, connection: Connection, delivery: Delivery, event: str, role: Role, **more: Any
    ) -> Delivery:
        return change(
            connection, delivery, event, role=role, actor=ACTOR, at=self._clock.now(), **more
        )

    @staticmethod
    def _held(connection: Connection, claim: Claim) -> Delivery | None:
        query = select(deliveries).where(
            deliveries.c.id == claim.delivery,
            deliveries.c.version == claim.version,
            deliveries.c.state == State.PUBLISHING,
        )
        row = connection.execute(query).mappings().one_or_none()
        return None if row is None else delivery_of(row)

    @staticmethod
    def _parts(delivery: Delivery) -> int:
        return len(delivery.content.parts)

    @staticmethod
    def _resting(account: ColumnElement[str] | str, now: datetime) -> ColumnElement[bool]:
        """Rows of `accounts` that keep this account from sending."""
        return and_(
            or_(accounts.c.account == account, accounts.c.account == EVERYTHING),
            or_(
                accounts.c.paused_at.is_not(None),
                and_(
                    accounts.c.held_at.is_not(None),
                    or_(accounts.c.held_until.is_(None), accounts.c.held_until > now),
                ),
            ),
        )


__all__ = ["ACTOR", "Dispatch", "Moved"]
