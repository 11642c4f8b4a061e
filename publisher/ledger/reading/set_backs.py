"""Set-backs of the ledger: when it went back, how far, and what was found since."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from publisher.base.i18n import _, plural
from publisher.ledger.tables import EVERYTHING, about, deliveries, history
from publisher.model.events import Event
from publisher.model.states import State


@dataclass(frozen=True, slots=True)
class SetBack:
    """One set-back, and how the posts stand that may have gone out since."""

    step: int
    at: datetime
    """When it was noticed."""
    since: datetime
    """What was written after this instant is lost."""
    doubted: int
    """How many posts may have gone out in between."""
    out: int
    """Of these, how many are known to be out."""
    looked_for: int
    with_a_person: int
    """How many were not found: a person decides."""
    until: datetime | None = None
    """When the whole machine was there again, if it was put back: only a post that was found on its
    platform, and never sent from here, told that. None: the ledger alone was set back.
    """

    def __str__(self) -> str:
        return " ".join(self.sentences)

    @property
    def sentences(self) -> list[str]:
        """What happened, what was found, and what is to be looked at."""
        if self.until:
            happened = _(
                "The machine was put back to an earlier state, for example by a snapshot: a post "
                "is out that this ledger never sent. What was written between {since:%Y-%m-%d "
                "%H:%M} UTC and {until:%Y-%m-%d %H:%M} UTC may be lost.",
                since=self.since,
                until=self.until,
            )
        else:
            happened = self._happened
        do_again = _(
            "Pauses, holds, cancellations, edits and approvals of that time are lost, and so is "
            "who was kept out: check whether they are needed again."
        )
        return [happened, self._found, do_again]

    @property
    def _happened(self) -> str:
        return _(
            "The ledger was set back, for example by a restored snapshot, a promoted standby or "
            "pg_restore: what was written between {since:%Y-%m-%d %H:%M} UTC and {at:%Y-%m-%d "
            "%H:%M} UTC is lost.",
            since=self.since,
            at=self.at,
        )

    @property
    def _found(self) -> str:
        if not self.doubted:
            return _(
                "No post was on the schedule for that time. What was moved or retried in it may "
                "be out: look before you send it again."
            )
        numbers = _(
            "{out} known to be out, {looked_for} being looked for, {decide} for a person to decide",
            out=self.out,
            looked_for=self.looked_for,
            decide=self.with_a_person,
        )
        if self.until:
            return plural(
                "{number} post fell due by then: {numbers}. What fell due while nothing was "
                "running, and is not on its platform, goes out.",
                "{number} posts fell due by then: {numbers}. What fell due while nothing was "
                "running, and is not on its platform, goes out.",
                self.doubted,
                numbers=numbers,
            )
        return plural(
            "{number} post may have gone out since, and does not go out again: {numbers}.",
            "{number} posts may have gone out since, and do not go out again: {numbers}.",
            self.doubted,
            numbers=numbers,
        )


def set_backs(
    connection: Connection, since: datetime | None = None, *conditions: ColumnElement[bool]
) -> list[SetBack]:
    """The set-backs noticed at `since` or later whose steps match the conditions, newest first."""
    recent = [history.c.at >= since] if since else []
    steps = select(history.c.id, history.c.at, history.c.detail).where(
        about(EVERYTHING), history.c.event == Event.LEDGER_SET_BACK, *recent, *conditions
    )
    return [
        _set_back(connection, row.id, row.at, json.loads(row.detail))
        for row in connection.execute(steps.order_by(history.c.seq.desc())).all()
    ]


def _set_back(connection: Connection, step: int, at: datetime, detail: dict[str, Any]) -> SetBack:
    until = datetime.fromisoformat(detail["until"]) if "until" in detail else None
    query = (
        select(deliveries.c.state, deliveries.c.settled_at.is_not(None), func.count())
        .join_from(history, deliveries, history.c.delivery == deliveries.c.id)
        .where(
            # All of the range is read, and it is short: no index has events.
            history.c.id.between(detail.get("after", 0) + 1, step),
            or_(
                and_(history.c.event == Event.LEDGER_SET_BACK, history.c.at == at),
                and_(history.c.event == Event.DUE_IN_SILENCE, history.c.at == until),
            ),
        )
        .group_by(deliveries.c.state, deliveries.c.settled_at.is_not(None))
    )
    found = [(State(state), settles, n) for state, settles, n in connection.execute(query)]
    is_out = (State.PUBLISHED, State.WITHDRAWN)
    return SetBack(
        step=step,
        at=at,
        since=datetime.fromisoformat(detail["since"]),
        doubted=sum(n for _state, _settles, n in found),
        out=sum(n for state, _settles, n in found if state in is_out),
        looked_for=sum(n for state, settles, n in found if state is State.UNCERTAIN and settles),
        with_a_person=sum(
            n for state, settles, n in found if state is State.UNCERTAIN and not settles
        ),
        until=until,
    )
