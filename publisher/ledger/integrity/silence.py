"""Silence: a time in which no process showed life, and what fell due in it.

After a power cut, what fell due meanwhile goes out late, by itself. A machine that was put back to
an earlier state, with the ledger and all of its marks (see `marks.py`), looks the same, but there
it may be out already: the machine published it in the time that it has forgotten. So before its
first claim, each dispatcher looks whether there was a silence. What fell due by its end is looked
for on its platform (see `forgotten.py`): what is there is published, and what is not goes out.

What waits for a person (paused, suspended, held, to be approved) does not go out by itself, and
stays as it is. Unless a post is found that was never sent by this ledger: that proves that the
machine was put back, which is recorded as a set-back, and people are told (see `prove`).
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, and_, bindparam, exists, or_, select

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.ledger.database import Database, LedgerPart, Turn
from publisher.ledger.heartbeats import SILENT_AFTER, Heartbeat, ProcessKind, lives_in
from publisher.ledger.integrity.after_restore import gaps, newest_id, put_back
from publisher.ledger.integrity.forgotten import NOT_FORGOTTEN, looked_for
from publisher.ledger.limits.suspensions import paused_or_suspended
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import EVERYTHING, Instant, deliveries, history, not_before
from publisher.ledger.transitions import ACTOR, By, StateChange, change_all, note_account
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.outcomes import Kind
from publisher.model.states import Role, State

_NOW = bindparam("now", type_=Instant)
_MAY_BE_OUT = or_(
    and_(
        deliveries.c.state == State.SCHEDULED,
        deliveries.c.next_check_at <= _NOW,
        not_before <= _NOW,
        ~exists().where(paused_or_suspended(deliveries.c.account, _NOW)),
    ),
    deliveries.c.state == State.PUBLISHING,
    and_(
        deliveries.c.state == State.UNCERTAIN, deliveries.c.settled_at.is_not(None), NOT_FORGOTTEN
    ),
)
_OF_DISPATCHERS = (
    select(history.c.at)
    .where(
        history.c.event.in_((Event.CLAIMED, Event.LOOKING, Event.DUE_IN_SILENCE)),
        history.c.at <= _NOW,
        history.c.id > bindparam("after"),
    )
    .order_by(history.c.id.desc())
    .limit(1)
)
"""When a dispatcher last did something that it does only after it has looked for a silence."""
_RECENT = 10_000
"""How many of the newest steps are read for it: no index has events, and a dispatcher that starts
would read the whole history of a ledger on which nothing was published for long.
"""
_CAUSES = Event.DUE_IN_SILENCE, Event.LEDGER_SET_BACK, Event.RESTORED_FROM_A_BACKUP


class Silence(LedgerPart):
    """Finds a silence, and has what may be out since looked for."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        lives: Callable[[Connection], Sequence[Heartbeat]] = lives_in,
    ) -> None:
        """`lives` returns the last heartbeats of processes, newest first."""
        super().__init__(database, clock)
        self._lives = lives

    def face(self, up: float) -> int:
        """Make uncertain what may be out since a silence began; returns how many deliveries.

        `up`: real seconds since this dispatcher started. Of dispatchers that start together, one
        does it.
        """
        with self._database.read() as connection:
            if self._since(connection, up) is None:
                return 0
        with self._database.write() as connection:
            self._database.take_turns(connection, Turn.SET_BACK)
            since = self._since(connection, up)
            return 0 if since is None else self._doubt(connection, since)

    def _since(self, connection: Connection, up: float) -> datetime | None:
        """The last sign of life before a silence; None if there was no silence.

        From the start of this process back: other processes may have started with it, a worker long
        before it. A dispatcher that was at work before it has looked already.
        """
        lives = self._lives(connection)
        lived_for, last = up, self._idle_for(connection, is_sure=not lives)
        for life in lives:
            if life.age > lived_for + SILENT_AFTER:
                last = life.age if last is None else min(life.age, last)
                break
            is_dispatcher = life.process.kind is ProcessKind.DISPATCHER
            if is_dispatcher and life.clock_ahead is None and life.began > up + SILENT_AFTER:
                return None
            lived_for = max(lived_for, life.began)
        if last is None or last <= lived_for + SILENT_AFTER:
            return None
        return self._clock.now() - timedelta(seconds=last * self._clock.speed)

    def _idle_for(self, connection: Connection, *, is_sure: bool) -> float | None:
        """Real seconds since a dispatcher last did something; None: nothing was ever published.

        Not `is_sure`: or nothing in the newest steps, where signs of life tell the rest.
        """
        now = self._clock.now()
        after = 0 if is_sure else newest_id(connection) - _RECENT
        at = connection.execute(_OF_DISPATCHERS, {"now": now, "after": after}).scalar()
        return None if at is None else (now - at).total_seconds() / self._clock.speed

    def _doubt(self, connection: Connection, since: datetime) -> int:
        now = self._clock.now()
        query = select(deliveries).where(_MAY_BE_OUT).order_by(deliveries.c.id).with_for_update()
        found = filter(_may_be_further, deliveries_in(connection, query.params(now=now)))
        message = _(
            "Nothing was running from {since:%Y-%m-%d %H:%M} UTC to {until:%Y-%m-%d %H:%M} UTC. "
            "If the machine was put back to an earlier state, this may be out: Publisher looks "
            "for it on the platform, and sends it if it is not there.",
            since=since,
            until=now,
        )
        wishes = [
            StateChange(
                delivery,
                Event.DUE_IN_SILENCE,
                By(Role.DISPATCHER, ACTOR, now),
                State.UNCERTAIN,
                detail={"since": since},
                columns={
                    **looked_for(
                        delivery.doubt_since
                        or delivery.intent_at
                        or max(delivery.not_before, since)
                    ),
                    "lease_until": None,
                    "error_kind": Kind.UNKNOWN_OUTCOME,
                    "error_message": message,
                },
            )
            for delivery in found
        ]
        before = newest_id(connection)
        change_all(connection, wishes)
        if wishes:
            detail = {"since": since, "number": len(wishes), "after": before}
            note_account(connection, EVERYTHING, Event.DUE_IN_SILENCE, now, detail=detail)
        return len(wishes)


def _may_be_further(delivery: Delivery) -> bool:
    """Whether more of it may be out than the part whose intent is on record.

    That part is looked for anyway.
    """
    if delivery.state is State.SCHEDULED or (
        delivery.state is State.PUBLISHING and delivery.intent_at is None
    ):
        return True
    return len(delivery.content.parts) > len(delivery.remote_ids) + 1


def is_the_cause(connection: Connection, delivery: Delivery) -> bool:
    """Whether an uncertain delivery is looked for because of a silence, and of nothing else.

    After a restore, on a new ledger or in one that was set back, an absence proves nothing.
    """
    cause = _cause(connection, delivery)
    return cause is not None and cause.event == Event.DUE_IN_SILENCE


def prove(connection: Connection, delivery: Delivery, now: datetime) -> None:
    """Record that the machine was put back, once: `delivery` is out, and was never sent from here.

    For whoever holds the turn of set-backs.
    """
    cause = _cause(connection, delivery)
    if cause is None or cause.event != Event.DUE_IN_SILENCE:
        return
    sent = exists().where(history.c.delivery == delivery.id, history.c.event == Event.SENDING)
    if connection.execute(select(sent)).scalar():
        return
    if not any(gap.is_set_back and gap.until == cause.at for gap in gaps(connection)):
        put_back(connection, cause.at, now)


def _cause(connection: Connection, delivery: Delivery) -> Row[str, datetime] | None:
    """The step after which an uncertain delivery is looked for."""
    began = history.c.source.is_distinct_from(State.UNCERTAIN) | history.c.event.in_(_CAUSES)
    steps = select(history.c.event, history.c.at).where(
        history.c.delivery == delivery.id, history.c.target == State.UNCERTAIN, began
    )
    return connection.execute(steps.order_by(history.c.seq.desc()).limit(1)).first()
