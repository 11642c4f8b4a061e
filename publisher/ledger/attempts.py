"""The worker's side of the ledger: intents, and what came of them.

A worker holds a delivery by its version: once anybody else changed it, whatever the worker still
wants to write raises `Moved`, and it lets go. Every method is done in one transaction; what many
threads want at one moment, they take, intend and record together.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select

from publisher import retry
from publisher.clock import Clock
from publisher.errors import LedgerBusy
from publisher.language import _
from publisher.ledger import ids, limits
from publisher.ledger.approvals import RuleOf, is_approved, no_rule
from publisher.ledger.database import Database
from publisher.ledger.doubts import doubt, known_out
from publisher.ledger.holds import is_resting
from publisher.ledger.leftovers import without_others
from publisher.ledger.moves import (
    ACTOR,
    NOT_APPROVED,
    Change,
    Moved,
    change_all,
    claimed_all,
)
from publisher.ledger.rests import SharesWith, ends_in_rest, let_rest, with_itself
from publisher.ledger.rows import delivery_of
from publisher.ledger.stops import as_it_stands, in_words, obeyed
from publisher.ledger.tables import EVERYTHING, accounts, deliveries, media
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
from publisher.states import Role, State

INTENT_LIFE = 5.0
"""Real seconds after its intent within which a worker must have begun to send."""

_OF_ACCOUNTS = accounts.c.account.in_(bindparam("accounts", expanding=True))
# What many deliveries share waits for nobody: one account that somebody holds, for as long as that
# may be, must not stop all the others.
_UNLOCKED = select(accounts).where(_OF_ACCOUNTS).with_for_update(read=True, skip_locked=True)
_EXISTING = select(accounts.c.account).where(_OF_ACCOUNTS)

BreachOf = Callable[[Delivery, datetime], str | None]
"""Tells what the account's mandate has against a delivery that leaves at an instant."""


def no_breach(_delivery: Delivery, _leaves_at: datetime) -> None:
    """No account has a mandate."""


def _share(connection: Connection, names: set[str]) -> Sequence[Row[Any]]:
    """The accounts' rows, which nobody changes until this transaction ends; LedgerBusy if somebody
    is about to. Who has no row is not paused or held.
    """
    rows = connection.execute(_UNLOCKED, {"accounts": sorted(names)}).all()
    missing = names - {row.account for row in rows}
    if missing and (
        locked := connection.execute(_EXISTING, {"accounts": sorted(missing)}).scalars().all()
    ):
        raise LedgerBusy(
            _("Somebody is changing {names} just now.", names=", ".join(sorted(locked)))
        )
    return rows


class _Intent(NamedTuple):
    """Of one part."""

    delivery: Delivery
    send_at: datetime
    lease_until: datetime


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
        self._rule_of = rule_of
        self._breach_of = breach_of
        self._shares_with = shares_with
        self._taking = Together(clock, database.read, claimed_all)
        self._intending = Together(clock, database.write, self._intend_all)
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
            wish = self._change(
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
        wish = self._change(
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
        held), or it would be past its expiry (it is missed). LedgerBusy when somebody is just about
        to pause or hold the account, or lets it go on.
        """
        return self._intending.do(_Intent(delivery, send_at, lease_until))

    def _intend_all(
        self, connection: Connection, wishes: Sequence[_Intent]
    ) -> list[Delivery | None]:
        # The lock on the accounts' rows makes `pause` wait for this transaction, so that a pause
        # sees every intent that was written before it.
        names = {wish.delivery.account for wish in wishes} | {EVERYTHING}
        rows = _share(connection, names)
        now = self._clock.now()
        resting = {row.account for row in rows if is_resting(row, now)}
        changes = [self._intention(wish, resting, now) for wish in wishes]
        changed = change_all(connection, changes)
        goes = (change.target is None for change in changes)
        return [one if it_goes else None for one, it_goes in zip(changed, goes, strict=True)]

    def _intention(self, wish: _Intent, resting: Collection[str], now: datetime) -> Change:
        delivery, leaves = wish.delivery, max(now, wish.send_at)
        if not {delivery.account, EVERYTHING}.isdisjoint(resting):
            return self._change(delivery, "stopped", target=State.SCHEDULED, lease_until=None)
        if not is_approved(delivery, self._rule_of(delivery.account)):
            return self._change(
                delivery, "not approved", target=State.AWAITING_APPROVAL, lease_until=None,
                **NOT_APPROVED,
            )  # fmt: skip
        if breach := self._breach_of(delivery, leaves):
            return self._change(
                delivery, "held", target=State.HELD, detail={"reason": breach},
                reason=breach, hold_reason=breach, lease_until=None, **NOT_APPROVED,
            )  # fmt: skip
        if delivery.expires_at is not None and leaves > delivery.expires_at:
            return self._change(
                delivery, "missed", target=State.MISSED, lease_until=None,
                error_kind=Kind.EXPIRED, error_message=_("It was not out by its expiry."),
            )  # fmt: skip
        return self._change(
            delivery, "sending", detail={"part": len(delivery.remote_ids) + 1},
            intent_at=leaves, lease_until=wish.lease_until,
        )  # fmt: skip

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
            wish = self._change(
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
        return self._change(
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
        return self._change(
            delivery,
            event,
            target=target,
            detail={"kind": kind, "message": outcome.message},
            **{**values, **columns},
        )

    def _change(
        self,
        delivery: Delivery,
        event: str,
        *,
        target: State | None = None,
        detail: Mapping[str, Any] | None = None,
        **columns: Any,
    ) -> Change:
        now = self._clock.now()
        return Change(delivery, event, Role.WORKER, ACTOR, now, target, detail, columns)
