"""The worker's side of the ledger: what it has in hand, and what came of it.

A worker holds a delivery by its version: once anybody else changed it, whatever the worker still
wants to write raises `Moved`, and it lets go. Every method is done in one transaction; what many
threads want at one moment, they take, intend and record together.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from publisher import retry
from publisher.clock import Clock
from publisher.language import _
from publisher.ledger import ids, limits
from publisher.ledger.approvals import RuleOf, no_rule
from publisher.ledger.database import Database
from publisher.ledger.doubts import doubt, known_out
from publisher.ledger.intents import BreachOf, Intents, by_worker, no_breach
from publisher.ledger.leftovers import without_others
from publisher.ledger.moves import (
    Change,
    Moved,
    change_all,
    claimed_all,
)
from publisher.ledger.rests import SharesWith, ends_in_rest, let_rest, with_itself
from publisher.ledger.rows import delivery_of
from publisher.ledger.stops import as_it_stands, in_words, obeyed
from publisher.ledger.tables import deliveries, media
from publisher.ledger.together import Together
from publisher.models import Claim, Delivery, Prepared
from publisher.outcome import (
    Accepted,
    AccountHeld,
    Deferred,
    Kind,
    Limit,
    Outcome,
    Refused,
    Unknown,
)
from publisher.states import State


class _Result(NamedTuple):
    """What came of a request."""

    delivery: Delivery
    outcome: Outcome
    lease_until: datetime
    answered_at: datetime
    other: ids.Place | None = None
    """Another delivery that has the id which the platform named for this one."""


class Attempts:
    """What a worker does with a delivery that it claimed."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settle: float,
        rule_of: RuleOf = no_rule,
        breach_of: BreachOf = no_breach,
        shares_with: SharesWith = with_itself,
    ) -> None:
        """`settle`: real seconds until an absence from the platform counts.

        `shares_with` names the accounts that share an app's limits with one, itself among them.
        """
        self._database = database
        self._clock = clock
        self._settle = settle
        self._shares_with = shares_with
        self._taking = Together(clock, database.read, claimed_all)
        self._intents = Intents(database, clock, rule_of, breach_of)
        self._recording = Together(clock, database.write, self._record_all)

    def take(self, claim: Claim) -> Delivery | None:
        """The claimed delivery; None when the claim is worth nothing any more."""
        return self._taking.do(claim)

    def read_media(self, digest: str) -> bytes:
        """The bytes of a picture."""
        with self._database.read() as connection:
            query = select(media.c.data).where(media.c.digest == digest)
            return bytes(connection.execute(query).scalar_one())

    def checkpoint(self, delivery: Delivery, prepared: Prepared, lease_until: datetime) -> Delivery:
        """Write down what lies ready at the platform, and stay in charge until `lease_until`.

        Of leftovers that were found there, those are left alone that may be another delivery's.
        """
        with self._database.write() as connection:
            prepared = without_others(connection, delivery, prepared)
            is_new = prepared.note and prepared.note != delivery.prepared.note
            wish = by_worker(
                self._clock.now(),
                delivery,
                "prepared",
                detail={"message": prepared.note} if is_new else None,
                prepared=prepared.model_dump_json(),
                lease_until=lease_until,
            )
            (changed,) = change_all(connection, [wish])
            return changed

    def put_down(self, delivery: Delivery, prepared: Prepared, wake_at: datetime) -> None:
        """Write down what lies ready at the platform, and leave the rest for `wake_at`.

        Until then it is on the schedule like any other: to be edited, cancelled and paused.
        """
        wish = by_worker(
            self._clock.now(),
            delivery,
            "at the platform" if prepared.upload else "ready",
            target=State.SCHEDULED,
            prepared=prepared.model_dump_json(),
            wake_at=wake_at,
            lease_until=None,
        )
        with self._database.write() as connection:
            change_all(connection, [wish])

    def intend(
        self, delivery: Delivery, send_at: datetime, lease_until: datetime
    ) -> Delivery | None:
        """Write that the next part is about to be sent at `send_at`.

        None when it must not go out now: the account is paused or held (it is due again when
        that ends), nobody approved it as it stands, its account's mandate does not cover it (it is
        held), or it would be past its expiry (it is missed). LedgerBusy, or LedgerUnavailable
        for everything, while somebody is just pausing it.
        """
        return self._intents.write(delivery, send_at, lease_until)

    def record(
        self,
        delivery: Delivery,
        outcome: Outcome,
        lease_until: datetime,
        answered_at: datetime | None = None,
    ) -> Delivery:
        """Write what came of a request; a thread with parts left stays in the worker's hands.

        `answered_at`: when its answer was there; None: just now. A stop that was noted while the
        request was under way holds for all that is not out.
        """
        result = _Result(delivery, outcome, lease_until, answered_at or self._clock.now())
        try:
            if ends_in_rest(outcome):
                # It may have to wait for the account, and nobody else shall wait with it.
                return self._record_alone(result)
            return self._recording.do(result)
        except Moved:
            # Seldom, so it is looked at only now: a stop was noted, or another one has this id.
            with self._database.write() as connection:
                return self._record_as_it_stands(connection, result)

    def _record_alone(self, result: _Result) -> Delivery:
        with self._database.write() as connection:
            (recorded,) = self._record_all(connection, [result])
            return recorded

    def record_late(self, delivery: Delivery, receipt: Accepted) -> Delivery:
        """Write what the platform accepted, though others took the outcome for unknown meanwhile.

        `Moved` when the delivery went on from there: then it is not for this worker to say.
        """
        with self._database.write() as connection:
            query = select(deliveries).where(deliveries.c.id == delivery.id).with_for_update()
            current = delivery_of(connection.execute(query).mappings().one())
            doubted = current.state is State.UNCERTAIN
            if not doubted or current.remote_ids != delivery.remote_ids:
                raise Moved
            target, columns = known_out(current, receipt)
            wish = by_worker(
                self._clock.now(),
                current,
                "answered late",
                target=target,
                detail={"id": receipt.remote_id, **in_words(current, len(current.remote_ids) + 1)},
                **columns,
                wake_at=self._clock.now(),
            )
            (recorded,) = change_all(connection, [wish])
            limits.keep(connection, delivery.account, receipt.limits)
            return recorded

    def _record_all(self, connection: Connection, results: Sequence[_Result]) -> list[Delivery]:
        changes = [self._recorded(result) for result in results]
        answers = [(result.delivery.account, result.outcome) for result in results]
        let_rest(connection, answers, self._shares_with, self._clock.now())
        told: dict[str, list[Limit]] = {}
        for account, outcome in answers:
            told.setdefault(account, []).extend(outcome.limits)
        changed = change_all(connection, changes)
        limits.keep_all(connection, told)
        return changed

    def _record_as_it_stands(self, connection: Connection, result: _Result) -> Delivery:
        delivery, outcome = as_it_stands(connection, result.delivery), result.outcome
        other = None
        if isinstance(outcome, Accepted):
            other = ids.holder(connection, delivery.account, outcome.remote_id, besides=delivery.id)
        known = result._replace(delivery=delivery, other=other)
        (recorded,) = self._record_all(connection, [known])
        return recorded

    def _recorded(self, result: _Result) -> Change:
        delivery = result.delivery
        match result.outcome:
            case Accepted() as receipt if result.other:
                return self._in_anothers_place(delivery, receipt, result.other.post)
            case Accepted() as receipt:
                return self._accepted(result, receipt)
            case Refused() as outcome:
                return self._ended(delivery, State.FAILED, outcome)
            case Deferred() as outcome:
                wait = retry.delay(delivery.attempts + 1)
                return self._ended(
                    delivery, State.SCHEDULED, outcome, wake_at=self._clock.ahead(wait)
                )
            case AccountHeld() as outcome:
                return self._ended(delivery, State.SCHEDULED, outcome, attempts=delivery.attempts)
            case Unknown() as outcome:
                columns = doubt(delivery, self._clock, self._settle)
                return self._ended(delivery, State.UNCERTAIN, outcome, **columns)

    def _accepted(self, result: _Result, receipt: Accepted) -> Change:
        delivery = result.delivery
        remote_ids = (*delivery.remote_ids, receipt.remote_id)
        first, last = not delivery.remote_ids, len(remote_ids) == len(delivery.content.parts)
        target, stopped = (State.PUBLISHED, {}) if last else obeyed(delivery, State.PUBLISHING)
        return by_worker(
            self._clock.now(),
            delivery,
            "published" if last else "part published",
            target=target,
            detail={
                "part": len(remote_ids),
                "id": receipt.remote_id,
                **in_words(delivery, len(remote_ids)),
            },
            remote_ids=json.dumps(remote_ids),
            published_at=result.answered_at if first else delivery.published_at,
            url=receipt.url if first else delivery.url,
            attempts=delivery.attempts + first,
            intent_at=None,
            doubt_since=None,
            lease_until=result.lease_until if target is State.PUBLISHING else None,
            error_kind=None,
            error_message=None,
            **stopped,
        )

    def _in_anothers_place(self, delivery: Delivery, receipt: Accepted, other: str) -> Change:
        """The platform named a post that is on record already: a person has to look."""
        message = _(
            "The platform named {id} for it, which is on record for {other} already. Look at the "
            "account, then say with `publisher resolve` or `publisher retry` what you saw.",
            id=receipt.remote_id,
            other=other,
        )
        columns = {**doubt(delivery, self._clock, self._settle), "settled_at": None}
        return self._ended(delivery, State.UNCERTAIN, Unknown(message), **columns)

    def _ended(
        self,
        delivery: Delivery,
        target: State,
        outcome: Refused | Deferred | AccountHeld | Unknown,
        **columns: Any,
    ) -> Change:
        unknown = isinstance(outcome, Unknown)
        if isinstance(outcome, Unknown):
            kind = Kind.DUPLICATE if outcome.duplicate else Kind.UNKNOWN_OUTCOME
        else:
            kind = outcome.kind
        values = {
            "attempts": delivery.attempts + 1,
            "lease_until": None,
            # An unknown outcome keeps its intent: the platform is read from there on.
            "intent_at": delivery.intent_at if unknown else None,
            "error_kind": kind,
            "error_message": outcome.message,
        }
        event = {State.FAILED: "refused", State.UNCERTAIN: "unknown outcome"}.get(
            target, "deferred"
        )
        if not unknown and delivery.stop is not None:
            if target is State.FAILED:
                # As for any other that was refused: nothing of it is used again.
                given_up = delivery.prepared.given_up(delivery.remote_ids)
                values["prepared"] = given_up.model_dump_json()
            target, stopped = obeyed(delivery, target)
            values |= stopped
        return by_worker(
            self._clock.now(),
            delivery,
            event,
            target=target,
            detail={"kind": kind, "message": outcome.message},
            **{**values, **columns},
        )
