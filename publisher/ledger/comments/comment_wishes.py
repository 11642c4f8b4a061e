"""Wishes of people about readers' comments that a worker carries out at the platform.

To hide and to delete can be repeated, so a wish stays open until its platform has confirmed it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from publisher.base.stored_messages import kept
from publisher.ledger.database import LedgerPart
from publisher.ledger.integrity.chain_links import chain_of
from publisher.ledger.tables import about, history, reader_comments
from publisher.ledger.transitions import note_account
from publisher.model.alarms import CALLED
from publisher.model.events import Event
from publisher.model.reader_comments import CARRIED_OUT, CommentState

_LEASE = 60.0  # real seconds

UNREAD = timedelta(minutes=5)
"""How long something about comments may fail until somebody is called."""


@dataclass(frozen=True, slots=True)
class OpenWish:
    """A comment that a person wants hidden or deleted."""

    id: int
    account: str
    remote_id: str
    state: CommentState
    try_at: datetime


class CommentWishes(LedgerPart):
    """Reads open wishes, and records what became of them."""

    def open(self, accounts: Collection[str]) -> list[OpenWish]:
        """What people want hidden or deleted and is due, oldest wish first."""
        table, now = reader_comments.c, self._clock.now()
        query = (
            select(table.id, table.account, table.remote_id, table.state, table.try_at)
            .where(table.state.in_(sorted(CARRIED_OUT)), table.try_at <= now)
            .order_by(table.try_at)
        )
        with self._database.read() as connection:
            return [
                OpenWish(row.id, row.account, row.remote_id, CommentState(row.state), row.try_at)
                for row in connection.execute(query)
                if row.account in accounts
            ]

    def take(self, wish: OpenWish) -> bool:
        """Whether this process carries it out; if that dies, another one may after a minute."""
        mine = _of(wish).where(reader_comments.c.try_at == wish.try_at)
        with self._database.write() as connection:
            taken = connection.execute(mine.values(try_at=self._clock.ahead(_LEASE)))
            return bool(taken.rowcount == 1)

    def carried_out(self, wish: OpenWish) -> None:
        """Record that the platform did what a person wanted."""
        event = {
            CommentState.HIDING: Event.ANSWER_HIDDEN,
            CommentState.DELETING: Event.ANSWER_DELETED,
        }[wish.state]
        state = CARRIED_OUT[wish.state]
        self._change(wish, event, state=state, urgency=0, trouble=None, try_at=None)

    def not_carried_out(self, wish: OpenWish, message: str, again_at: datetime | None) -> None:
        """Record why not; with `again_at` None, a person has to act: the comment is open again.

        Somebody is called then, and also when it has been tried for some minutes.
        """
        values: dict[str, Any] = {"trouble": kept(message), "try_at": again_at}
        if again_at:
            table = reader_comments.c
            lasts = select(table.id).where(
                table.id == wish.id,
                table.changed_at <= self._clock.now() - UNREAD,
                table.urgency != CALLED,
            )
            with self._database.write() as connection:
                connection.execute(_of(wish).values(values))
                is_to_call = connection.execute(lasts).first() is not None
            if not is_to_call:
                return
        else:
            values["state"] = CommentState.NEW
        self._change(wish, Event.ANSWER_NOT_CHANGED, message, calls=True, urgency=CALLED, **values)

    def _change(
        self,
        wish: OpenWish,
        event: Event,
        message: str | None = None,
        *,
        calls: bool = False,
        **values: Any,
    ) -> None:
        """`calls`: somebody is called with this step."""
        now = self._clock.now()
        with self._database.write() as connection:
            row = connection.execute(
                _of(wish).values(changed_at=now, **values).returning(reader_comments.c.post)
            ).first()
            if row is None:  # a person or another process was faster
                return
            detail = {"account": wish.account, "id": wish.remote_id}
            told = {"message": message} if message else {}
            step = noted(connection, wish.account, row.post, event, now, {**detail, **told})
            if calls:
                its = update(reader_comments).where(reader_comments.c.id == wish.id)
                connection.execute(its.values(alarm_step=step))


def noted(
    connection: Connection,
    account: str,
    post: str | None,
    event: Event,
    at: datetime,
    detail: Mapping[str, Any],
) -> int:
    """Write a step of the history; returns its id."""
    chain = chain_of(account, post)
    note_account(connection, chain, event, at, detail=dict(detail))
    step = connection.execute(select(func.max(history.c.id)).where(about(chain))).scalar_one()
    return int(step)


def _of(wish: OpenWish) -> Any:
    return update(reader_comments).where(
        reader_comments.c.id == wish.id, reader_comments.c.state == wish.state
    )
