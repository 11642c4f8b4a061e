"""Quarantine after a restore: what a restored or new ledger cannot know, and what follows.

A backup does not contain what happened after it was taken. A delivery that was scheduled and fell
due since may be out, so it must not simply be sent; one that waited for an approval or was held may
have been approved or released since. Such deliveries become uncertain, and the platform is read for
them (see `integrity/forgotten.py`): what is found there is published. The post may have been
edited, moved or deleted since, so an absence of the old text proves nothing: then a person looks at
the account and decides. People who were removed, or got another password, since the backup could
log in again: so no one can log in until an admin of the machine has checked the names. What was
queued after the backup is not in the ledger at all, so everything is paused until a person has
checked it. When a draft is queued whose time is in that gap, its post may be out as well.

A new ledger may replace one that was lost without a backup. So what was due before it was made is
in a gap too, unless a person confirms that there was no other.

A ledger may also be set back without anybody saying so (see `marks.py`). Then the same deliveries
become uncertain, but nothing is paused and nobody is kept out: what is not due goes on by itself.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    exists,
    func,
    not_,
    or_,
    select,
    true,
    update,
)

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.ledger.database import Database, Turn
from publisher.ledger.integrity import marks
from publisher.ledger.integrity.forgotten import NOT_FORGOTTEN, looked_for
from publisher.ledger.integrity.marks import Watermark
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.rights import Person
from publisher.ledger.people import keep_all_out
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import EVERYTHING, about, deliveries, history, identity, seals
from publisher.ledger.transitions import ACTOR, By, change, note_account
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.outcomes import Kind
from publisher.model.states import Role, State

_UNDER_WAY = timedelta(seconds=5)
"""How long after a set-back a request may leave whose intent is lost: `worker/intents.py`."""
_CLOCK_BACK = timedelta(hours=1)
"""How far ahead of the clock a step may be whose instant is believed."""
_WITH_A_PERSON = (State.AWAITING_APPROVAL, State.REJECTED, State.HELD)


@dataclass(frozen=True, slots=True)
class Gap:
    """The time span that a ledger knows nothing about: from the backup to the restore.

    For a new ledger, all the time before it was made: a lost ledger is replaced by a new one too.
    """

    since: datetime
    """For a new ledger, the same as `until`: what had expired by then is no longer queued."""
    until: datetime
    is_new: bool = False
    is_set_back: bool = False
    """Whether the ledger went back without a person's doing."""
    lost: str | None = None
    """The hash of the step whose absence showed it."""

    @property
    def event(self) -> Event:
        """The step of each delivery that may be out."""
        return Event.LEDGER_SET_BACK if self.is_set_back else Event.RESTORED_FROM_A_BACKUP

    def may_hold(self, not_before: datetime, expires_at: datetime | None) -> bool:
        """Whether a post that leaves and expires at these instants may have gone out in the gap."""
        if self.is_new and not_before == self.until:
            return False  # only what is older than the ledger
        return not_before <= self.until and (expires_at is None or expires_at > self.since)

    def doubt_since(self, due_at: datetime) -> datetime:
        """The instant from which a post that is due at `due_at` may be out."""
        return due_at if self.is_new else max(due_at, self.since)

    @property
    def warning(self) -> str:
        """The message for a person about a post that may have gone out in the gap."""
        if self.is_new:
            return _(
                "This ledger is new, made {time:%Y-%m-%d %H:%M} UTC. If there was another one "
                "before it, this may already be out. While Publisher runs, it looks for it on "
                "the platform; if it does not see it, look at the account.",
                time=self.until,
            )
        if self.is_set_back:
            return _(
                "The ledger was set back to {time:%Y-%m-%d %H:%M} UTC, and this may have gone out "
                "since. While Publisher runs, it looks for it on the platform; if it does not see "
                "it, look at the account.",
                time=self.since,
            )
        return _(
            "The ledger was restored from a backup of {time:%Y-%m-%d %H:%M} UTC, "
            "and this may have gone out since. While Publisher runs, it looks for it on the "
            "platform; if it does not see it, look at the account.",
            time=self.since,
        )


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What a person has to check after a restore."""

    taken_at: datetime
    """When the backup was taken: the newest instant in the ledger."""
    uncertain: tuple[Delivery, ...]
    """Due by now: they may be out. They are looked for, and wait for `resolve` or `retry`."""
    kept_out: tuple[Person, ...] = ()
    """People who could log in when the backup was taken; none may until `user enable`."""


def face(database: Database, clock: Clock, actor: str) -> Aftermath:
    """Quarantine a restored ledger: what may be out becomes uncertain, and everything is paused."""
    now = clock.now()
    with database.write() as connection:
        taken_at = _newest_instant(connection) or now
        gap = Gap(taken_at, now)
        uncertain = [
            _doubt(connection, delivery, gap, actor)
            for delivery in _found(connection, _may_be_out(gap))
        ]
        former = connection.execute(select(identity.c.id)).scalar_one()
        detail = {"backup_of": taken_at, "former": former}
        note_account(connection, EVERYTHING, Event.RESTORED, now, actor, detail)
        # A new id from here on: a broker's messages for the lost ledger are not for this one.
        connection.execute(update(identity).values(id=uuid4().hex))
    reason = _("the ledger was restored from a backup of {time:%Y-%m-%d %H:%M} UTC", time=taken_at)
    Control(database, clock).pause(None, reason, actor)
    kept_out = keep_all_out(database, clock, actor)
    return Aftermath(taken_at, tuple(uncertain), tuple(kept_out))


def set_back(database: Database, mark: Watermark, now: datetime) -> bool:
    """Quarantine a ledger that was set back, and now lacks the step of `mark`.

    What may be out becomes uncertain. False when the ledger has the step after all, or another
    process did this already.
    """
    with database.write() as connection:
        database.take_turns(connection, Turn.SET_BACK)
        if mark.is_in(connection) or any(_explains(gap, mark) for gap in gaps(connection)):
            return False
        marks.begin(connection, None)
        before = newest_id(connection)
        # The clock may have been set back, too. A mark that is further ahead had a wrong one.
        until = mark.at if now < mark.at <= now + _CLOCK_BACK else now
        since = min(_newest_instant(connection, mark.at) or mark.at, until)
        gap = Gap(since, until, is_set_back=True)
        # A request whose intent is lost may leave a moment from now.
        found = _found(connection, _may_be_out(replace(gap, until=until + _UNDER_WAY)))
        for delivery in found:
            _doubt(connection, delivery, gap, ACTOR)
        detail = {"since": gap.since, "number": len(found), "after": before, "lost": mark.hash}
        note_account(connection, EVERYTHING, Event.LEDGER_SET_BACK, until, ACTOR, detail)
    return True


def put_back(connection: Connection, noticed: datetime, now: datetime) -> None:
    """Quarantine a ledger whose whole machine was put back, as a silence noticed at `noticed`.

    What is looked for since then stays as it is: `silence.py`. Of what waits for a person, more may
    have been released and sent in the time that is lost.
    """
    silences = select(history.c.detail).where(
        about(EVERYTHING), history.c.event == Event.DUE_IN_SILENCE, history.c.at == noticed
    )
    detail = json.loads(connection.execute(silences).scalars().first() or "{}")
    gap = Gap(datetime.fromisoformat(detail["since"]), noticed, is_set_back=True)
    is_looked_for = exists().where(
        history.c.delivery == deliveries.c.id,
        history.c.event == Event.DUE_IN_SILENCE,
        history.c.at == noticed,
    )
    waiting = deliveries.c.state.in_((State.SCHEDULED, *_WITH_A_PERSON))
    found = _found(connection, and_(waiting, _may_be_out(gap), ~is_looked_for))
    for delivery in found:
        _doubt(connection, delivery, gap, ACTOR, now)
    detail |= {"until": noticed, "number": detail["number"] + len(found)}
    note_account(connection, EVERYTHING, Event.LEDGER_SET_BACK, now, ACTOR, detail)


def newest_id(connection: Connection) -> int:
    """The id of the newest step of the history; 0 without any."""
    return connection.execute(select(func.max(history.c.id))).scalar() or 0


def _explains(gap: Gap, mark: Watermark) -> bool:
    """Whether a step is lost in a gap that is known already."""
    return not gap.is_new and (gap.lost == mark.hash or gap.since <= mark.at <= gap.until)


def _may_be_out(gap: Gap) -> ColumnElement[bool]:
    return or_(
        and_(deliveries.c.state == State.SCHEDULED, deliveries.c.due_at <= gap.until),
        and_(
            deliveries.c.state.in_(_WITH_A_PERSON),
            deliveries.c.due_at <= gap.until,
            or_(deliveries.c.embargo_until.is_(None), deliveries.c.embargo_until <= gap.until),
            or_(deliveries.c.expires_at.is_(None), deliveries.c.expires_at > gap.since),
        ),
        deliveries.c.state == State.PUBLISHING,
        # Already uncertain, it may be further than it was then: in a thread, later parts.
        deliveries.c.state == State.UNCERTAIN,
    )


def _doubt(
    connection: Connection, delivery: Delivery, gap: Gap, actor: str, at: datetime | None = None
) -> Delivery:
    """`at`: now, if the gap ended earlier."""
    columns: dict[str, Any] = {
        **looked_for(
            delivery.doubt_since or delivery.intent_at or gap.doubt_since(delivery.due_at)
        ),
        "lease_until": None,
        "error_kind": Kind.UNKNOWN_OUTCOME,
        "error_message": gap.warning,
        # If it is not out, it waits for a person again.
        "pending_stop": delivery.state
        if delivery.state in _WITH_A_PERSON
        else delivery.pending_stop,
    }
    return change(
        connection,
        delivery,
        gap.event,
        By(Role.MANAGER, actor, at or gap.until),
        target=State.UNCERTAIN,
        detail={"since" if gap.is_set_back else "backup_of": gap.since},
        **columns,
    )


def gaps(connection: Connection) -> list[Gap]:
    """The gaps of this ledger: one for each restore or set-back, and one if it was new."""
    query = select(history.c.at, history.c.event, history.c.detail).where(
        about(EVERYTHING), history.c.event.in_((Event.RESTORED, Event.LEDGER_SET_BACK))
    )
    made_at = connection.execute(select(identity.c.knows_since)).scalar_one_or_none()
    return [
        *([Gap(made_at, made_at, is_new=True)] if made_at else []),
        *(_gap(row) for row in connection.execute(query.order_by(history.c.seq))),
    ]


def former_ids(connection: Connection) -> dict[str, datetime]:
    """The ids that this ledger had before it was restored, each with the instant of its end."""
    query = select(history.c.at, history.c.detail).where(
        about(EVERYTHING), history.c.event == Event.RESTORED
    )
    ends = {json.loads(row.detail).get("former"): row.at for row in connection.execute(query)}
    return {former: at for former, at in ends.items() if former}


def _gap(row: Any) -> Gap:
    detail, is_set_back = json.loads(row.detail), row.event == Event.LEDGER_SET_BACK
    since = datetime.fromisoformat(detail["since" if is_set_back else "backup_of"])
    until = datetime.fromisoformat(detail["until"]) if "until" in detail else row.at
    return Gap(since, until, is_set_back=is_set_back, lost=detail.get("lost"))


def trust(database: Database, clock: Clock, actor: str) -> int:
    """Record that this is the first ledger; returns how many deliveries are uncertain.

    Those were queued before this was confirmed.

    From now on, a post that is queued after its time goes out, if it has not expired.
    """
    with database.write() as connection:
        made_at = connection.execute(select(identity.c.knows_since)).scalar_one_or_none()
        if made_at is not None:
            connection.execute(update(identity).values(knows_since=None))
            detail = {"time": made_at}
            event = Event.SAID_TO_BE_THE_FIRST_LEDGER
            note_account(connection, EVERYTHING, event, clock.now(), actor, detail)
        in_doubt = deliveries.c.state == State.UNCERTAIN, not_(NOT_FORGOTTEN)
        number: int = connection.execute(select(func.count()).where(*in_doubt)).scalar_one()
    return number


def _found(connection: Connection, condition: ColumnElement[bool]) -> list[Delivery]:
    query = select(deliveries).where(condition).order_by(deliveries.c.due_at, deliveries.c.id)
    return deliveries_in(connection, query.with_for_update())


def _newest_instant(connection: Connection, until: datetime | None = None) -> datetime | None:
    """When the last step or seal was written; `until`: of those that are no later."""
    instants = [
        connection.execute(
            select(func.max(table.c.at)).where(table.c.at <= until if until else true())
        ).scalar_one()
        for table in (history, seals)
    ]
    return max((instant for instant in instants if instant), default=None)
