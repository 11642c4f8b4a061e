"""Calendar data: deliveries from the ledger, and drafts that are not queued."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from publisher.app import Application
from publisher.base.text import shortened
from publisher.drafts import check, rendering
from publisher.drafts.library import Library
from publisher.drafts.times import AgendaItem
from publisher.ledger.manager.rights import Person, Rank
from publisher.model.accounts import Account
from publisher.model.deliveries import Delivery
from publisher.model.posts import Post
from publisher.model.states import WAITING, State
from publisher.web import labels

_MOST = 2000
"""Deliveries; more on one page would be unreadable."""


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One post on one account."""

    post: str
    account: str
    at: datetime
    """When it goes out, in the session's zone."""
    title: str
    language: str | None
    state: State | None = None
    """None: it is not queued."""
    anchor: str | None = None
    """The agenda item that its time is relative to."""
    movable: bool = False
    draft_says: datetime | None = None
    """The time in its draft, if the ledger has another one."""
    broken: bool = False
    """Whether its draft has errors."""
    cancelled: bool = False
    """Whether that agenda item is cancelled."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """All entries of some days, ordered by time."""

    entries: Sequence[CalendarEntry]
    items: Sequence[AgendaItem]
    is_cut: bool
    """Whether there are more."""

    def items_of(self, day: date, zone: tzinfo) -> list[AgendaItem]:
        """The agenda items that take place on a day, wholly or partly."""
        begins, ends = beginning(day, zone), beginning(day + timedelta(days=1), zone)
        return [
            item
            for item in self.items
            if item.starts_at < ends and (item.ends_at or item.starts_at) >= begins
        ]


def beginning(day: date, zone: tzinfo) -> datetime:
    """The first instant of a day."""
    return datetime.combine(day, time(), tzinfo=zone)


def timetable(app: Application, first: date, days: int, person: Person) -> Timetable:
    """The entries of `days` days from `first` on, in the session's zone.

    `person` is the reader: an entry that they may not move is not movable.
    """
    settings = app.settings
    accounts = settings.public_accounts()
    drafts = check.read(settings)
    zone = drafts.session.zone
    since, until = beginning(first, zone), beginning(first + timedelta(days=days), zone)
    standing = app.queries.leaving(since, until, _MOST + 1)
    due = [p for p in drafts.posts if (at := p.not_before) is not None and since <= at < until]
    known = app.queries.known_posts([post.id for post in due])
    by_id = {post.id: post for post in drafts.posts}

    def may_move(draft: Post) -> bool:
        names = [account.name for account in rendering.recipients(draft, accounts)[0]]
        return draft.anchor is None and app.rights.permits(person, Rank.STAFF, names)

    entries = [_queued(d, by_id.get(d.post), accounts, drafts, may_move) for d in standing[:_MOST]]
    for post in due:
        if post.id not in known:
            entries += _unqueued(post, drafts, accounts, may_move)
    agenda = sorted(drafts.session.agenda.values(), key=lambda item: (item.starts_at, item.name))
    return Timetable(
        entries=sorted(entries, key=lambda entry: (entry.at, entry.post)),
        items=agenda,
        is_cut=len(standing) > _MOST,
    )


def _queued(
    delivery: Delivery,
    draft: Post | None,
    accounts: Mapping[str, Account],
    drafts: Library,
    may_move: Callable[[Post], bool],
) -> CalendarEntry:
    zone = drafts.session.zone
    account = accounts.get(delivery.account)
    waits = delivery.state in WAITING
    wanted = draft.not_before if draft and waits else None
    return CalendarEntry(
        post=delivery.post,
        account=delivery.account,
        at=delivery.not_before.astimezone(zone),
        title=labels.beginning(delivery),
        language=delivery.content.lang or (account.language if account else None),
        state=delivery.state,
        anchor=draft.anchor if draft else None,
        movable=waits and draft is not None and may_move(draft),
        draft_says=wanted.astimezone(zone) if wanted and wanted != delivery.not_before else None,
        cancelled=draft is not None and _is_cancelled(draft, drafts),
    )


def _unqueued(
    post: Post,
    drafts: Library,
    accounts: Mapping[str, Account],
    may_move: Callable[[Post], bool],
) -> Iterator[CalendarEntry]:
    zone = drafts.session.zone
    leaves = post.not_before
    assert leaves is not None  # noqa: S101 - only those with a time are asked for
    for account in rendering.recipients(post, accounts)[0]:
        parts = post.texts.get(rendering.section_for(post, account), ())
        yield CalendarEntry(
            post=post.id,
            account=account.name,
            at=leaves.astimezone(zone),
            title=post.title or shortened(" ".join(parts), labels.BEGINNING) or post.id,
            language=post.lang,
            anchor=post.anchor,
            movable=may_move(post),
            broken=post.id in drafts.broken,
            cancelled=_is_cancelled(post, drafts),
        )


def _is_cancelled(post: Post, drafts: Library) -> bool:
    item = drafts.session.agenda.get(post.anchor or "")
    return item is not None and item.cancelled
