"""Seals over the history, and its verification; hash_chain.py explains both."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.integrity import hash_chain
from publisher.ledger.integrity.archive_files import Archives
from publisher.ledger.integrity.verification import ArchiveShelf, Break, add_to, breaks_in, streamed
from publisher.ledger.tables import deliveries, history, seals


@dataclass(frozen=True, slots=True)
class Seal:
    """A hash over all steps up to one, and over all seals before it."""

    number: int
    at: datetime
    last: int
    """The id of the newest step that it covers."""
    steps: int
    """How many steps it covers that no seal before it covers."""
    digest: str
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of verifying the whole history."""

    steps: int
    """Including those in archives."""
    deliveries: int
    archives: int
    archived: int
    """Steps in archives."""
    unsealed: int
    """Steps since the newest seal."""
    seal: Seal | None
    """The newest."""
    breaks: tuple[Break, ...]


class Audit(LedgerPart):
    """Seals the history and verifies it."""

    def __init__(self, database: Database, clock: Clock, archive: Path | None = None) -> None:
        """`archive` is the folder of the archives; None when there is none."""
        super().__init__(database, clock)
        self._archives = Archives(archive)

    def seal(self, *, always: bool = False) -> bool:
        """Seal what was written since the newest seal.

        `always`: also when nothing was written, so that the seal's time is now. False when it
        cannot be done now, because PostgreSQL is too busy or another process is sealing.
        """
        last = self._frontier()
        if last is None:
            return False
        with self._database.read() as connection:
            newest = _newest_seal(connection)
            steps, digest = _covered(connection, newest.last if newest else 0, last)
        if not steps and not always:
            return True
        row = {
            "number": newest.number + 1 if newest else 1,
            "at": self._clock.now(),
            "last": last,
            "steps": steps,
            "digest": digest,
        }
        previous = newest.hash if newest else hash_chain.BEFORE_THE_FIRST_SEAL
        try:
            with self._database.write() as connection:
                connection.execute(
                    insert(seals).values(**row, hash=hash_chain.seal_hash(row, previous))
                )
        except IntegrityError:  # another process took this number
            return False
        return True

    def _frontier(self) -> int | None:
        """A step's id below which no other will ever appear; None when it cannot be known now.

        Transactions on PostgreSQL commit in another order than their steps are numbered. A lock
        that is granted only while no writer is open, and is not waited for, shows the id up to
        which all is written; SQLite has one writer at a time.
        """
        newest = select(func.coalesce(func.max(history.c.id), 0))
        if self._database.is_sqlite:
            with self._database.read() as connection:
                return int(connection.execute(newest).scalar_one())
        with self._database.write() as connection:
            try:
                with connection.begin_nested():
                    connection.execute(text("LOCK TABLE history IN SHARE MODE NOWAIT"))
            except OperationalError:
                return None
            return int(connection.execute(newest).scalar_one())

    def verify(self, noted: str | None = None) -> Verdict:
        """Verify the whole history; `noted` is the hash of a seal that it must have."""
        with self._database.read() as connection:
            newest = _newest_seal(connection)
            shelf = ArchiveShelf(connection, self._archives)
            breaks = [*breaks_in(connection, shelf)]
            if noted and not _has_seal(connection, noted):
                breaks.append(
                    Break(_("No seal has the hash {noted}: the history was replaced.", noted=noted))
                )
            archived_steps = sum(archive.steps for archive in shelf.all)
            newer = history.c.id > (newest.last if newest else 0)
            return Verdict(
                steps=archived_steps
                + _count(connection, select(func.count()).select_from(history)),
                deliveries=_count(connection, select(func.count()).select_from(deliveries)),
                archives=len(shelf.all),
                archived=archived_steps,
                unsealed=_count(connection, select(func.count()).where(newer)),
                seal=newest,
                breaks=tuple(breaks),
            )


def _covered(connection: Connection, after: int, last: int) -> tuple[int, str]:
    """How many steps there are after the one of id `after` up to `last`, and their digest."""
    steps, hasher = 0, hashlib.sha256()
    query = select(history.c.id, history.c.hash).where(history.c.id > after, history.c.id <= last)
    for row in streamed(connection, query.order_by(history.c.id)):
        add_to(hasher, row["id"], row["hash"])
        steps += 1
    return steps, hasher.hexdigest()


def _newest_seal(connection: Connection) -> Seal | None:
    query = select(seals).order_by(seals.c.number.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Seal(**row)


def _has_seal(connection: Connection, noted: str) -> bool:
    query = select(seals.c.number).where(seals.c.hash == noted.strip().lower())
    return connection.execute(query).first() is not None


def _count(connection: Connection, query: Any) -> int:
    return int(connection.execute(query).scalar_one())
