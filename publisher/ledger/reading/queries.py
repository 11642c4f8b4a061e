"""Queries: reads deliveries, the history and accounts; nothing here changes the ledger."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    union,
)

from publisher.ledger import corrections, picture_consents, unread_drafts
from publisher.ledger.comments import replies
from publisher.ledger.comments.replies import AnsweredComment
from publisher.ledger.integrity.after_restore import Gap, gaps
from publisher.ledger.limits.suspensions import paused_or_suspended
from publisher.ledger.manager.draft_edits import Named, by_person, writers_of
from publisher.ledger.news.outbox import kept_back
from publisher.ledger.reading.account_status import AccountQueries
from publisher.ledger.reading.history_steps import HistoryQueries
from publisher.ledger.reading.reported import marked
from publisher.ledger.reading.set_backs import SetBack, set_backs
from publisher.ledger.reading.statistics import Span, due_in
from publisher.ledger.rows import chunks, deliveries_in, delivery_of
from publisher.ledger.tables import (
    UNRESOLVED,
    Instant,
    deliveries,
    identity,
    media,
    written,
    written_by,
)
from publisher.ledger.unread_drafts import UnreadDraft
from publisher.model.deliveries import Brief, Delivery
from publisher.model.states import WAITING, State

_COMPARED = 5_000
"""How many known names an unknown one is compared with."""
_UNSETTLED = (State.UNCERTAIN, State.HELD)
_STILL_OUT = and_(
    deliveries.c.withdraw_at.is_not(None),
    deliveries.c.error_kind.is_not(None),
    deliveries.c.state.in_([State.PUBLISHED, State.CANCELLED]),
)
_BRIEF = select(
    *(written_by if name == "written_by" else deliveries.c[name] for name in Brief._fields)
)


class Queries(HistoryQueries, AccountQueries):
    """Queries for pages, commands and reports."""

    def deliveries(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        account: str | None = None,
        accounts: Collection[str] | None = None,
        state: State | Collection[State] | None = None,
        post: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Delivery]:
        """Deliveries due from `since` (inclusive) to `until` (exclusive), earliest first.

        With `newest_first`, newest first. `accounts`: of these alone; None: of all.
        """
        conditions = [*due_in(Span(since, until, account))]
        if accounts is not None:
            conditions.append(deliveries.c.account.in_(sorted(accounts)))
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

    def is_busy(self, account: str, seconds: float) -> bool:
        """Whether something of an account is on its way out, or will be within real seconds.

        What is due and waits for a paused account, or one suspended for longer, does not leave.
        """
        columns = deliveries.c
        until = self._clock.ahead(seconds)
        leaves_soon = and_(
            columns.state == State.SCHEDULED,
            columns.next_check_at <= until,
            ~exists().where(paused_or_suspended(columns.account, literal(until, Instant))),
        )
        query = select(columns.id).where(
            columns.account == account, or_(columns.state == State.PUBLISHING, leaves_soon)
        )
        with self._database.read() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def unresolved(self, state: State, limit: int | None = None) -> list[Delivery]:
        """Deliveries that ended so, in trouble that nobody has dealt with, newest first.

        However old: see `Delivery.is_unresolved`.
        """
        query = select(deliveries).where(text(UNRESOLVED), deliveries.c.state == written(state))
        newest = query.order_by(deliveries.c.due_at.desc(), deliveries.c.id.desc())
        return self._read(newest.limit(limit))

    def unresolved_accounts(self) -> list[str]:
        """The accounts with deliveries that ended in trouble that nobody has dealt with."""
        query = select(deliveries.c.account).where(text(UNRESOLVED)).distinct()
        with self._database.read() as connection:
            return sorted(connection.execute(query).scalars())

    def unresolved_posts(self, accounts: Collection[str], limit: int) -> list[str]:
        """The newest posts of which a delivery to these accounts is as in `unresolved`."""
        columns = deliveries.c
        query = select(columns.post).where(text(UNRESOLVED), columns.account.in_(sorted(accounts)))
        newest = query.group_by(columns.post).order_by(
            func.max(columns.due_at).desc(), func.max(columns.id).desc()
        )
        with self._database.read() as connection:
            return [*connection.execute(newest.limit(limit)).scalars()]

    def unresolved_counts(self) -> dict[State, int]:
        """How many deliveries ended in trouble that nobody has dealt with, by state."""
        query = select(deliveries.c.state, func.count()).where(text(UNRESOLVED))
        with self._database.read() as connection:
            counted = connection.execute(query.group_by(deliveries.c.state))
            return {State(state): number for state, number in counted}

    def still_out(self) -> list[Delivery]:
        """Deliveries whose withdrawal failed so far: a part may still be out.

        Without those that are listed as problems anyway.
        """
        return self._read(select(deliveries).where(_STILL_OUT))

    def kept_back(self) -> list[Delivery]:
        """Deliveries that are due, and whose content their platform does not take for now."""
        return self._read(select(deliveries).where(kept_back(self._clock)))

    def in_trouble(self) -> int:
        """Number of deliveries in trouble that nobody has dealt with: all that Today lists."""
        kinds = (
            deliveries.c.state.in_(_UNSETTLED),
            text(UNRESOLVED),
            _STILL_OUT,
            kept_back(self._clock),
        )
        found = union(*(select(deliveries.c.id).where(kind) for kind in kinds)).subquery()
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(found)).scalar_one()

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

    def corrections(self, posts: Sequence[str]) -> list[Delivery]:
        """All deliveries that correct one of these posts, in their order."""
        query = select(deliveries).where(deliveries.c.corrects.in_(sorted(posts)))
        return self._read(query.order_by(deliveries.c.due_at, deliveries.c.id))

    def comment(self, account: str, named: str) -> AnsweredComment | None:
        """The reader's comment to an account with this id or address; None if it is not here."""
        with self._database.read() as connection:
            return replies.find(connection, account, named, self._clock.now())

    def answers_to(self, account: str, comment: str) -> list[Delivery]:
        """The deliveries that answer a reader's comment, by its id, the earliest due first."""
        return [*self.answers_of([(account, comment)]).get((account, comment), ())]

    def answers_of(
        self, comments: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], list[Delivery]]:
        """The deliveries that answer readers' comments, by account and the comment's id."""
        with self._database.read() as connection:
            return replies.answers_of(connection, comments)

    def answers_due(self, account: str, since: datetime, until: datetime) -> list[Delivery]:
        """The answers to readers on an account that are due in a span, the earliest first."""
        its = (*due_in(Span(since, until, account)), deliveries.c.answers.is_not(None))
        query = select(deliveries).where(*its).order_by(deliveries.c.due_at, deliveries.c.id)
        return self._read(query)

    def answering(self, posts: Sequence[str]) -> set[str]:
        """Those of these posts that answer a reader."""
        found: set[str] = set()
        with self._database.read() as connection:
            for chunk in chunks(posts):
                query = select(deliveries.c.post).where(
                    deliveries.c.post.in_(chunk), deliveries.c.answers.is_not(None)
                )
                found |= set(connection.execute(query).scalars())
        return found

    def newest_edits(self, accounts: Collection[str]) -> list[Delivery]:
        """The newest edit of each post of these accounts: what the post says now."""
        query = select(deliveries).where(
            deliveries.c.corrects.is_not(None),
            deliveries.c.account.in_(sorted(accounts)),
            deliveries.c.state == State.PUBLISHED,
        )
        found = self._read(query.order_by(deliveries.c.due_at, deliveries.c.id))
        return [*{(d.corrects, d.account): d for d in found if d.content.edits}.values()]

    def aimed(self, found: Sequence[Delivery]) -> list[Delivery]:
        """These corrections, each with what it corrects as it was out before, or is queued."""
        with self._database.read() as connection:
            return [corrections.compared(connection, one) for one in found]

    def counts(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> dict[State, int]:
        """How many deliveries are in each state: of all, or of those due in a period."""
        query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        if since is not None:
            query = query.where(deliveries.c.due_at >= since)
        if until is not None:
            query = query.where(deliveries.c.due_at < until)
        with self._database.read() as connection:
            return {State(state): count for state, count in connection.execute(query)}

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

    def picture_consents(self) -> picture_consents.Named:
        """The consents that were ever named for each picture, by its digests."""
        with self._database.read() as connection:
            return picture_consents.all_named(connection)

    def known_posts(self, ids: Sequence[str]) -> set[str]:
        """Those of the posts that the ledger has deliveries of."""
        known: set[str] = set()
        with self._database.read() as connection:
            for chunk in chunks(ids):
                query = select(deliveries.c.post).where(deliveries.c.post.in_(chunk)).distinct()
                known |= set(connection.execute(query).scalars())
        return known

    def writers(self, posts: Sequence[str], named: Named = by_person) -> dict[str, list[str]]:
        """Who changed these posts' text or pictures on the web pages, by post.

        `named`: how, for rules by the person alone, and for people `by_program` too.
        """
        found: dict[str, list[str]] = {}
        with self._database.read() as connection:
            for chunk in chunks(posts):
                found |= writers_of(connection, chunk, named)
        return found

    def unread_drafts(self) -> list[UnreadDraft]:
        """The drafts that a program wrote, and that no person has read since."""
        with self._database.read() as connection:
            return unread_drafts.all_unread(connection)

    def ledger_id(self) -> str:
        """The unique id of this ledger: 32 hexadecimal digits."""
        with self._database.read() as connection:
            return str(connection.execute(select(identity.c.id)).scalar_one())

    def gaps(self) -> list[Gap]:
        """The time spans that this ledger knows nothing about, as it was restored or is new."""
        with self._database.read() as connection:
            return gaps(connection)

    def set_backs(self, since: datetime | None = None) -> list[SetBack]:
        """The set-backs of this ledger that were noticed at `since` or later, newest first."""
        with self._database.read() as connection:
            return set_backs(connection, since)

    def names_containing(self, part: str) -> list[str]:
        """All posts with `part` in their id."""
        contains = deliveries.c.post.contains(part, autoescape=True)
        with self._database.read() as connection:
            found = connection.execute(select(deliveries.c.post).where(contains).distinct())
            return sorted(found.scalars())

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

    def _read(self, query: Select[Any]) -> list[Delivery]:
        with self._database.read() as connection:
            return deliveries_in(connection, query)
