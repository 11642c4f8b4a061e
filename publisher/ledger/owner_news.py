"""Notices about accounts whose keys now belong to another handle than before."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select

from publisher.ledger.tables import about, history, profiles
from publisher.model.events import Event


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


def called(handle: str, name: str) -> str:
    """How the owner of an account's keys is called: by its handle, where it has one."""
    return f"@{handle}" if handle else name
