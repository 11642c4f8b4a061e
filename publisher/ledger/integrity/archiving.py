"""Archiving: moves the steps of deliveries that ended long ago from the history into archives.

The delivery itself stays in the ledger, with its text, ids and state: `queue` recognises by it what
is out, and the log and the report show it. Only its steps are moved. If it changes again later, its
chain goes on after the last archived step.

Nothing is removed before it is safe elsewhere: the file is written, synced to the disk, read back
and compared with the chains. Then one transaction checks that its deliveries are still as they
were, gives the file its name, records it in the history, and removes the steps. A process that dies
before the commit leaves all steps in the ledger, and perhaps a file that no step records: the next
run makes the same file again, and uses that one.
"""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select

from publisher.base.clock import Clock
from publisher.base.errors import HistoryBroken
from publisher.base.files import create_private, file_errors, sync
from publisher.base.i18n import _
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.integrity import archive_files, hash_chain
from publisher.ledger.integrity.archive_files import Archive
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.rows import chunks
from publisher.ledger.tables import EVERYTHING, archived, deliveries, history, notices, seals
from publisher.ledger.transitions import Conflict, note_account
from publisher.model.events import Event
from publisher.model.states import State

_MOST = 20_000
"""About how many steps one file has: while they are removed from SQLite, no other process can
write.
"""
_ENDED = (State.PUBLISHED, State.FAILED, State.MISSED, State.CANCELLED, State.WITHDRAWN)
_HAS_ENDED = and_(
    deliveries.c.state.in_(sorted(_ENDED)),
    deliveries.c.clear_at.is_(None),
    # A withdrawal that is not complete leaves a part out that a person wanted to delete.
    or_(deliveries.c.state == State.WITHDRAWN, deliveries.c.withdrawn_ids.is_(None)),
)
_NEWEST = and_(history.c.delivery == deliveries.c.id, history.c.seq == deliveries.c.version)


class _Ended(NamedTuple):
    """A delivery whose steps may be archived."""

    id: int
    due_at: datetime
    version: int
    head: str
    post: str
    account: str

    @property
    def month(self) -> str:
        return f"{self.due_at:%Y-%m}"


class Archiving(LedgerPart):
    """Makes archives, one or more for each month."""

    def __init__(self, database: Database, clock: Clock, audit: Audit, folder: Path) -> None:
        super().__init__(database, clock)
        self._audit = audit
        self._folder = folder
        self._draft = folder / "new.part"

    def before(self, months: int) -> datetime:
        """The beginning of the month (UTC) that many whole months ago."""
        now = self._clock.now()
        index = now.year * 12 + now.month - 1 - months
        return now.replace(
            year=index // 12, month=index % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0
        )

    def waiting(self, before: datetime) -> int:
        """The number of deliveries that ended before that instant and are not archived."""
        query = select(func.count()).select_from(deliveries.join(history, _NEWEST))
        with self._database.read() as connection:
            return connection.execute(query.where(_is_old(before))).scalar_one()

    def run(self, before: datetime, actor: str) -> Iterator[Archive]:
        """Archive the steps of those deliveries, in a file for each month in which they were due.

        A month with many steps makes several files. HistoryBroken when the history, or an earlier
        archive, is not as it was written; StorageError when a file cannot be written. One process
        at a time.
        """
        self._audit.seal()
        broken = self._audit.verify().breaks
        if broken:
            raise HistoryBroken(_("The history was changed: {first}.", first=broken[0]))
        last: _Ended | None = None
        while batch := self._next(before, last):
            # If one of them changed meanwhile, it has no longer ended: the next batch has the
            # others.
            with suppress(Conflict):
                yield self._move(batch, actor)
                last = batch[-1]

    def _next(self, before: datetime, last: _Ended | None) -> list[_Ended]:
        """The next deliveries for one file, in the order of their times, all due in one month.

        Only deliveries whose steps are all sealed.
        """
        sealed = select(func.coalesce(func.max(seals.c.last), 0)).scalar_subquery()
        query = (
            select(*(deliveries.c[name] for name in _Ended._fields))
            .join(history, _NEWEST)
            .where(_is_old(before), history.c.id <= sealed, *_comes_after(last))
            .order_by(deliveries.c.due_at, deliveries.c.id)
            .limit(_MOST)
        )
        with self._database.read() as connection:
            found = [_Ended(*row) for row in connection.execute(query)]
        totals = itertools.accumulate(ended.version for ended in found)
        return [
            ended
            for ended, total in zip(found, totals, strict=True)
            if ended.month == found[0].month and (total <= _MOST or ended is found[0])
        ]

    def _move(self, batch: Sequence[_Ended], actor: str) -> Archive:
        try:
            with file_errors(self._folder):
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                sync(self._folder.parent)
                self._draft.unlink(missing_ok=True)
                self._write(batch)
                sync(self._draft)
                detail = self._read_back(batch)
            with self._database.write() as connection:
                return self._replace(connection, batch, detail, actor)
        finally:
            with suppress(OSError):
                self._draft.unlink(missing_ok=True)

    def _write(self, batch: Sequence[_Ended]) -> None:
        create_private(self._draft)
        with self._database.read() as connection:
            archive_files.write(self._draft, _steps(connection, batch))

    def _read_back(self, batch: Sequence[_Ended]) -> dict[str, Any]:
        """The new file's figures; raises StorageError unless it has every step of each delivery."""
        with self._database.read() as connection:
            starts = _starts(connection, batch)
        ended = iter(sorted(batch))
        ids: list[int] = []
        instants: list[datetime] = []
        for key, group in itertools.groupby(
            archive_files.read(self._draft), itemgetter("delivery")
        ):
            steps = [archive_files.as_chained(row) for row in group]
            if not _is_whole(next(ended, None), key, [*starts.get(key, ()), *steps]):
                raise archive_files.not_as_written(self._draft)
            ids += [row["id"] for row in steps]
            instants += [row["at"] for row in steps]
        if next(ended, None):
            raise archive_files.not_as_written(self._draft)
        return {
            "sha256": archive_files.digest(self._draft),
            "deliveries": len(batch),
            "steps": len(ids),
            "first": min(ids),
            "last": max(ids),
            "oldest": min(instants),
            "newest": max(instants),
        }

    def _replace(
        self, connection: Connection, batch: Sequence[_Ended], detail: dict[str, Any], actor: str
    ) -> Archive:
        """Remove the steps from the history, and record there which file has them."""
        _insist_on_no_move(connection, batch)
        detail = {"file": self._publish(batch[0].month, detail["sha256"]).name, **detail}
        note_account(connection, EVERYTHING, Event.ARCHIVED, self._clock.now(), actor, detail)
        told = archive_files.on_record(connection)[-1]
        rows = [
            {"delivery": e.id, "through": e.version, "head": e.head, "step": told.step}
            for e in batch
        ]
        connection.execute(insert(archived), rows)
        covered = history.c.delivery.in_(
            select(archived.c.delivery).where(archived.c.step == told.step)
        )
        of_steps = notices.c.step.in_(select(history.c.id).where(covered))
        connection.execute(delete(notices).where(of_steps))
        removed = connection.execute(delete(history).where(covered)).rowcount
        if removed != told.steps:
            raise AssertionError(f"{removed} steps in the history, {told.steps} in {told.file}")
        return told

    def _publish(self, month: str, sha256: str) -> Path:
        """Give the new file a name that no other file has, durably; or use the identical file."""
        names = itertools.chain([month], (f"{month}-{number}" for number in itertools.count(2)))
        paths = (self._folder / f"{name}.jsonl.gz" for name in names)
        with file_errors(self._folder):
            path = next(p for p in paths if not p.exists() or archive_files.digest(p) == sha256)
            if not path.exists():
                path.hardlink_to(self._draft)
            sync(self._folder)
        return path


def _is_whole(ended: _Ended | None, key: int, steps: Sequence[dict[str, Any]]) -> bool:
    """Whether these are the steps of that delivery, from the first to the last."""
    if ended is None or key != ended.id:
        return False
    flaws = hash_chain.flaws(steps, hash_chain.delivery_origin(ended.post, ended.account))
    end = hash_chain.end_flaw(steps[-1]["seq"], steps[-1]["hash"], ended.version, ended.head)
    return not any(flaws) and end is None


def _is_old(before: datetime) -> ColumnElement[bool]:
    """Deliveries with their newest step: due, and ended, before that instant."""
    return and_(_HAS_ENDED, deliveries.c.due_at < before, history.c.at < before)


def _comes_after(last: _Ended | None) -> Iterator[ColumnElement[bool]]:
    if last:
        same_time = and_(deliveries.c.due_at == last.due_at, deliveries.c.id > last.id)
        yield deliveries.c.due_at >= last.due_at
        yield or_(deliveries.c.due_at > last.due_at, same_time)


def _chunks(batch: Sequence[_Ended]) -> Iterator[Sequence[int]]:
    """Their ids in order."""
    return chunks(sorted(ended.id for ended in batch))


def _steps(connection: Connection, batch: Sequence[_Ended]) -> Iterator[dict[str, Any]]:
    of_history = (column for column in history.c if column.name != "account")
    columns = (deliveries.c.post, deliveries.c.account, deliveries.c.channel, *of_history)
    for ids in _chunks(batch):
        query = select(*columns).join_from(
            history, deliveries, history.c.delivery == deliveries.c.id
        )
        of_chunk = query.where(history.c.delivery.in_(ids))
        for row in connection.execute(of_chunk.order_by(history.c.delivery, history.c.seq)):
            yield row._asdict()


def _starts(connection: Connection, batch: Sequence[_Ended]) -> dict[int, list[dict[str, Any]]]:
    """The last archived step of each of those deliveries that has one."""
    found: dict[int, list[dict[str, Any]]] = {}
    for ids in _chunks(batch):
        query = (
            archive_files.ends().where(archived.c.delivery.in_(ids)).order_by(archived.c.through)
        )
        found |= {row.delivery: [row._asdict()] for row in connection.execute(query)}
    return found


def _insist_on_no_move(connection: Connection, batch: Sequence[_Ended]) -> None:
    """Lock the deliveries; raise `Conflict` unless each is as it was when its steps were read."""
    heads: dict[int, str] = {}
    for ids in _chunks(batch):
        query = select(deliveries.c.id, deliveries.c.head).where(
            deliveries.c.id.in_(ids), _HAS_ENDED
        )
        locked = query.order_by(deliveries.c.id).with_for_update()
        heads |= {row.id: row.head for row in connection.execute(locked)}
        # Archiving on another machine does not change the delivery.
        newest = select(func.count()).select_from(deliveries.join(history, _NEWEST))
        if connection.execute(newest.where(deliveries.c.id.in_(ids))).scalar_one() != len(ids):
            raise Conflict
    if heads != {ended.id: ended.head for ended in batch}:
        raise Conflict
