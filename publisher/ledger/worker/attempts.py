"""Attempts: what a worker reads and records for the deliveries that it has claimed.

A worker's claim is valid for one version of a delivery: after any other change, every write of the
worker is refused with `Conflict`, and it stops. Every method is one transaction, or a few.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy import Connection, select

from publisher.base.clock import Clock
from publisher.base.errors import LedgerBusy, LedgerUnavailable, PublisherError, StorageError
from publisher.base.i18n import _
from publisher.ledger import ended_edits, remote_ids
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.doubts import published_early
from publisher.ledger.doubts.orphans import without_others
from publisher.ledger.doubts.pending_stops import as_it_stands, in_words
from publisher.ledger.doubts.uncertainty import found_out, kept_in_doubt
from publisher.ledger.integrity import marks
from publisher.ledger.limits import rate_limits
from publisher.ledger.limits.refusals import (
    SharesWith,
    may_be_the_accounts,
    suspends,
    went_out,
    with_itself,
)
from publisher.ledger.manager.commands import RuleOf, no_rule
from publisher.ledger.tables import media
from publisher.ledger.transitions import (
    ACTOR,
    By,
    Conflict,
    RemoteIdTaken,
    StateChange,
    change_all,
    claimed_all,
    lock_free,
    reread,
)
from publisher.ledger.worker import targets
from publisher.ledger.worker.intents import (
    BreachOf,
    Intent,
    Intents,
    KeptFrom,
    all_may_be_shown,
    by_worker,
    no_breach,
)
from publisher.ledger.worker.results import Result, Results
from publisher.model.deliveries import Claim, Delivery, Prepared
from publisher.model.events import Event
from publisher.model.outcomes import Accepted
from publisher.model.states import Role, State

_MOST = 500  # deliveries in one transaction, so that others do not wait long

Written = Delivery | Conflict | LedgerUnavailable | StorageError
"""A delivery after its change; `Conflict` if it has changed meanwhile, or cannot be written. An
error of the ledger, of this one alone: it is to be tried again; LedgerBusy while somebody is
changing it.
"""
_Wish = TypeVar("_Wish", Intent, Result)
_Asked = TypeVar("_Asked", Claim, Intent, Result)
_Told = TypeVar("_Told")

log = structlog.get_logger()


class Attempts(LedgerPart):
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
        kept_from: KeptFrom = all_may_be_shown,
    ) -> None:
        """`settle`: real seconds until an absence from the platform counts.

        `shares_with` returns the accounts that share an app's limits with one, including itself.
        `thread_pause`: real seconds between a part of a thread and the next.
        """
        super().__init__(database, clock)
        self._settle = settle
        self._intents = Intents(clock, settle, rule_of, breach_of, kept_from)
        self._results = Results(clock, settle, shares_with, thread_pause)

    def take_all(self, claims: Sequence[Claim]) -> list[Delivery]:
        """The claimed deliveries, without those whose claim is no longer valid."""
        found = [one for one in _apart(self._read, claims) if isinstance(one, Delivery)]
        if not any(delivery.has_target for delivery in found):
            return found
        taken = [self._aimed(one) if one.has_target else one for one in found]
        return [one for one in taken if one]

    def _aimed(self, delivery: Delivery) -> Delivery | None:
        """A delivery with its target; None when it may not go out now, which is noted.

        Also when the ledger does not take that now: its lease brings it back, and the others of the
        batch go on.
        """
        try:
            with suppress(Conflict), self._database.write() as connection:
                taken = targets.take(connection, delivery, self._clock)
                if isinstance(taken, Delivery):
                    return taken
                change_all(connection, [kept_in_doubt(taken, self._clock, self._settle)])
        except (LedgerUnavailable, StorageError) as away:
            log.warning(str(away), hint=away.hint, delivery=delivery.id)
        return None

    def _read(self, claims: Sequence[Claim]) -> list[Delivery | None]:
        with self._database.read() as connection:
            return claimed_all(connection, claims)

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
            change_all(connection, [kept_in_doubt(wish, self._clock, self._settle)])

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

    def intend_all(self, intents: Sequence[Intent]) -> list[Written]:
        """Record the intents to send parts.

        A delivery whose state is no longer `PUBLISHING` must not go out now: its account is paused
        or suspended (it is due again when that ends), it is not approved as it is now, its
        account's mandate does not cover it or its pictures must not be shown (it is held), or it
        would be past its expiry (it is missed). LedgerBusy while a person is pausing the account.
        """
        return _apart(self._intend, intents)

    def _intend(self, intents: Sequence[Intent]) -> list[Written]:
        with self._database.watched(), self._database.write() as connection:
            return self._write(connection, intents, self._intents.changes)

    def record_all(self, results: Sequence[Result]) -> list[Written]:
        """Record outcomes of requests; the worker keeps threads with parts left.

        A stop that was recorded while the request was under way applies to all that is not out.
        """
        together = [n for n, one in enumerate(results) if not _stands_alone(one)]
        recorded = _apart(self._record_together, [results[n] for n in together])
        written = dict(zip(together, recorded, strict=True))
        for n, result in enumerate(results):
            if n not in written:  # it may have to wait for the account's row, and nobody with it
                written[n] = _alone(self._record, result)
            if isinstance(written[n], Conflict):  # rare, so it is looked up only now
                written[n] = _alone(self._record_as_it_stands, result)
        return [written[n] for n in range(len(results))]

    def _record_together(self, results: Sequence[Result]) -> list[Written]:
        """Raises `Conflict` when an id is taken already, of one of them."""
        with self._database.write() as connection:
            written = self._write(connection, results, self._results.changes)
            self._results.keep_limits(connection, results)
            return written

    def _record_late(self, delivery: Delivery, receipt: Accepted) -> Delivery:
        """Record a late acceptance, after the outcome was recorded as unknown.

        Raises `Conflict` when the delivery has changed further: then this worker no longer decides.
        """
        with self._database.write() as connection:
            original = ended_edits.lock_original(connection, delivery)
            current = reread(connection, delivery)
            doubted = current.state is State.UNCERTAIN
            if not doubted or current.remote_ids != delivery.remote_ids:
                raise Conflict
            target, columns = found_out(current, receipt, self._clock)
            wish = by_worker(
                self._clock.now(),
                current,
                Event.ANSWERED_LATE,
                target=target,
                detail={
                    **remote_ids.named(receipt),
                    **in_words(current, len(current.remote_ids) + len(receipt.remote_ids)),
                },
                **{"next_check_at": self._clock.now(), **columns},
            )
            went_out(connection, [current], self._clock.now(), delivery.intent_at)
            (recorded,) = change_all(connection, [wish])
            rate_limits.keep(connection, delivery.account, receipt.limits)
            return ended_edits.ended(connection, recorded, original, self._by_worker())

    def _by_worker(self) -> By:
        return By(Role.WORKER, ACTOR, self._clock.now())

    def _write(
        self,
        connection: Connection,
        wishes: Sequence[_Wish],
        changes: Callable[[Connection, list[_Wish]], Sequence[StateChange | LedgerBusy]],
    ) -> list[Written]:
        """Write the changes of many deliveries, without waiting for row locks."""
        versions = lock_free(connection, {wish.delivery.id for wish in wishes})
        written: list[Written] = []
        at_hand: dict[int, _Wish] = {}
        for place, wish in enumerate(wishes):
            delivery = wish.delivery
            if delivery.id not in versions:
                written.append(
                    LedgerBusy(_("Someone is changing {post} right now.", post=delivery.post))
                )
                continue
            if versions[delivery.id] == delivery.version:
                at_hand[place] = wish
                versions[delivery.id] += 1  # if it is here twice, the other one is too late
            written.append(Conflict())
        if len(at_hand) < len(wishes):
            # Somebody changed the others, unless the ledger was set back: nobody knows of them.
            marks.compare(connection, self._clock.now())
        wanted = changes(connection, list(at_hand.values()))
        changed = iter(
            change_all(connection, [one for one in wanted if isinstance(one, StateChange)])
        )
        for place, one in zip(at_hand, wanted, strict=True):
            written[place] = next(changed) if isinstance(one, StateChange) else one
        return written

    def _record(self, result: Result) -> Delivery | Conflict:
        delivery, outcome = result.delivery, result.outcome
        try:
            if isinstance(outcome, Accepted) and outcome.public_since:
                return self.record_public(delivery, delivery.prepared, outcome)
            with self._database.write() as connection:
                return self._recorded(connection, result)
        except Conflict as conflict:
            return conflict

    def _recorded(self, connection: Connection, result: Result) -> Delivery:
        original = ended_edits.lock_original(connection, result.delivery)
        (recorded,) = change_all(connection, self._results.changes(connection, [result]))
        self._results.keep_limits(connection, [result])
        return ended_edits.ended(connection, recorded, original, self._by_worker())

    def _record_as_it_stands(self, result: Result) -> Delivery | Conflict:
        """Record it though the delivery has changed: a stop was recorded, another delivery has this
        id, or its outcome is on record as unknown.
        """
        outcome = result.outcome
        try:
            with self._database.write() as connection:
                delivery, other = as_it_stands(connection, result.delivery), None
                if isinstance(outcome, Accepted):
                    other = remote_ids.holder_of_any(
                        connection, delivery.account, outcome, besides=delivery.id
                    )
                return self._recorded(connection, result._replace(delivery=delivery, other=other))
        except Conflict as conflict:
            if not isinstance(outcome, Accepted):
                return conflict
        try:
            return self._record_late(result.delivery, outcome)
        except Conflict as conflict:
            return conflict


def _stands_alone(result: Result) -> bool:
    """Whether others should not wait until it is recorded."""
    outcome = result.outcome
    is_early = isinstance(outcome, Accepted) and outcome.public_since is not None
    locks_another = result.delivery.content.edits
    return is_early or locks_another or suspends(outcome) or may_be_the_accounts(outcome)


def _apart(
    act: Callable[[Sequence[_Asked]], Sequence[_Told]], asked: Sequence[_Asked]
) -> list[_Told | Conflict]:
    """What `act` tells of each; one for which it fails takes no other with it.

    Raises the ledger's errors, which concern all.
    """
    half: int = len(asked) // 2
    if len(asked) > _MOST:
        return [*_apart(act, asked[:half]), *_apart(act, asked[half:])]
    try:
        return [*act(asked)] if asked else []
    except PublisherError:
        raise
    except Conflict as conflict:
        problem = conflict
    except Exception:
        if len(asked) == 1:
            log.exception("left out, so that the others go on", wish=_named(asked[0]))
        problem = Conflict()
    if len(asked) == 1:
        return [problem]
    return [*_apart(act, asked[:half]), *_apart(act, asked[half:])]


def _alone(act: Callable[[Result], Delivery | Conflict], result: Result) -> Written:
    """What `act` tells, or the ledger's error: others are on record already."""
    try:
        (told,) = _apart(lambda results: [act(one) for one in results], [result])
    except (LedgerUnavailable, StorageError) as away:
        return away
    return told


def _named(asked: Claim | Intent | Result) -> str:
    delivery = asked.delivery if isinstance(asked, Claim) else asked.delivery.id
    return f"{type(asked).__name__} of delivery {delivery}"
