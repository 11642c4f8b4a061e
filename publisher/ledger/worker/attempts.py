"""Attempts: what a worker reads and records for the deliveries that it has claimed.

A worker's claim is valid for one version of a delivery: after any other change, every write of the
worker raises `Conflict`, and it stops. Every method is one transaction; threads that call at the
same moment share one for their reads, and one for their intents and results.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from publisher.base.clock import Clock
from publisher.base.errors import LedgerBusy
from publisher.base.i18n import _
from publisher.ledger import published_early, rate_limits, remote_ids
from publisher.ledger.database import Database
from publisher.ledger.group_commit import Together
from publisher.ledger.manager.approvals import RuleOf, no_rule
from publisher.ledger.orphans import without_others
from publisher.ledger.pending_stops import as_it_stands, in_words
from publisher.ledger.reconciliation import known_out
from publisher.ledger.refusals import (
    SharesWith,
    may_be_the_accounts,
    suspends,
    went_out,
    with_itself,
)
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import deliveries, media
from publisher.ledger.transitions import (
    Conflict,
    RemoteIdTaken,
    StateChange,
    change_all,
    claimed_all,
    take_free,
)
from publisher.ledger.worker.intents import BreachOf, Intent, Intents, by_worker, no_breach
from publisher.ledger.worker.results import Result, Results
from publisher.model.deliveries import Claim, Delivery, Prepared
from publisher.model.events import Event
from publisher.model.outcomes import Accepted, Outcome
from publisher.model.states import State


class Attempts:
    """Reads claimed deliveries, and records their intents and results."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settle: float,
        rule_of: RuleOf = no_rule,
        breach_of: BreachOf = no_breach,
        shares_with: SharesWith = with_itself,
        thread_pause: float = 0.0,
    ) -> None:
        """`settle`: real seconds until an absence from the platform counts.

        `shares_with` returns the accounts that share an app's limits with one, including itself.
        `thread_pause`: real seconds between a part of a thread and the next.
        """
        self._database = database
        self._clock = clock
        self._intents = Intents(clock, rule_of, breach_of)
        self._results = Results(clock, settle, shares_with, thread_pause)
        self._taking = Together(clock, database.read, claimed_all)
        self._together = Together(clock, database.write, self._write_all)

    def take(self, claim: Claim) -> Delivery | None:
        """The claimed delivery; None when the claim is no longer valid."""
        return self._taking.do(claim)

    def read_media(self, digest: str) -> bytes:
        """The bytes of a stored picture."""
        with self._database.read() as connection:
            query = select(media.c.data).where(media.c.digest == digest)
            return bytes(connection.execute(query).scalar_one())

    def checkpoint(self, delivery: Delivery, prepared: Prepared, lease_until: datetime) -> Delivery:
        """Record what is prepared at the platform, and extend the lease to `lease_until`.

        Orphans found there that may belong to another delivery are left alone.
        """
        with self._database.write() as connection:
            prepared = without_others(connection, delivery, prepared)
            is_new = prepared.note and prepared.note != delivery.prepared.note
            wish = by_worker(
                self._clock.now(),
                delivery,
                Event.PREPARED,
                detail={"message": prepared.note} if is_new else None,
                prepared=prepared.model_dump_json(),
                lease_until=lease_until,
            )
            (changed,) = change_all(connection, [wish])
            return changed

    def put_down(self, delivery: Delivery, prepared: Prepared, next_check_at: datetime) -> None:
        """Record what is prepared at the platform, and leave the rest for `next_check_at`.

        Until then it is scheduled like any other: it can be edited, cancelled and paused.
        """
        wish = by_worker(
            self._clock.now(),
            delivery,
            Event.AT_THE_PLATFORM if prepared.upload else Event.READY,
            target=State.SCHEDULED,
            prepared=prepared.model_dump_json(),
            next_check_at=next_check_at,
            lease_until=None,
        )
        with self._database.write() as connection:
            change_all(connection, [wish])

    def publishes_early(self, account: str) -> bool:
        """Whether the account's platform ever made a prepared post public before its time."""
        with self._database.read() as connection:
            return published_early.publishes_early(connection, account)

    def record_public(self, delivery: Delivery, prepared: Prepared, receipt: Accepted) -> Delivery:
        """Record that the platform made it public on its own, whatever its state is meanwhile."""
        try:
            return self._record_public(delivery, prepared, receipt)
        except RemoteIdTaken:  # by another transaction at the same moment: now it is visible
            return self._record_public(delivery, prepared, receipt)

    def _record_public(self, delivery: Delivery, prepared: Prepared, receipt: Accepted) -> Delivery:
        with self._database.write() as connection:
            went_out(connection, [delivery], self._clock.now())
            recorded = published_early.record(connection, self._clock, delivery, prepared, receipt)
            rate_limits.keep(connection, delivery.account, receipt.limits)
            return recorded

    def intend(
        self, delivery: Delivery, send_at: datetime, lease_until: datetime
    ) -> Delivery | None:
        """Record the intent to send the next part at `send_at`.

        None when it must not go out now: the account is paused or suspended (it is due again when
        that ends), it is not approved as it is now, its account's mandate does not cover it (it is
        held), or it would be past its expiry (it is missed). Raises LedgerBusy while a person is
        pausing the account, or the delivery is being changed.
        """
        written = self._together.do(Intent(delivery, send_at, lease_until))
        return written if written.state is State.PUBLISHING else None

    def record(
        self,
        delivery: Delivery,
        outcome: Outcome,
        lease_until: datetime,
        answered_at: datetime | None = None,
    ) -> Delivery:
        """Record the outcome of a request; the worker keeps a thread with parts left.

        `answered_at`: when its answer arrived; None: just now. A stop that was recorded while the
        request was under way applies to all that is not out. Raises LedgerBusy while the delivery
        is being changed.
        """
        result = Result(delivery, outcome, lease_until, answered_at or self._clock.now())
        try:
            if suspends(outcome) or may_be_the_accounts(outcome):
                # It may have to wait for the account's row, and no other must wait with it.
                return self._record_alone(result)
            return self._together.do(result)
        except Conflict:
            # Rare, so it is checked only now: a stop was recorded, or another delivery has this id.
            with self._database.write() as connection:
                return self._record_as_it_stands(connection, result)

    def record_late(self, delivery: Delivery, receipt: Accepted) -> Delivery:
        """Record a late acceptance, after the outcome was recorded as unknown.

        Raises `Conflict` when the delivery has changed further: then this worker no longer decides.
        """
        with self._database.write() as connection:
            query = select(deliveries).where(deliveries.c.id == delivery.id).with_for_update()
            current = delivery_of(connection.execute(query).mappings().one())
            doubted = current.state is State.UNCERTAIN
            if not doubted or current.remote_ids != delivery.remote_ids:
                raise Conflict
            target, columns = known_out(current, receipt)
            wish = by_worker(
                self._clock.now(),
                current,
                Event.ANSWERED_LATE,
                target=target,
                detail={"id": receipt.remote_id, **in_words(current, len(current.remote_ids) + 1)},
                **columns,
                next_check_at=self._clock.now(),
            )
            went_out(connection, [current], self._clock.now(), delivery.intent_at)
            (recorded,) = change_all(connection, [wish])
            rate_limits.keep(connection, delivery.account, receipt.limits)
            return recorded

    def _write_all(
        self, connection: Connection, wishes: Sequence[Intent | Result]
    ) -> list[Delivery | LedgerBusy]:
        """Write the intents and results of many threads, without waiting for row locks."""
        free = take_free(connection, {wish.delivery.id for wish in wishes})
        at_hand = [wish for wish in wishes if wish.delivery.id in free]
        results = [wish for wish in at_hand if isinstance(wish, Result)]
        intents = [wish for wish in at_hand if isinstance(wish, Intent)]
        of_results = iter(self._results.changes(connection, results))
        of_intents = iter(self._intents.changes(connection, intents))
        found: list[StateChange | LedgerBusy] = [
            next(of_intents if isinstance(wish, Intent) else of_results)
            if wish.delivery.id in free
            else LedgerBusy(_("Somebody is just changing {post}.", post=wish.delivery.post))
            for wish in wishes
        ]
        changed = iter(
            change_all(connection, [one for one in found if isinstance(one, StateChange)])
        )
        self._results.keep_limits(connection, results)
        return [next(changed) if isinstance(one, StateChange) else one for one in found]

    def _record_alone(self, result: Result) -> Delivery:
        with self._database.write() as connection:
            return self._record(connection, result)

    def _record(self, connection: Connection, result: Result) -> Delivery:
        (recorded,) = change_all(connection, self._results.changes(connection, [result]))
        self._results.keep_limits(connection, [result])
        return recorded

    def _record_as_it_stands(self, connection: Connection, result: Result) -> Delivery:
        delivery, outcome = as_it_stands(connection, result.delivery), result.outcome
        other = None
        if isinstance(outcome, Accepted):
            other = remote_ids.holder(
                connection, delivery.account, outcome.remote_id, besides=delivery.id
            )
        known = result._replace(delivery=delivery, other=other)
        return self._record(connection, known)
