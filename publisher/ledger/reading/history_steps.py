"""The history: every step of deliveries, accounts, people and files, also from archives."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select

from publisher.base.clock import Clock
from publisher.base.errors import NoSuchPost
from publisher.base.i18n import _
from publisher.base.stored_messages import told
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.integrity import after_restore, archive_files
from publisher.ledger.integrity.archive_files import Archive
from publisher.ledger.integrity.chain_links import file_of
from publisher.ledger.news.user_notices import ABOUT_PEOPLE
from publisher.ledger.rows import chunks
from publisher.ledger.tables import (
    EVERYTHING,
    about,
    archived,
    deliveries,
    history,
    not_before,
)
from publisher.ledger.transitions import PROGRAM
from publisher.model.events import Event, by_program
from publisher.model.states import State

_STEP = [column for column in history.c if column.name not in ("seq", "hash", "digest")]

_STEPS = (
    select(
        *_STEP,
        deliveries.c.post,
        deliveries.c.account.label("of_account"),
        deliveries.c.channel,
        deliveries.c.published_at,
        deliveries.c.url,
        not_before.label("not_before"),
    )
    .select_from(history.outerjoin(deliveries, history.c.delivery == deliveries.c.id))
    .order_by(history.c.id)
)
# `publisher run` polls several times a second; to build a statement takes longer than to answer it.
_STEPS_AFTER = _STEPS.where(history.c.id > bindparam("after")).limit(bindparam("most"))


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """One step of the history, with its delivery's post, account and channel."""

    id: int
    at: datetime
    event: str
    actor: str
    delivery: int | None = None
    post: str | None = None
    account: str | None = None
    channel: str | None = None
    source: State | None = None
    target: State | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    program: str | None = None
    """The program that acted for the actor."""
    late: timedelta | None = field(default=None, compare=False)
    """How late its delivery's first part was, if that is out. It belongs to the delivery, not to
    the step, and is not in archives.
    """
    url: str | None = field(default=None, compare=False)
    """The delivery's public address, if it is known. It is not in archives either."""

    @property
    def by(self) -> str:
        """Who made it, for people: a person, or a person by a program."""
        return by_program(self.actor, self.program)


class HistoryQueries(LedgerPart):
    """Reads the steps of the history."""

    def __init__(self, database: Database, clock: Clock, archive: Path | None = None) -> None:
        """`archive` is the folder of the archives; None when there is none."""
        super().__init__(database, clock)
        self._archives = archive_files.Archives(archive)

    def former_ids(self) -> dict[str, datetime]:
        """The ids of this ledger before it was restored, each with the instant of its end."""
        with self._database.read() as connection:
            return after_restore.former_ids(connection)

    def history(self, post: str) -> list[HistoryStep]:
        """Every step of a post and of its draft; raises NoSuchPost when there is none.

        Including those in archives; if an archive cannot be read, the step that records it says so.
        """
        found = self.steps_about(post)
        if not found:
            raise NoSuchPost(
                _("There is no post {post} on the schedule or in the history.", post=post)
            )
        return found

    def steps_about(self, post: str) -> list[HistoryStep]:
        """As `history`, but an empty list for an unknown post."""
        return self.steps_about_all([post])[post]

    def steps_about_all(self, posts: Collection[str]) -> dict[str, list[HistoryStep]]:
        """`steps_about` of several posts, by post, with the same few queries for all of them."""
        found: dict[str, list[HistoryStep]] = {post: [] for post in posts}
        files = {file_of(post): post for post in found}
        for step in self._archived(found):
            found[step.post or ""].append(step)
        for chunk in chunks(sorted(found)):
            for step in self._steps(deliveries.c.post.in_(chunk)):
                found[step.post or ""].append(step)
            about_drafts = history.c.account.in_([file_of(post) for post in chunk])
            for step in self._steps(and_(history.c.delivery.is_(None), about_drafts)):
                found[files[step.account or ""]].append(step)
        return {post: sorted(steps, key=lambda step: step.id) for post, steps in found.items()}

    def steps_about_people(self, limit: int) -> list[HistoryStep]:
        """The newest steps about people who may log in, newest first."""
        newest_first = _STEPS.order_by(None).order_by(history.c.id.desc())
        query = newest_first.where(ABOUT_PEOPLE).limit(limit)
        with self._database.read() as connection:
            return [_step(row._asdict()) for row in connection.execute(query)]

    def steps_about_file(self, file: str, limit: int) -> list[HistoryStep]:
        """The newest steps about a file that posts share, such as the agenda, newest first."""
        newest_first = _STEPS.order_by(None).order_by(history.c.seq.desc())
        query = newest_first.where(about(file)).limit(limit)
        with self._database.read() as connection:
            return [_step(row._asdict()) for row in connection.execute(query)]

    def steps(self, after: int, limit: int = 500) -> list[HistoryStep]:
        """Up to `limit` steps of the history after the step `after`."""
        with self._database.read() as connection:
            rows = connection.execute(_STEPS_AFTER, {"after": after, "most": limit})
            return [_step(row._asdict()) for row in rows]

    def steps_of(
        self,
        events: Collection[str],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        account: str | None = None,
    ) -> list[HistoryStep]:
        """The steps of these events from `since` (inclusive) to `until` (exclusive), oldest first.

        With `account`, those about its deliveries, about itself, and about all accounts. An archive
        that cannot be read is replaced by one step of the event `archive_files.LOST`.
        """
        conditions: list[ColumnElement[bool]] = [history.c.event.in_(sorted(events))]
        if since:
            conditions.append(history.c.at >= since)
        if until:
            conditions.append(history.c.at < until)
        if account:
            concerned = history.c.account.in_([account, EVERYTHING])
            conditions.append(or_(deliveries.c.account == account, concerned))
        found = self._steps(and_(*conditions))
        with self._database.read() as connection:
            made = archive_files.on_record(connection)
        for archive in made:
            if (until and archive.oldest >= until) or (since and archive.newest < since):
                continue
            if flaw := self._archives.flaw(archive):
                found.append(_lost(archive, flaw))
                continue
            found += [
                _of_archive(step)
                for step in self._archives.steps(archive)
                if step["event"] in events
                and (since is None or step["at"] >= since)
                and (until is None or step["at"] < until)
                and account in (None, step["account"])
            ]
        return sorted(found, key=lambda step: step.id)

    def last_step(self) -> int:
        """The id of the newest step, 0 when there is none."""
        with self._database.read() as connection:
            return connection.execute(select(func.max(history.c.id))).scalar_one() or 0

    def mark(self) -> tuple[str, int]:
        """A mark of the ledger's state: its newest step, and the number of steps.

        Both, because of two transactions the one that began later may end first. The step's hash is
        used: a ledger restored from a backup gives old ids to new steps.
        """
        newest = select(history.c.hash).order_by(history.c.id.desc()).limit(1)
        with self._database.read() as connection:
            found = connection.execute(newest).scalar_one_or_none()
            return found or "", connection.execute(select(func.count(history.c.id))).scalar_one()

    def _archived(self, posts: Collection[str]) -> Iterator[HistoryStep]:
        """The archived steps of posts, and a step for each delivery that says where they are."""
        columns = deliveries.c.id, deliveries.c.post, deliveries.c.account, deliveries.c.channel
        query = select(*columns, archived.c.step).join(archived)
        moved: dict[int, list[Any]] = defaultdict(list)
        with self._database.read() as connection:
            for chunk in chunks(sorted(posts)):
                for row in connection.execute(query.where(deliveries.c.post.in_(chunk))):
                    moved[row.step].append(row)
            told = archive_files.on_record(connection) if moved else ()
        for archive in told:
            if archive.step in moved:
                flaw = self._archives.flaw(archive)
                detail = {"file": archive.file} | ({"message": flaw} if flaw else {})
                for row in moved[archive.step]:
                    yield HistoryStep(
                        archive.step, archive.at, Event.ARCHIVED, archive.actor,
                        row.id, row.post, row.account, row.channel, detail=detail,
                    )  # fmt: skip
                steps = iter(()) if flaw else self._archives.steps(archive)
                yield from (_of_archive(step) for step in steps if step["post"] in posts)

    def _steps(self, condition: ColumnElement[bool]) -> list[HistoryStep]:
        with self._database.read() as connection:
            return [_step(row._asdict()) for row in connection.execute(_STEPS.where(condition))]


def _step(row: dict[str, Any]) -> HistoryStep:
    of_account = row.pop("of_account")
    published, leaves = row.pop("published_at", None), row.pop("not_before", None)
    detail = json.loads(row["detail"])
    program = detail.pop(PROGRAM, None)
    return HistoryStep(
        **{
            **row,
            "account": of_account or row["account"],
            "source": State(row["source"]) if row["source"] else None,
            "target": State(row["target"]) if row["target"] else None,
            "detail": {
                key: told(value) if isinstance(value, str) else value
                for key, value in detail.items()
            },
            "program": program,
            "late": published - leaves if published else None,
        }
    )


def _lost(archive: Archive, flaw: str) -> HistoryStep:
    return HistoryStep(
        archive.step, archive.at, archive_files.LOST, archive.actor,
        account=archive.file, detail={"message": flaw},
    )  # fmt: skip


def _of_archive(row: dict[str, Any]) -> HistoryStep:
    names = [column.name for column in _STEP] + ["post", "channel"]
    return _step({**{name: row[name] for name in names}, "of_account": row["account"]})
