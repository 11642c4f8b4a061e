"""Repetition check: `at: now` drafts that may be out already, renamed or slightly reworded.

`duplicates` handles the exact text under another name, which never goes out again by itself.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from difflib import SequenceMatcher

from publisher.base.i18n import _
from publisher.drafts.library import Library
from publisher.drafts.times import local
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content
from publisher.model.deliveries import Delivery
from publisher.model.posts import Post
from publisher.model.states import State
from publisher.planning.duplicates import is_or_may_be_out
from publisher.planning.plan import PlannedChange
from publisher.planning.problems import Problems

_RENAMED_WITHIN = timedelta(days=1)
"""How long after its publication a post whose draft is gone may be the same as a new draft."""
_ALIKE_WITHIN = timedelta(days=7)
_ALIKE = 0.8
"""The share of equal words, in order, from which two texts count as nearly the same."""


def find(
    changes: Sequence[PlannedChange],
    posts: Mapping[str, Post],
    drafts: Library,
    queries: Queries,
    now: datetime,
    problems: Problems,
    zone: tzinfo,
) -> tuple[PlannedChange, ...]:
    """Warn once for each post that may go out a second time; returns the changes."""
    fresh = [
        change
        for change in changes
        if change.wish
        and change.delivery is None
        and posts[change.post].at_once
        and change.wish.content.correction is None  # it says nearly the same on purpose
        and change.wish.content.answers is None  # several readers may get the same
        and change.wish.state in (State.SCHEDULED, State.AWAITING_APPROVAL)
    ]
    found: dict[str, list[tuple[PlannedChange, Delivery]]] = defaultdict(list)
    out = {account: _out(account, queries, now) for account in {c.account for c in fresh}}
    for change in fresh:
        if earlier := _earlier(change, out[change.account], drafts, now):
            found[change.post].append((change, earlier))
    for post_id, again in found.items():
        earlier = again[0][1]
        message = (
            _(
                "This may be a second time: {other} went to {accounts} {time}, and its draft is "
                "gone.",
                other=earlier.post,
                accounts=", ".join(change.account for change, _earlier in again),
                time=local(_when(earlier), zone),
            )
            if not drafts.has(earlier.post)
            else _(
                "This may be a second time: {other} went to {accounts} {time}, in nearly the "
                "same words.",
                other=earlier.post,
                accounts=", ".join(change.account for change, _earlier in again),
                time=local(_when(earlier), zone),
            )
        )
        hint = _(
            "If it is the same post, give its draft the name {other} again: Publisher does not "
            "send again what is out. To correct what the public sees, `publisher withdraw "
            "{other}` first.",
            other=earlier.post,
        )
        problems.warning(posts[post_id], "sent-twice", message, hint)
    return tuple(change for again in found.values() for change, _earlier in again)


def _out(account: str, queries: Queries, now: datetime) -> list[Delivery]:
    """The account's recent deliveries that are or may be out, newest first."""
    found = queries.deliveries(account=account, since=now - _ALIKE_WITHIN, newest_first=True)
    return [d for d in found if is_or_may_be_out(d) and d.state is not State.WITHDRAWN]


def _earlier(
    change: PlannedChange, out: Sequence[Delivery], drafts: Library, now: datetime
) -> Delivery | None:
    """The earlier delivery that may be the same post: nearly the same words, or a deleted draft."""
    if change.wish is None:
        return None
    content = change.wish.content
    alike = next((d for d in out if _is_alike(content, d.content)), None)
    recent = (d for d in out if now - _when(d) <= _RENAMED_WITHIN and not drafts.has(d.post))
    return alike or next(recent, None)


def _is_alike(one: Content, other: Content) -> bool:
    matcher = SequenceMatcher(None, _words(one), _words(other), autojunk=False)
    ratios = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)
    return bool(_words(one)) and all(ratio() >= _ALIKE for ratio in ratios)


def _words(content: Content) -> list[str]:
    return content.joined.casefold().split()


def _when(delivery: Delivery) -> datetime:
    return delivery.published_at or delivery.not_before
