"""Impact: the posts and problems that a change of the agenda, or of a consent, would affect."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from publisher.base.i18n import _, later
from publisher.drafts import check, rendering
from publisher.drafts.check import Checks
from publisher.drafts.library import Library
from publisher.drafts.session import Session
from publisher.ledger.reading.queries import Queries
from publisher.model.accounts import Account
from publisher.model.deliveries import Delivery
from publisher.model.posts import Post
from publisher.model.states import ENDED_UNSENT, OUT_OR_MAYBE, state_name
from publisher.model.values import Problem
from publisher.planning.conflicts import APART
from publisher.planning.edits import cancelled_by_a_person
from publisher.planning.wishes import expiry
from publisher.settings.settings import Settings


class Note(NamedTuple):
    """A note on one post, for a person."""

    text: str
    severe: bool = False
    """Whether it does harm unless a person acts."""


class _Late(Enum):
    """Why a post's new time is too late."""

    EXPIRED = later("expired by then: it would never go out")
    OVERDUE = later("overdue by then: it goes out as soon as it is queued")


class _Fate(NamedTuple):
    """The effect on one delivery."""

    note: Note | None
    follows: bool = True
    """Whether it moves with its draft."""


@dataclass(frozen=True, slots=True)
class Dragged:
    """A post that the change moves, holds or releases, or that expires at another time."""

    before: Post
    after: Post
    accounts: tuple[str, ...]
    """The recipients."""
    deliveries: tuple[Delivery, ...]
    """Its deliveries in the ledger."""
    notes: tuple[Note, ...]

    stays: bool
    """Whether no delivery follows: all are out, cancelled by a person, or too late."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Two posts that would go out on one account within less than five minutes."""

    account: str
    first: str
    second: str
    gap: timedelta


@dataclass(frozen=True, slots=True)
class Effects:
    """All effects of a change."""

    dragged: tuple[Dragged, ...]
    """Ordered by their new times."""
    problems: tuple[Problem, ...]
    """New problems of drafts."""
    clashes: tuple[Clash, ...]


def anchored(posts: Collection[Post]) -> Mapping[str, list[Post]]:
    """The posts whose time or embargo is relative to each agenda item."""
    found: dict[str, list[Post]] = defaultdict(list)
    for post in posts:
        for item in dict.fromkeys((post.anchor, post.embargo_anchor)):
            if item:
                found[item].append(post)
    return found


Checked = tuple[Library, Sequence[Problem]]
"""Drafts with their problems, as `check` returns them."""


def effects(
    settings: Settings,
    queries: Queries,
    now: datetime,
    before: Session,
    after: Session,
    checks: Checks = check,
) -> Effects:
    """Check the drafts with both sessions, and compare; `now` decides what would be too late."""
    recorded = queries.picture_consents()
    old = checks.check(settings, programme=before, recorded=recorded)
    new = checks.check(settings, programme=after, recorded=recorded)
    return compared(settings, queries, now, old, new)


def compared(
    settings: Settings, queries: Queries, now: datetime, before: Checked, after: Checked
) -> Effects:
    """Compare the drafts as they are and as they would be; `now` as for `effects`."""
    (old, old_problems), (new, new_problems) = before, after
    moved = list(_moved(old, new, settings.delivery.expires))
    accounts = settings.public_accounts()
    deliveries = defaultdict(list)
    for delivery in queries.standing([post.id for _before, post in moved], and_under_way=False):
        deliveries[delivery.post].append(delivery)
    dragged = [
        _dragged(
            earlier,
            post,
            tuple(account.name for account in rendering.recipients(post, accounts)[0]),
            tuple(deliveries[post.id]),
            settings.delivery.expires,
            now,
            broken=post.id in new.broken,
        )
        for earlier, post in moved
    ]
    known = {_place(problem) for problem in old_problems}
    return Effects(
        dragged=tuple(sorted(dragged, key=lambda d: (d.after.not_before or now, d.after.id))),
        problems=tuple(problem for problem in new_problems if _place(problem) not in known),
        clashes=tuple(_clashes(old, new, frozenset(post.id for _before, post in moved), accounts)),
    )


def _moved(old: Library, new: Library, expires: timedelta) -> Iterator[tuple[Post, Post]]:
    before = {post.id: post for post in old.posts}
    for post in new.posts:
        earlier = before.get(post.id)
        if earlier and _plan(earlier, expires) != _plan(post, expires):
            yield earlier, post


def _dragged(
    earlier: Post,
    post: Post,
    accounts: tuple[str, ...],
    deliveries: tuple[Delivery, ...],
    expires: timedelta,
    now: datetime,
    *,
    broken: bool,
) -> Dragged:
    """`expires`: the default for posts without their own; `broken`: the draft has errors."""
    late, was_late = _lateness(post, expires, now), _lateness(earlier, expires, now)
    fates = {delivery.account: _fate(delivery, late) for delivery in deliveries}
    stays = fates.keys() >= set(accounts) and not any(f.follows for f in fates.values())
    notes = list(_notes(earlier, post, fates))
    if late and late != was_late and not stays:
        notes.append(Note(_(late.value), severe=True))
    if broken:
        notes.append(
            Note(_("its draft has errors: until they are fixed, it stays on the schedule as it is"))
        )
    return Dragged(earlier, post, accounts, deliveries, tuple(notes), stays)


def _plan(post: Post, expires: timedelta) -> tuple[object, ...]:
    due_at = post.due_at
    ends = due_at and expiry(post, due_at, post.expires_after or expires)
    return due_at, post.embargo_until, post.held, ends


def _place(problem: Problem) -> tuple[str, int, int, str]:
    """The identity of a problem: its message may differ in a time."""
    return problem.file, problem.line, problem.column, problem.code


def _notes(earlier: Post, post: Post, fates: Mapping[str, _Fate]) -> Iterator[Note]:
    if earlier.due_at == post.due_at and earlier.embargo_until != post.embargo_until:
        yield Note(_("its embargo moves, its own time does not"))
    elif (earlier.not_before, earlier.held) == (post.not_before, post.held):
        yield Note(_("it expires at another time: when its consent ends"))
    for note in dict.fromkeys(fate.note for fate in fates.values() if fate.note):
        accounts = [account for account, fate in fates.items() if fate.note == note]
        where = "" if len(accounts) == len(fates) else f"{', '.join(accounts)}: "
        yield Note(f"{where}{note.text}", note.severe)


def _lateness(post: Post, expires: timedelta, now: datetime) -> _Late | None:
    due_at, leaves = post.due_at, post.not_before
    if due_at is None or leaves is None:
        return None
    if due_at + (post.expires_after or expires) <= now:
        return _Late.EXPIRED
    if leaves <= now and not post.held:
        return _Late.OVERDUE
    return None


def _fate(delivery: Delivery, late: _Late | None) -> _Fate:
    """The effect of `queue` on a delivery; `late`: why the post's new time is too late."""
    if delivery.state in OUT_OR_MAYBE and not delivery.in_reach:
        text = (
            _("may already be out: if it is not, it is held, and moves when it is queued again")
            if delivery.may_be_out
            else _("already out: it does not move")
        )
        return _Fate(Note(text), follows=False)
    if cancelled_by_a_person(delivery):
        return _Fate(Note(_("cancelled by a person: it stays so")), follows=False)
    if delivery.state in ENDED_UNSENT:
        if late is _Late.EXPIRED:
            return _Fate(
                Note(_("{state}: it stays so", state=state_name(delivery.state))), follows=False
            )
        return _Fate(
            Note(_("{state}: it goes back on the schedule", state=state_name(delivery.state)))
        )
    if delivery.approved_by:
        return _Fate(
            Note(_("the approval by {name} becomes void", name=delivery.approved_by), severe=True)
        )
    return _Fate(None)


def _clashes(
    old: Library, new: Library, moved: frozenset[str], accounts: Mapping[str, Account]
) -> Iterator[Clash]:
    before = {(c.account, frozenset((c.first, c.second))) for c in _close(old, accounts)}
    for clash in _close(new, accounts):
        pair = frozenset((clash.first, clash.second))
        if pair & moved and (clash.account, pair) not in before:
            yield clash


def _close(library: Library, accounts: Mapping[str, Account]) -> Iterator[Clash]:
    by_account: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for post in library.posts:
        leaves = post.not_before
        if leaves and not post.held and post.id not in library.broken:
            for account in rendering.recipients(post, accounts)[0]:
                by_account[account.name].append((leaves, post.id))
    for name, times in sorted(by_account.items()):
        times.sort()
        for index, (leaves, post_id) in enumerate(times):
            for after, other in times[index + 1 :]:
                if after - leaves >= APART:
                    break
                yield Clash(name, post_id, other, after - leaves)
