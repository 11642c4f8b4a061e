"""Notices about accounts whose keys belong to another handle than before, or are not renewed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from publisher.base.stored_messages import told
from publisher.ledger.tables import about, history, key_exchanges, profiles
from publisher.model.events import Event

_LOOKED_AT = 200  # newest steps of an account


@dataclass(frozen=True, slots=True)
class KeysEnd:
    """An account that works, and whose keys are not renewed any more."""

    step: int
    account: str
    message: str
    until: datetime


@dataclass(frozen=True, slots=True)
class OwnerChange:
    """An account whose keys belong to another handle, which no person has confirmed yet."""

    step: int
    account: str
    now: str
    """`@handle`, or the name where the platform has no handles."""
    before: str


def of_owners(connection: Connection, is_news: ColumnElement[bool]) -> Iterator[OwnerChange]:
    """The changes that are news. One that is confirmed, or was taken back, is none any more."""
    changed = select(
        profiles.c.account, profiles.c.handle, profiles.c.name, profiles.c.before
    ).where(profiles.c.before.is_not(None))
    for row in connection.execute(changed.order_by(profiles.c.account)).all():
        steps = select(history.c.id, is_news.label("is_news")).where(
            about(row.account), history.c.event == Event.PROFILE_CHANGED
        )
        newest = connection.execute(steps.order_by(history.c.seq.desc()).limit(1)).first()
        if newest is not None and newest.is_news:
            yield OwnerChange(newest.id, row.account, called(row.handle, row.name), row.before)


def of_ends(connection: Connection, is_news: ColumnElement[bool]) -> Iterator[KeysEnd]:
    """Keys that are not renewed; the newest step tells all."""
    exchanged = select(key_exchanges.c.account).distinct().order_by(key_exchanges.c.account)
    for account in connection.execute(exchanged).scalars().all():
        columns = history.c.id, history.c.seq, history.c.event
        in_order = select(*columns).where(about(account)).order_by(history.c.seq.desc())
        steps = in_order.limit(_LOOKED_AT).subquery()
        ends = select(steps.c.id).where(steps.c.event == Event.KEYS_NOT_RENEWED)
        newest = ends.order_by(steps.c.seq.desc()).limit(1).scalar_subquery()
        news = select(history.c.id, history.c.detail).where(history.c.id == newest, is_news)
        for step in connection.execute(news):
            detail = json.loads(step.detail)
            until = datetime.fromisoformat(detail["until"])
            yield KeysEnd(step.id, account, told(detail["message"]) or "", until)


def called(handle: str, name: str) -> str:
    """How the owner of an account's keys is called: by its handle, where it has one."""
    return f"@{handle}" if handle else name
