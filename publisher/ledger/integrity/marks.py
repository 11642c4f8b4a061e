"""High-water marks: the newest step of the history that was seen, kept where the ledger is not.

A database may go back: a snapshot of its machine, a provider's restore, a standby that lacked the
last commits, pg_restore. Its history is unbroken then; only what was seen of it before shows that
some of it is gone. So each process remembers the newest step that it wrote, and appends nothing to
a history that lacks it (`Database.write`). `watermarks.py` keeps marks in other places too.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, bindparam, select

from publisher.ledger.tables import archived, history

_SEEN, _WRITTEN = "seen", "written"
"""Keys of a connection's `info`: the mark that it is compared with, and its own newest step."""

_COLUMNS = history.c.delivery, history.c.account, history.c.seq, history.c.hash, history.c.at
_NEWEST = select(*_COLUMNS).order_by(history.c.id.desc()).limit(1)
_OF_DELIVERY = select(history.c.hash).where(
    history.c.delivery == bindparam("delivery"), history.c.seq == bindparam("seq")
)
_OF_ACCOUNT = select(history.c.hash).where(
    history.c.delivery.is_(None),
    history.c.account == bindparam("account"),
    history.c.seq == bindparam("seq"),
)
_ARCHIVED = select(archived.c.through).where(
    archived.c.delivery == bindparam("delivery"), archived.c.through >= bindparam("seq")
)


class Watermark(BaseModel, frozen=True):
    """One step of the history: its chain, its number there, its hash, and when it was made."""

    delivery: int | None
    account: str | None
    seq: int
    hash: str
    at: datetime

    def is_in(self, connection: Connection) -> bool:
        """Whether the ledger has this step, or an archive has it."""
        where = {"seq": self.seq}
        if self.delivery is None:
            where_of_account = {**where, "account": self.account}
            return bool(connection.execute(_OF_ACCOUNT, where_of_account).scalar() == self.hash)
        where_of_delivery = {**where, "delivery": self.delivery}
        found = connection.execute(_OF_DELIVERY, where_of_delivery).scalar()
        if found is None:
            return connection.execute(_ARCHIVED, where_of_delivery).first() is not None
        return bool(found == self.hash)


def mark_of(step: Mapping[str, Any]) -> Watermark:
    """The mark of a row of the history."""
    return Watermark.model_construct(**{name: step[name] for name in Watermark.model_fields})


class Behind(Exception):
    """The ledger lacks a step that was seen of it."""

    def __init__(self, mark: Watermark, at: datetime) -> None:
        """`at`: now, by the clock of the process that was about to append a step."""
        super().__init__()
        self.mark = mark
        self.at = at


def newest(connection: Connection) -> Watermark | None:
    """The mark of the newest step; None for a history without any."""
    row = connection.execute(_NEWEST).mappings().first()
    return mark_of(dict(row)) if row else None


def begin(connection: Connection, seen: Watermark | None) -> None:
    """Let this transaction append steps only to a history that has the one of `seen`."""
    connection.info.pop(_WRITTEN, None)
    connection.info[_SEEN] = seen


def compare(connection: Connection, at: datetime) -> None:
    """Raise Behind if the history lacks what this process has seen; once for a transaction."""
    seen: Watermark | None = connection.info.pop(_SEEN, None)
    if seen and not seen.is_in(connection):
        raise Behind(seen, at)


def appended(connection: Connection, step: Mapping[str, Any]) -> None:
    """Keep the newest step of this transaction."""
    connection.info[_WRITTEN] = mark_of(step)


def written(connection: Connection) -> Watermark | None:
    """The newest step of this transaction; None if it appended none."""
    found: Watermark | None = connection.info.pop(_WRITTEN, None)
    return found
