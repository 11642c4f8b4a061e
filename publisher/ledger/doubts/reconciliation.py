"""Reconciliation of unknown outcomes: the platform is read until it is known, or a person decides.

An absence counts only after the platform has had time to settle, and only when two readings in a
row report it: a platform may show a post some time after it took it. Where the same request may
come twice (`Capabilities.repeats_safely`), one reading is enough to repeat it at once. It is still
under way then: the first request may yet be carried out. So what is not repeated, because somebody
stopped it, or is refused, settles like all others.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, exists, or_, select

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.ledger import corrections, ended_edits
from publisher.ledger import remote_ids as ids
from publisher.ledger.database import Database, LedgerPart, Turn
from publisher.ledger.dispatcher.due_queries import DueQueries
from publisher.ledger.doubts import lookalikes, uncertainty
from publisher.ledger.doubts.pending_stops import in_words, obeyed
from publisher.ledger.integrity import forgotten, silence
from publisher.ledger.limits import rate_limits
from publisher.ledger.limits.refusals import went_out
from publisher.ledger.limits.suspensions import (
    applies_to,
    suspend,
    suspended_for_a_person,
    suspended_or_unproved,
)
from publisher.ledger.replication_lag import Crowd, Delays, crowds
from publisher.ledger.rows import deliveries_in, delivery_of
from publisher.ledger.tables import Instant, accounts, deliveries, written
from publisher.ledger.transitions import ACTOR, By, Conflict, change, claim_all
from publisher.ledger.worker.targets import aimed
from publisher.model.deliveries import Claim, Delivery
from publisher.model.events import Event
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Sighting,
    Unknown,
)
from publisher.model.states import Role, State

_NEXT_LOOK = 10.0  # real seconds between two readings
_BEGINS_WITHIN = 19.0  # real seconds in which a worker begins to send again what is not there
_LONGEST_PAUSE = 600.0  # real seconds between two readings while reading fails
_ENOUGH_ABSENCES = 2
_LOOK_BACK = timedelta(days=2)  # more than any channel looks back; and a clock may be wrong

_NOW = bindparam("now", type_=Instant)
DOUBTFUL = DueQueries(
    deliveries.c.state == written(State.UNCERTAIN),
    deliveries.c.next_check_at <= _NOW,
    deliveries.c.settled_at.is_not(None),
    or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until <= _NOW),
    # Reading goes on while an account is suspended: most platforms allow it, and after each refused
    # reading the next one comes later.
    ~exists().where(suspended_for_a_person(deliveries.c.account)),
    order=(deliveries.c.next_check_at, deliveries.c.id),
    columns=(deliveries.c.id, deliveries.c.version, deliveries.c.head),
)


def _may_leave(connection: Connection, delivery: Delivery, now: datetime) -> bool:
    """Whether its account goes on, and its expiry has not come."""
    if delivery.expires_at is not None and delivery.expires_at <= now:
        return False
    stops = exists().where(
        applies_to(delivery.account),
        or_(accounts.c.paused_at.is_not(None), suspended_or_unproved(now)),
    )
    return not connection.execute(select(stops)).scalar()


def _obstacle(connection: Connection, delivery: Delivery, sighting: Sighting) -> str | None:
    """Why a reading's result must not be used yet; None when it may be."""
    if not isinstance(sighting, Accepted | Unknown):
        return None
    if lookalikes.comes_first(connection, delivery):
        return _(
            "Another post with the same words is on its way to this account, or is also being "
            "looked for: Publisher cannot tell yet which one is on the account."
        )
    if isinstance(sighting, Accepted) and ids.holder_of_any(
        connection, delivery.account, sighting, besides=delivery.id
    ):
        return _("Another delivery turned out to be that post; Publisher looks for this one again.")
    return None


class Doubts(LedgerPart):
    """Claims uncertain deliveries for reading, and records the results."""

    def __init__(self, database: Database, clock: Clock, settle: float = 60.0) -> None:
        """`settle`: real seconds until an absence counts, if the platform is not behind."""
        super().__init__(database, clock)
        self._delays = Delays(clock, settle)

    def crowds(self) -> Sequence[Crowd]:
        """The platforms on which many posts are uncertain at once."""
        with self._database.read() as connection:
            return crowds(connection, self._clock.now())

    def claim(self, lease_until: datetime, limit: int) -> list[Claim]:
        """Claim up to `limit` deliveries that are to be looked for now."""
        now = self._clock.now()
        with self._database.write() as connection:
            return claim_all(
                connection,
                DOUBTFUL.lock(connection, {"now": now}, limit),
                Event.LOOKING,
                at=now,
                source=State.UNCERTAIN,
                target=State.UNCERTAIN,
                lease_until=lease_until,
            )

    def release(self, claims: Sequence[Claim]) -> None:
        """Release claims that could not be handed to a worker."""
        for claim in claims:
            delivery = self.take(claim)
            if delivery is not None:
                with suppress(Conflict), self._database.write() as connection:
                    self._change(connection, delivery, Event.RELEASED, lease_until=None)

    def settle_again(self, settle: float) -> None:
        """Restart the time until an absence counts, for all deliveries that are looked for.

        For when it is not known how much time has passed: earlier absences no longer count.
        `settle`: real seconds.
        """
        waiting = select(deliveries).where(
            deliveries.c.state == State.UNCERTAIN,
            deliveries.c.settled_at.is_not(None),
            forgotten.NOT_FORGOTTEN,
        )
        with self._database.read() as connection:
            found = deliveries_in(connection, waiting)
        for delivery in found:
            columns = uncertainty.doubt(delivery, self._clock, settle)
            with suppress(Conflict), self._database.write() as connection:
                self._change(connection, delivery, Event.SETTLING_AGAIN, **columns)

    def take(self, claim: Claim) -> Delivery | None:
        """The claimed delivery; None when the claim is no longer valid."""
        query = select(deliveries).where(
            deliveries.c.id == claim.delivery,
            deliveries.c.version == claim.version,
            deliveries.c.state == State.UNCERTAIN,
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else aimed(connection, delivery_of(row))

    def waits_for_its_original(self, delivery: Delivery) -> bool:
        """Whether what it corrects may yet come out, or turn out to be out."""
        with self._database.read() as connection:
            return corrections.may_come_out(connection, delivery)

    def ids_of_others(self, delivery: Delivery) -> set[str]:
        """The ids of other deliveries on its account, since shortly before its intent."""
        since = (delivery.doubt_since or delivery.due_at) - _LOOK_BACK
        others = select(deliveries.c.remote_ids, deliveries.c.withdrawn_ids).where(
            deliveries.c.account == delivery.account,
            deliveries.c.published_at >= since,
            deliveries.c.id != delivery.id,
        )
        with self._database.read() as connection:
            rows = connection.execute(others).all()
        return {key for row in rows for ids in row if ids for key in json.loads(ids)}

    def record(self, delivery: Delivery, sighting: Sighting) -> Delivery:
        """Record the result of reading the platform; raises `Conflict` when a person was faster."""
        if delivery.is_forgotten and isinstance(sighting, Accepted):
            self._learn_from(delivery, sighting)
        with self._database.write() as connection:
            original = ended_edits.lock_original(connection, delivery)
            recorded = self._recorded(connection, delivery, sighting)
            rate_limits.keep(connection, delivery.account, sighting.limits)
            by = By(Role.WORKER, ACTOR, self._clock.now())
            return ended_edits.ended(connection, recorded, original, by)

    def _learn_from(self, delivery: Delivery, found: Accepted) -> None:
        """Record what it proves of the ledger that a forgotten delivery is out."""
        with self._database.write() as connection:
            self._database.take_turns(connection, Turn.SET_BACK)
            is_sure = not (
                _obstacle(connection, delivery, found)
                or lookalikes.is_ambiguous(connection, delivery)
                or forgotten.not_its_own(delivery, found)
            )
            if is_sure:
                silence.prove(connection, delivery, self._clock.now())

    def _recorded(self, connection: Connection, delivery: Delivery, sighting: Sighting) -> Delivery:
        if obstacle := _obstacle(connection, delivery, sighting):
            return self._unread(connection, delivery, obstacle, absences=0)
        if delivery.is_forgotten and isinstance(sighting, Accepted | Absent):
            return self._remembered(connection, delivery, sighting)
        match sighting:
            case Accepted():
                self._delays.learn(connection, delivery, sighting)
                if left_at := delivery.doubt_since or delivery.intent_at:
                    went_out(connection, [delivery], self._clock.now(), left_at)
                target, columns = uncertainty.known_out(delivery, sighting)
                detail = {
                    **ids.named(sighting),
                    **in_words(delivery, len(delivery.remote_ids) + len(sighting.remote_ids)),
                }
                if target is State.SCHEDULED:
                    columns["next_check_at"] = self._clock.now()
                return self._change(
                    connection, delivery, Event.FOUND, target=target, detail=detail, **columns
                )
            case Absent():
                return self._absent(connection, delivery, sighting)
            case Unknown():
                return self._left_to_a_person(connection, delivery, sighting.message)
            case AccountSuspended() | Deferred():
                return self._refused(connection, delivery, sighting)

    def _remembered(
        self, connection: Connection, delivery: Delivery, sighting: Accepted | Absent
    ) -> Delivery:
        """A forgotten delivery that is found is out; in every other case a person decides.

        But what only fell due while nothing was at work is sent once it is known to be absent.
        """
        if isinstance(sighting, Absent):
            absences = delivery.absences + 1
            if absences < _ENOUGH_ABSENCES:
                return self._change(
                    connection, delivery, Event.NOT_THERE_YET, absences=absences,
                    next_check_at=forgotten.next_look(self._clock), lease_until=None,
                )  # fmt: skip
            if silence.is_the_cause(connection, delivery):
                # Nearly always it was a power cut, after which nothing waits for a person because
                # a list may be incomplete. No request is under way, so a new one has a doubt of its
                # own.
                seen = replace(sighting, lists_all=True)
                return self._believed_absent(connection, delivery, seen, doubt_since=None)
            message = _(
                "Publisher looked for it on the platform and did not see it, but it may be out "
                "with other words, or was deleted. Look at the account, then record what you saw "
                "with `publisher resolve` or `publisher retry`."
            )
            return self._left_to_a_person(connection, delivery, message)
        if lookalikes.is_ambiguous(connection, delivery):
            message = _(
                "The post {id} has the same words, but another delivery that may be out has them "
                "too: Publisher cannot tell whose it is. Look at the account, then record what "
                "you saw with `publisher resolve` or `publisher retry`.",
                id=sighting.remote_id,
            )
            return self._left_to_a_person(connection, delivery, message)
        if other := forgotten.not_its_own(delivery, sighting):
            return self._left_to_a_person(connection, delivery, other)
        target, columns = uncertainty.found_out(delivery, sighting, self._clock)
        # A platform's time in the future is not used.
        made_at = sighting.made_at and min(sighting.made_at, self._clock.now())
        columns["published_at"] = delivery.published_at or made_at or delivery.doubt_since
        detail = ids.named(sighting)
        if target is State.PUBLISHED:
            detail |= in_words(delivery, len(delivery.content.parts))
        return self._change(
            connection, delivery, Event.FOUND, target=target, detail=detail, **columns
        )

    def _refused(
        self, connection: Connection, delivery: Delivery, sighting: AccountSuspended | Deferred
    ) -> Delivery:
        """Read again later; a refused reading does not suspend the account.

        A request that sends will get its own answer. Except what does not end by itself, such as
        keys that belong to another owner.
        """
        next_reading = self._next_reading(delivery)
        if isinstance(sighting, AccountSuspended):
            if not sighting.until and not sighting.backoff:
                suspend(connection, delivery.account, sighting, self._clock.now())
            next_reading = max(next_reading, sighting.until or next_reading)
        return self._unread(connection, delivery, sighting.message, next_check_at=next_reading)

    def _absent(self, connection: Connection, delivery: Delivery, seen: Absent) -> Delivery:
        now = self._clock.now()
        if uncertainty.is_sent_again(delivery) and _may_leave(connection, delivery, now):
            return self._repeated(connection, delivery)
        settles_at, why = self._settles_at(connection, delivery, seen)
        settled = settles_at <= now
        absences = delivery.absences + settled
        if absences >= _ENOUGH_ABSENCES:
            return self._believed_absent(connection, delivery, seen)
        next_look = self._clock.ahead(_NEXT_LOOK)
        if not settled:  # if that takes long, it may be found meanwhile
            next_look = max(next_look, now + (settles_at - now) / 3) if why else settles_at
        return self._change(
            connection,
            delivery,
            Event.NOT_THERE_YET,
            detail={"message": why} if why and why != delivery.error_message else None,
            absences=absences,
            next_check_at=next_look,
            lease_until=None,
            **({"error_message": why} if why else {}),
        )

    def _repeated(self, connection: Connection, delivery: Delivery) -> Delivery:
        """Back with a worker, which sends it again; its intent stays on record meanwhile."""
        return self._change(
            connection,
            delivery,
            Event.NOT_THERE,
            target=State.PUBLISHING,
            intent_at=delivery.intent_at or delivery.doubt_since,
            next_check_at=self._clock.now(),
            lease_until=self._clock.ahead(_BEGINS_WITHIN),
            settled_at=None,
            absences=0,
        )

    def _settles_at(
        self, connection: Connection, delivery: Delivery, seen: Absent
    ) -> tuple[datetime, str | None]:
        """When an absence counts, and why so late if its platform may be behind."""
        settles_at = delivery.settled_at or self._clock.now()
        if not seen.may_come or delivery.prepared.draft_id is not None:
            return settles_at, None  # its id is known, so a repeat makes no duplicate
        late, why = self._delays.settles_at(connection, delivery)
        if late <= max(settles_at, self._clock.now()):
            return settles_at, None
        return late, why

    def _believed_absent(
        self, connection: Connection, delivery: Delivery, seen: Absent, **columns: Any
    ) -> Delivery:
        """Due again, unless the absence proves nothing or it was refused as a duplicate."""
        if not seen.is_proof or not seen.lists_all:
            message = _(
                "It is not among the posts that the platform lists, which may leave some out. "
                "Look at the account, then record what you saw with `publisher resolve` or "
                "`publisher retry`."
            )
            return self._left_to_a_person(connection, delivery, message)
        if delivery.error_kind == Kind.DUPLICATE:
            target, stopped = obeyed(delivery, State.FAILED)
            return self._change(
                connection,
                delivery,
                Event.REFUSED,
                target=target,
                detail=in_words(delivery, len(delivery.remote_ids)),
                error_message=_(
                    "The platform says that this text is already on the account, but it is not "
                    "among the posts since then. Look at the account; change the text if it must "
                    "go out again."
                ),
                **uncertainty.RESOLVED,
                **stopped,
            )
        target, stopped = obeyed(delivery, State.SCHEDULED)
        if target is not State.FAILED:  # else it was refused, which says why
            message = _("Publisher looked for it on the platform, and it is not there.")
            stopped = {**stopped, "error_kind": Kind.UNAVAILABLE, "error_message": message}
        return self._change(
            connection,
            delivery,
            Event.NOT_THERE,
            target=target,
            detail=in_words(delivery, len(delivery.remote_ids)),
            next_check_at=self._clock.now(),
            **uncertainty.RESOLVED,
            **stopped,
            **columns,
        )

    def _left_to_a_person(
        self, connection: Connection, delivery: Delivery, message: str
    ) -> Delivery:
        """Reading cannot decide it, and another reading would not: a person decides."""
        columns = {**uncertainty.RESOLVED, "intent_at": delivery.intent_at}
        return self._unread(connection, delivery, message, **columns)

    def _unread(
        self, connection: Connection, delivery: Delivery, message: str, **columns: Any
    ) -> Delivery:
        return self._change(
            connection,
            delivery,
            Event.NOT_READABLE,
            detail={"message": message},
            error_message=message,
            **{"lease_until": None, "next_check_at": self._next_reading(delivery), **columns},
        )

    def _next_reading(self, delivery: Delivery) -> datetime:
        """The next reading after a failed one: the longer reading has failed, the later."""
        since = delivery.doubt_since or delivery.due_at
        failing = (self._clock.now() - since).total_seconds() / self._clock.speed
        return self._clock.ahead(min(max(_NEXT_LOOK, failing / 2), _LONGEST_PAUSE))

    def _change(
        self, connection: Connection, delivery: Delivery, event: Event, **more: Any
    ) -> Delivery:
        return change(
            connection, delivery, event, By(Role.RECONCILER, ACTOR, self._clock.now()), **more
        )
