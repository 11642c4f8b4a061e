"""Queries: reads deliveries, the history and accounts; nothing here changes the ledger."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)

from publisher.base.clock import Clock
from publisher.base.errors import NoSuchPost
from publisher.base.i18n import _
from publisher.base.stored_messages import told
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.integrity import archive_files
from publisher.ledger.integrity.after_restore import Gap, gaps
from publisher.ledger.integrity.archive_files import Archive
from publisher.ledger.manager.draft_edits import about_draft, writers_of
from publisher.ledger.outbox import kept_back
from publisher.ledger.reading.reported import marked
from publisher.ledger.reading.statistics import Span, due_in
from publisher.ledger.rows import chunks, deliveries_in, delivery_of
from publisher.ledger.suspensions import (
    suspended_for_a_person,
    suspended_or_unproved,
    waits_for_a_person,
)
from publisher.ledger.tables import (
    EVERYTHING,
    Instant,
    about,
    accounts,
    archived,
    deliveries,
    history,
    identity,
    media,
    not_before,
)
from publisher.ledger.user_notices import ABOUT_PEOPLE
from publisher.model.deliveries import Brief, Delivery
from publisher.model.events import Event
from publisher.model.outcomes import PASSING
from publisher.model.states import WAITING, State

_COMPARED = 5_000
"""How many known names an unknown one is compared with."""
_STEP = [column for column in history.c if column.name not in ("seq", "hash", "digest")]
_BRIEF = select(*(deliveries.c[name] for name in Brief._fields))
# As in the partial indexes, which the planner does not find for bound values.
_SCHEDULED: ColumnElement[bool] = literal_column("(deliveries.state = 'scheduled')")
_PUBLISHING: ColumnElement[bool] = literal_column("(deliveries.state = 'publishing')")
# The plus prevents the use of an index of times: the partial index of the few stopped ones is
# shorter.
_due_at: ColumnElement[datetime] = literal_column("+deliveries.due_at", Instant)


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
    late: timedelta | None = field(default=None, compare=False)
    """How late its delivery's first part was, if that is out. It belongs to the delivery, not to
    the step, and is not in archives.
    """
    url: str | None = field(default=None, compare=False)
    """The delivery's public address, if it is known. It is not in archives either."""


@dataclass(frozen=True, slots=True)
class WaitingPosts:
    """Counts of the posts that Publisher still has to send or look for."""

    scheduled: int
    """Scheduled, of accounts that are neither paused nor waiting for a person."""
    publishing: int
    reading: int
    """Of unknown outcome and looked for on the platform; the others wait for a person."""
    next_wake: datetime | None
    """When the first of the scheduled ones is claimed; before its time, if it has a video or
    GIF.
    """
    next_due: datetime | None
    """When the first of them is due."""


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """An account that is paused or suspended; `account` is `*` for all of them."""

    account: str
    paused_at: datetime | None
    paused_by: str | None
    pause_reason: str | None
    suspended_at: datetime | None
    suspended_until: datetime | None
    """None with `suspended_at` set: until a person acts."""
    suspension_kind: str | None
    suspension_message: str | None
    suspended_times: int | None = None
    """How often in a row it was suspended without an end named by the platform; None: it was not.
    While it is set, the next post after `suspended_until` tests whether the account goes on.
    """

    @property
    def needs_person(self) -> bool:
        """Whether a person is notified; it may still go on by itself."""
        calls = self.suspended_times is not None and self.suspension_kind not in PASSING
        has_no_end = self.suspended_at is not None and self.suspended_until is None
        return self.paused_at is not None or has_no_end or calls


@dataclass(frozen=True, slots=True)
class Tenure:
    """The ids of an account's first and last delivery; higher ids are later."""

    first: int
    last: int


class Queries(LedgerPart):
    """Queries for pages, commands and reports."""

    def __init__(self, database: Database, clock: Clock, archive: Path | None = None) -> None:
        """`archive` is the folder of the archives; None when there is none."""
        super().__init__(database, clock)
        self._archives = archive_files.Archives(archive)

    def deliveries(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        account: str | None = None,
        state: State | Collection[State] | None = None,
        post: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Delivery]:
        """Deliveries due from `since` (inclusive) to `until` (exclusive), earliest first.

        With `newest_first`, newest first.
        """
        conditions = [*due_in(Span(since, until, account))]
        if isinstance(state, State):
            conditions.append(deliveries.c.state == state)
        elif state is not None:
            conditions.append(deliveries.c.state.in_(sorted(state)))
        if post:
            conditions.append(deliveries.c.post == post)
        order = [deliveries.c.due_at, deliveries.c.id]
        ordered = [column.desc() for column in order] if newest_first else order
        query = select(deliveries).where(*conditions).order_by(*ordered).limit(limit)
        with self._database.read() as connection:
            return marked(connection, deliveries_in(connection, query))

    def missed(self, since: datetime) -> int:
        """How many deliveries due from `since` on were missed."""
        query = select(func.count()).where(
            deliveries.c.due_at >= since, deliveries.c.state == State.MISSED
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def stopped_too_late(self, since: datetime) -> list[Delivery]:
        """Deliveries due from `since` on that are out, although a person had stopped them."""
        query = select(deliveries).where(
            _due_at >= since,
            deliveries.c.pending_stop.is_not(None),
            deliveries.c.state == State.PUBLISHED,
        )
        return self._read(query)

    def still_out(self) -> list[Delivery]:
        """Deliveries whose withdrawal failed so far: a part may still be out.

        Without those that are listed as problems anyway.
        """
        query = select(deliveries).where(
            deliveries.c.withdraw_at.is_not(None),
            deliveries.c.error_kind.is_not(None),
            deliveries.c.state.in_([State.PUBLISHED, State.CANCELLED]),
        )
        return self._read(query)

    def kept_back(self) -> list[Delivery]:
        """Deliveries that are due, and whose content their platform does not take for now."""
        return self._read(select(deliveries).where(kept_back(self._clock)))

    def standing(self, posts: Sequence[str], *, and_under_way: bool) -> list[Delivery]:
        """All deliveries of these posts; `and_under_way` adds those of others not out yet."""
        return self.with_ids([one.id for one in self.in_brief(posts, and_under_way=and_under_way)])

    def in_brief(self, posts: Sequence[str], *, and_under_way: bool) -> list[Brief]:
        """As `standing`, without what takes long to read; each is whole in `with_ids`."""
        under_way = deliveries.c.state.in_(sorted({*WAITING, State.PUBLISHING, State.UNCERTAIN}))
        chosen: list[ColumnElement[bool]] = [
            deliveries.c.post.in_(chunk) for chunk in chunks(sorted(posts))
        ]
        if and_under_way:
            chosen = [under_way, *(and_(condition, ~under_way) for condition in chosen)]
        with self._database.read() as connection:
            rows = [row for one in chosen for row in connection.execute(_BRIEF.where(one))]
        return sorted(Brief._make((*row[:4], State(row.state), *row[5:])) for row in rows)

    def with_ids(self, ids: Sequence[int]) -> list[Delivery]:
        """These deliveries, in the order of their ids."""
        found: list[Delivery] = []
        with self._database.read() as connection:
            for chunk in chunks(sorted(ids)):
                query = select(deliveries).where(deliveries.c.id.in_(chunk))
                found += deliveries_in(connection, query.order_by(deliveries.c.id))
        return found

    def with_fingerprints(self, keys: Collection[tuple[str, str]]) -> list[Delivery]:
        """Deliveries whose (account, fingerprint of the text) is among `keys`, oldest first."""
        found = []
        with self._database.read() as connection:
            for chunk in chunks(sorted(keys)):
                of_text = deliveries.c.fingerprint.in_({text for _, text in chunk})
                query = select(deliveries).where(of_text).order_by(deliveries.c.id)
                rows = connection.execute(query).mappings()
                found += [
                    delivery_of(row) for row in rows if (row["account"], row["fingerprint"]) in keys
                ]
        return found

    def counts(self) -> dict[State, int]:
        """How many deliveries are in each state."""
        query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        with self._database.read() as connection:
            return {State(state): count for state, count in connection.execute(query)}

    def awaiting_approval(self) -> dict[str, set[str]]:
        """The accounts of which a post waits for an approval, by post."""
        columns = deliveries.c.post, deliveries.c.account
        query = select(*columns).where(deliveries.c.state == State.AWAITING_APPROVAL)
        found: dict[str, set[str]] = defaultdict(set)
        with self._database.read() as connection:
            for post, account in connection.execute(query):
                found[post].add(account)
        return found

    def coming(self, limit: int | None) -> list[Delivery]:
        """The first `limit` deliveries that are being sent or will go out at their time."""
        going = and_(_SCHEDULED, ~self._paused_or_suspended())
        first: list[Delivery] = []
        with self._database.read() as connection:
            for condition in (_PUBLISHING, going):
                query = select(deliveries).where(condition)
                ordered = query.order_by(deliveries.c.next_check_at, deliveries.c.id).limit(limit)
                first += deliveries_in(connection, ordered)
        first.sort(key=lambda delivery: (delivery.not_before, delivery.id))
        return first[:limit]

    def paused_or_suspended(self) -> int:
        """How many scheduled deliveries have an account that is paused or suspended then."""
        counted = select(func.count()).select_from(deliveries)
        query = counted.where(_SCHEDULED, self._paused_or_suspended())
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def first_paused_or_suspended(self, limit: int) -> list[Delivery]:
        """The first `limit` of the deliveries that `paused_or_suspended` counts, in order of
        time.
        """
        query = select(deliveries).where(_SCHEDULED, self._paused_or_suspended())
        ordered = query.order_by(deliveries.c.next_check_at, deliveries.c.id).limit(limit)
        return self._read(ordered)

    def _paused_or_suspended(self) -> ColumnElement[bool]:
        """Deliveries whose account is paused or suspended at their time."""
        # Few accounts are: to check the account of each delivery would take far longer.
        return or_(false(), *map(_waits_for, self.accounts()))

    def picture(self, digest: str) -> tuple[str, bytes] | None:
        """The media type and the bytes of a queued picture; None when there is none."""
        query = select(media.c.media_type, media.c.data).where(media.c.digest == digest)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (row.media_type, row.data)

    def has_picture(self, digest: str) -> bool:
        """Whether the picture is stored already, from a queued delivery."""
        query = select(exists().where(media.c.digest == digest))
        with self._database.read() as connection:
            return bool(connection.execute(query).scalar())

    def waiting(self) -> WaitingPosts:
        """Counts of the posts that Publisher still has to send or look for."""
        now = bindparam("now", self._clock.now(), type_=Instant)
        earliest = func.min(deliveries.c.next_check_at), func.min(deliveries.c.due_at)
        scheduled = select(func.count(), *earliest).where(
            deliveries.c.state == State.SCHEDULED,
            ~exists().where(waits_for_a_person(deliveries.c.account, now)),
        )
        publishing = select(func.count()).where(deliveries.c.state == State.PUBLISHING)
        reading = select(func.count()).where(
            deliveries.c.state == State.UNCERTAIN,
            deliveries.c.settled_at.is_not(None),
            ~exists().where(suspended_for_a_person(deliveries.c.account)),
        )
        with self._database.read() as connection:
            count, first, due = connection.execute(scheduled).one()
            return WaitingPosts(
                scheduled=count,
                publishing=connection.execute(publishing).scalar_one(),
                reading=connection.execute(reading).scalar_one(),
                next_wake=first,
                next_due=due,
            )

    def accounts(self) -> list[AccountStatus]:
        """The accounts that are paused, suspended, or not proved to go on."""
        query = (
            select(*(accounts.c[column.name] for column in fields(AccountStatus)))
            .where(or_(accounts.c.paused_at.is_not(None), suspended_or_unproved(self._clock.now())))
            .order_by(accounts.c.account)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).mappings()
            return [
                AccountStatus(**{**r, "suspension_message": told(r["suspension_message"])})
                for r in rows
            ]

    def known_accounts(self) -> set[str]:
        """The names of all accounts that the ledger has ever known."""
        with self._database.read() as connection:
            return set(connection.execute(select(accounts.c.account)).scalars()) - {EVERYTHING}

    def known_posts(self, ids: Sequence[str]) -> set[str]:
        """Those of the posts that the ledger has deliveries of."""
        known: set[str] = set()
        with self._database.read() as connection:
            for chunk in chunks(ids):
                query = select(deliveries.c.post).where(deliveries.c.post.in_(chunk)).distinct()
                known |= set(connection.execute(query).scalars())
        return known

    def writers(self, posts: Sequence[str]) -> dict[str, list[str]]:
        """People who changed these posts' text or pictures on the web pages, by post."""
        found: dict[str, list[str]] = {}
        with self._database.read() as connection:
            for chunk in chunks(posts):
                found |= writers_of(connection, chunk)
        return found

    def tenure(self, account: str) -> Tenure | None:
        """The first and last delivery of an account; None when it has none."""
        ends = select(func.min(deliveries.c.id), func.max(deliveries.c.id))
        with self._database.read() as connection:
            row = connection.execute(ends.where(deliveries.c.account == account)).one()
        return None if row[0] is None else Tenure(*row)

    def ledger_id(self) -> str:
        """The unique id of this ledger: 32 hexadecimal digits."""
        with self._database.read() as connection:
            return str(connection.execute(select(identity.c.id)).scalar_one())

    def gaps(self) -> list[Gap]:
        """The time spans that this ledger knows nothing about, as it was restored or is new."""
        with self._database.read() as connection:
            return gaps(connection)

    def names_like(self, name: str, limit: int) -> list[str]:
        """Posts that an unknown name may mean: longer names, or similar ones."""
        last = name.rpartition("/")[2]
        for condition in (
            deliveries.c.post.startswith(name, autoescape=True),
            deliveries.c.post.contains(last, autoescape=True),
        ):
            query = select(deliveries.c.post).where(condition).distinct()
            with self._database.read() as connection:
                found = connection.execute(query.order_by(deliveries.c.post).limit(limit))
                if names := list(found.scalars()):
                    return names
        query = select(deliveries.c.post).distinct().order_by(deliveries.c.post.desc())
        with self._database.read() as connection:
            known = list(connection.execute(query.limit(_COMPARED)).scalars())
        return get_close_matches(name, known, n=limit, cutoff=0.6)

    def history(self, post: str) -> list[HistoryStep]:
        """Every step of a post and of its draft; raises NoSuchPost when there is none.

        Including those in archives; if an archive cannot be read, the step that records it says so.
        """
        found = self.steps_about(post)
        if not found:
            raise NoSuchPost(_("The ledger has no post {post}.", post=post))
        return found

    def steps_about(self, post: str) -> list[HistoryStep]:
        """As `history`, but an empty list for an unknown post."""
        found = [
            *self._archived(post),
            *self._steps(deliveries.c.post == post),
            *self._steps(about_draft(post)),
        ]
        return sorted(found, key=lambda step: step.id)

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

    def _archived(self, post: str) -> Iterator[HistoryStep]:
        """The archived steps of a post, and a step for each delivery that says where they are."""
        columns = deliveries.c.id, deliveries.c.account, deliveries.c.channel, archived.c.step
        query = select(*columns).join(archived).where(deliveries.c.post == post)
        moved: dict[int, list[Any]] = defaultdict(list)
        with self._database.read() as connection:
            for row in connection.execute(query):
                moved[row.step].append(row)
            told = archive_files.on_record(connection) if moved else ()
        for archive in told:
            if archive.step in moved:
                flaw = self._archives.flaw(archive)
                detail = {"file": archive.file} | ({"message": flaw} if flaw else {})
                for row in moved[archive.step]:
                    yield HistoryStep(
                        archive.step, archive.at, Event.ARCHIVED, archive.actor,
                        row.id, post, row.account, row.channel, detail=detail,
                    )  # fmt: skip
                steps = iter(()) if flaw else self._archives.steps(archive)
                yield from (_of_archive(step) for step in steps if step["post"] == post)

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

    def _steps(self, condition: ColumnElement[bool]) -> list[HistoryStep]:
        with self._database.read() as connection:
            return [_step(row._asdict()) for row in connection.execute(_STEPS.where(condition))]

    def _read(self, query: Select[Any]) -> list[Delivery]:
        with self._database.read() as connection:
            return deliveries_in(connection, query)


def _waits_for(status: AccountStatus) -> ColumnElement[bool]:
    """Deliveries that the pause or suspension of this account, or of all, delays."""
    concerned = true() if status.account == EVERYTHING else deliveries.c.account == status.account
    if status.paused_at or status.suspended_until is None:
        return concerned
    return and_(concerned, not_before < status.suspended_until)


def _step(row: dict[str, Any]) -> HistoryStep:
    of_account = row.pop("of_account")
    published, leaves = row.pop("published_at", None), row.pop("not_before", None)
    return HistoryStep(
        **{
            **row,
            "account": of_account or row["account"],
            "source": State(row["source"]) if row["source"] else None,
            "target": State(row["target"]) if row["target"] else None,
            "detail": {
                key: told(value) if isinstance(value, str) else value
                for key, value in json.loads(row["detail"]).items()
            },
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
