"""Overdue drafts: warnings for posts whose time is over, and no advice for published posts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo

from publisher.base.i18n import _
from publisher.drafts.library import Library
from publisher.drafts.times import local
from publisher.model.deliveries import Brief, Delivery
from publisher.model.problems import Flaw, problem
from publisher.model.states import State
from publisher.model.timing import is_over
from publisher.model.values import Frozen, Position, Problem, Severity
from publisher.settings.settings import Settings

_OUT = frozenset({State.PUBLISHED, State.WITHDRAWN})
_ENDED = _OUT | {State.CANCELLED, State.MISSED}


class Due(Frozen):
    """A draft with the times at which its post is due and expires."""

    post: str
    file: str
    position: Position
    """Of `at` in the draft."""
    not_before: datetime
    expires_at: datetime


def dues(library: Library, settings: Settings) -> list[Due]:
    """All drafts that have a time and no errors, and are not held."""
    return [
        Due(
            post=post.id,
            file=post.file,
            position=post.position("at"),
            not_before=post.not_before or post.due_at,
            expires_at=post.due_at + (post.expires_after or settings.delivery.expires),
        )
        for post in library.posts
        if post.due_at and not post.held and post.id not in library.broken
    ]


def judged(
    problems: Sequence[Problem],
    drafts: Sequence[Due],
    deliveries: Sequence[Delivery] | None,
    now: datetime,
    zone: tzinfo,
) -> list[Problem]:
    """The problems of drafts, plus those of their times, minus advice on published posts.

    `deliveries` are those of the drafts; None: they are unknown.
    """
    over = [draft for draft in drafts if is_over(draft.not_before, now)]
    known = {delivery.post for delivery in deliveries or ()}
    done = settled(deliveries or ())
    files = {draft.file for draft in over if draft.post in done}
    found = [p for p in problems if p.severity is Severity.ERROR or p.file not in files]
    for draft in over:
        if draft.post in known:
            continue
        if draft.expires_at > now:
            flaw = overdue(draft.not_before, zone, waits=False)
        elif deliveries is not None:
            flaw = _past(draft, zone)
        else:
            continue  # most likely it is published
        found.append(problem(draft.file, flaw, draft.position, Severity.WARNING))
    return sorted(found, key=lambda p: (p.file, p.line, p.column, p.code, p.message))


def settled(deliveries: Iterable[Delivery | Brief]) -> set[str]:
    """The posts that are published or withdrawn, and have no delivery left to do."""
    states: Mapping[str, set[State]] = defaultdict(set)
    for delivery in deliveries:
        states[delivery.post].add(delivery.state)
    return {post for post, its in states.items() if its & _OUT and its <= _ENDED}


def overdue(not_before: datetime, zone: tzinfo, *, waits: bool) -> Flaw:
    """The warning for a post that goes out late; `waits`: only once it is approved."""
    time = local(not_before, zone)
    return Flaw(
        "overdue",
        _("Its time, {time}, has passed: it goes out as soon as it is approved.", time=time)
        if waits
        else _("Its time, {time}, has passed: it goes out as soon as it is queued.", time=time),
        _("Give it another `at`, unless it must go out at once: then use `at: now`."),
    )


def _past(draft: Due, zone: tzinfo) -> Flaw:
    message = _(
        "Its time has passed: it was due {time} and expired {expiry}. It is no longer queued.",
        time=local(draft.not_before, zone),
        expiry=local(draft.expires_at, zone),
    )
    return Flaw("past", message, _("If it must go out, give it a new `at` or a longer `expires`."))
