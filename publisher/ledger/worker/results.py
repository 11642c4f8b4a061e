"""Results: the outcomes of requests, as changes of their deliveries."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from publisher.base.clock import Clock
from publisher.base.i18n import joined, plural
from publisher.ledger import remote_ids as ids
from publisher.ledger.doubts.pending_stops import in_words, obeyed
from publisher.ledger.doubts.uncertainty import doubt, kept_in_doubt
from publisher.ledger.limits import rate_limits
from publisher.ledger.limits.refusals import (
    SharesWith,
    may_be_the_accounts,
    suspend_after,
    weighed,
    went_out,
)
from publisher.ledger.limits.spacing import APART, late_before, next_places
from publisher.ledger.limits.suspensions import take_in_order
from publisher.ledger.transitions import StateChange
from publisher.ledger.worker.intents import by_worker
from publisher.model import timing
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Limit,
    Outcome,
    Refused,
    Unknown,
)
from publisher.model.states import State


class Result(NamedTuple):
    """The outcome of one request."""

    delivery: Delivery
    outcome: Outcome
    lease_until: datetime
    answered_at: datetime
    other: ids.Holder | None = None
    """Another delivery that already has the id that the platform returned for this one."""


class Results:
    """Turns results into changes of their deliveries, and suspends accounts."""

    def __init__(
        self, clock: Clock, settle: float, shares_with: SharesWith, thread_pause: float
    ) -> None:
        """See `Attempts`."""
        self._clock = clock
        self._settle = settle
        self._thread_pause = thread_pause
        self._shares_with = shares_with

    def changes(self, connection: Connection, results: Sequence[Result]) -> list[StateChange]:
        """The change for each result; accounts are suspended if an answer says so."""
        now = self._clock.now()
        unclear = {r.delivery.account for r in results if may_be_the_accounts(r.outcome)}
        if unclear:
            take_in_order(connection, unclear)
        results = [
            result._replace(outcome=weighed(connection, result.delivery, result.outcome, now))
            for result in results
        ]
        answers = [(result.delivery.account, result.outcome) for result in results]
        taken = [
            result.delivery
            for result in results
            if isinstance(result.outcome, Accepted) and not result.outcome.backoff
        ]
        went_out(connection, taken, now)
        ends = suspend_after(connection, answers, self._shares_with, now)
        late = [result for result in results if self._is_retried_late(result)]
        begins = next_places(connection, self._clock, [result.delivery for result in late])
        return [
            kept_in_doubt(
                self._change(result, ends.get(result.delivery.account), begins),
                self._clock,
                self._settle,
            )
            for result in results
        ]

    def _is_retried_late(self, result: Result) -> bool:
        """Whether it has been retried for so long that others wait behind it."""
        outcome = result.outcome
        is_tried_again = isinstance(outcome, Deferred) and outcome.again_at is None
        return is_tried_again and result.delivery.not_before <= late_before(self._clock)

    def _again_at(
        self, delivery: Delivery, outcome: Deferred, begins: dict[str, datetime]
    ) -> datetime:
        """When it is tried again.

        While a platform is away, late posts are tried a minute apart, like a backlog: when the
        platform is back, the rest follows at the same interval.
        """
        if outcome.again_at:
            return outcome.again_at
        soon = self._clock.ahead(timing.delay(delivery.attempts + 1))
        if delivery.not_before > late_before(self._clock):
            return soon
        place = max(soon, begins.get(delivery.account, soon))
        if delivery.expires_at and place >= delivery.expires_at:
            place = soon
        begins[delivery.account] = place + APART
        return place

    @staticmethod
    def keep_limits(connection: Connection, results: Sequence[Result]) -> None:
        """Store the rate limits from the answers; the last step of their transaction."""
        told: dict[str, list[Limit]] = {}
        for result in results:
            told.setdefault(result.delivery.account, []).extend(result.outcome.limits)
        rate_limits.keep_all(connection, told)

    def _change(
        self, result: Result, suspended_until: datetime | None, begins: dict[str, datetime]
    ) -> StateChange:
        delivery = result.delivery
        match result.outcome:
            case Accepted() as receipt if result.other:
                return self._in_anothers_place(delivery, receipt, result.other.post)
            case Accepted() as receipt:
                return self._accepted(result, receipt)
            case Refused() as outcome:
                return self._ended(delivery, State.FAILED, outcome)
            case Deferred() as outcome:
                return self._deferred(delivery, outcome, begins)
            case AccountSuspended() as outcome:
                return self._suspended(delivery, outcome, suspended_until)
            case Unknown() as outcome:
                columns = doubt(delivery, self._clock, self._settle)
                if outcome.remote_id:
                    # It is looked for and made public by its id: another post would be a duplicate.
                    columns["prepared"] = delivery.prepared.with_post(
                        outcome.remote_id, delivery.content
                    ).model_dump_json()
                return self._ended(delivery, State.UNCERTAIN, outcome, **columns)

    def _deferred(
        self, delivery: Delivery, outcome: Deferred, begins: dict[str, datetime]
    ) -> StateChange:
        again = self._again_at(delivery, outcome, begins)
        # Not before the instant to which it was postponed.
        columns: dict[str, Any] = {"next_check_at": max(delivery.next_check_at, again)}
        if outcome.uploads_gone:
            columns["prepared"] = delivery.prepared.without_uploads().model_dump_json()
        return self._ended(delivery, State.SCHEDULED, outcome, **columns)

    def _suspended(
        self, delivery: Delivery, outcome: AccountSuspended, until: datetime | None
    ) -> StateChange:
        next_check_at = delivery.next_check_at
        is_again = delivery.error_kind == outcome.kind
        if until and (outcome.backoff or is_again):
            # Another post tests next whether it is over: this one may be refused for its own
            # content. After an end that the platform names, it keeps its place once.
            next_check_at = max(next_check_at, until)
        return self._ended(
            delivery,
            State.SCHEDULED,
            outcome,
            attempts=delivery.attempts,
            next_check_at=next_check_at,
        )

    def _accepted(self, result: Result, receipt: Accepted) -> StateChange:
        delivery = result.delivery
        remote_ids = (*delivery.remote_ids, *receipt.remote_ids)
        first, last = not delivery.remote_ids, len(remote_ids) == len(delivery.content.parts)
        target, stopped = (State.PUBLISHED, {}) if last else obeyed(delivery, State.PUBLISHING)
        lease_until = None
        if target is State.PUBLISHING:
            now, next_at = self._clock.now(), self._clock.ahead(self._thread_pause)
            # The worker keeps the lease for the pause as well as for its usual time.
            lease_until = result.lease_until + (next_at - now)
            stopped = {"next_check_at": max(delivery.next_check_at, next_at)}
        return by_worker(
            self._clock.now(),
            delivery,
            Event.PUBLISHED if last else Event.PART_PUBLISHED,
            target=target,
            detail={
                "part": len(remote_ids),
                **ids.named(receipt),
                **in_words(delivery, len(remote_ids)),
            },
            remote_ids=json.dumps(remote_ids),
            published_at=result.answered_at if first else delivery.published_at,
            url=receipt.url if first else delivery.url,
            attempts=delivery.attempts + first,
            intent_at=None,
            doubt_since=None,
            lease_until=lease_until,
            error_kind=None,
            error_message=None,
            **stopped,
        )

    def _in_anothers_place(self, delivery: Delivery, receipt: Accepted, other: str) -> StateChange:
        """The platform returned an id that is on record already: a person has to look."""
        message = ids.anothers(receipt.remote_id, other)
        columns = {**doubt(delivery, self._clock, self._settle), "settled_at": None}
        return self._ended(delivery, State.UNCERTAIN, Unknown(message), **columns)

    def _ended(
        self,
        delivery: Delivery,
        target: State,
        outcome: Refused | Deferred | AccountSuspended | Unknown,
        **columns: Any,
    ) -> StateChange:
        unknown = isinstance(outcome, Unknown)
        message = (
            _of_a_part(delivery, outcome.message) if target is State.FAILED else outcome.message
        )
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
            "error_message": message,
        }
        event = {State.FAILED: Event.REFUSED, State.UNCERTAIN: Event.UNKNOWN_OUTCOME}.get(
            target, Event.DEFERRED
        )
        if not unknown and delivery.pending_stop is not None:
            if target is State.FAILED:
                # As for any refused delivery: nothing of it is used again.
                given_up = delivery.prepared.given_up(delivery.remote_ids)
                values["prepared"] = given_up.model_dump_json()
            target, stopped = obeyed(delivery, target)
            values |= stopped
        return by_worker(
            self._clock.now(),
            delivery,
            event,
            target=target,
            detail={"kind": kind, "message": message},
            **{**values, **columns},
        )


def _of_a_part(delivery: Delivery, message: str) -> str:
    """A refusal's message, preceded by which parts of the thread are out and which was refused."""
    out, parts = len(delivery.remote_ids), len(delivery.content.parts)
    if not out:
        return message
    of_parts = plural(
        "Part {number} of {parts} is out; part {next} was refused.",
        "Parts 1 to {number} of {parts} are out; part {next} was refused.",
        out,
        parts=parts,
        next=out + 1,
    )
    return joined(of_parts, message)
