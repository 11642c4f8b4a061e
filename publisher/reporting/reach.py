"""Reach: what readers did with the posts, for the report; totals and comparisons of public counts.

All counts are those of one age, so that an old post is not better than a new one for its age alone.
What is typical of some posts is said from `ENOUGH` on: fewer show chance.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from publisher.base import formats
from publisher.base.i18n import _, later
from publisher.channels import registry
from publisher.ledger.reading.engagement import CountedPost, EngagementCounts
from publisher.ledger.reading.statistics import Span
from publisher.model.engagement import NAMES, Age, Metric

MOST = 5_000
"""The newest posts whose counts a report uses."""
ENOUGH = 10
"""Posts from which on a group has a typical count, and responses from which on a post is shown as
one of the best.
"""
RESPONSES = (Metric.REACTIONS, Metric.SHARES, Metric.REPLIES)
"""What readers do; nearly all platforms count it, so the best posts are ranked by it."""
WHEN = {
    Age.HOUR: later("an hour after each post"),
    Age.DAY: later("a day after each post"),
    Age.WEEK: later("a week after each post"),
}
_BEST_OF_A_WEEK = 3
_WEEKS = 4
_MOST_DAYS = 31
_UNKNOWN = later("not named")
_TIMES = (
    (6, later("night, 0 to 6")),
    (12, later("morning, 6 to 12")),
    (18, later("afternoon, 12 to 18")),
    (24, later("evening, 18 to 24")),
)
"""Of the day: the hour at which each ends."""


@dataclass(frozen=True, slots=True)
class CountsTotal:
    """One count of some posts."""

    sum: int
    posts: int
    """How many posts have this count; the platforms of the others do not give it."""
    typical: float | None
    """Half of the posts have more, half less; None: too few posts."""


@dataclass(frozen=True, slots=True)
class CountedGroup:
    """Posts that have something in common, and their counts."""

    name: str
    posts: int
    totals: Mapping[Metric, CountsTotal]
    """Only what some platform gave."""

    @classmethod
    def of(cls, name: str, posts: Sequence[CountedPost]) -> "CountedGroup":
        """The group of some posts."""
        totals = {}
        for metric in Metric:
            known = [post.counts.engagement.counts.get(metric) for post in posts]
            numbers = [number for number in known if number is not None]
            if numbers:
                typical = median(numbers) if len(numbers) >= ENOUGH else None
                totals[metric] = CountsTotal(sum(numbers), len(numbers), typical)
        return cls(name, len(posts), totals)


@dataclass(frozen=True, slots=True)
class BestPost:
    """A post to which many readers responded, on all its accounts together."""

    first: CountedPost
    accounts: Sequence[CountedPost]
    group: CountedGroup


@dataclass(frozen=True, slots=True)
class BestOfWeek:
    """The best posts of a week, by its Monday."""

    monday: date
    posts: Sequence[BestPost]


@dataclass(frozen=True, slots=True)
class Reach:
    """The section of a report."""

    age: Age
    total: CountedGroup
    breakdowns: Sequence[tuple[str, Sequence[CountedGroup]]]
    best: Sequence[BestOfWeek]
    is_cut: bool
    """Whether there are more posts than are used."""

    @property
    def metrics(self) -> list[Metric]:
        """What at least one platform gave."""
        return list(self.total.totals)


def reach(counts: EngagementCounts, span: Span, zone: ZoneInfo) -> Reach | None:
    """The reach of the posts of a span; None if no counts were read."""
    age, posts = _comparable({age: counts.posts(span, age, MOST + 1) for age in Age})
    if not posts:
        return None
    used = posts[:MOST]
    return Reach(
        age,
        CountedGroup.of("", used),
        list(_breakdowns(used, zone)),
        _best(used, zone),
        len(posts) > MOST,
    )


def _comparable(read: Mapping[Age, list[CountedPost]]) -> tuple[Age, list[CountedPost]]:
    """The latest age at which at least half of the posts were read."""
    most = max(len(posts) for posts in read.values())
    return [(age, posts) for age, posts in read.items() if 2 * len(posts) >= most][-1]


def _breakdowns(
    posts: Sequence[CountedPost], zone: ZoneInfo
) -> Iterator[tuple[str, Sequence[CountedGroup]]]:
    """The groups to compare; by account also where there is one."""
    yield _("Account"), _by(posts, lambda post: post.account)
    times = [_(name) for _hour, name in _TIMES]
    days = _by(posts, lambda post: f"{post.published_at.astimezone(zone):%Y-%m-%d}")
    further = (
        (_("Channel"), _by(posts, lambda post: registry.title(post.channel))),
        (_("Language"), _by(posts, lambda post: post.lang or _(_UNKNOWN))),
        (_("Day"), days if len(days) <= _MOST_DAYS else []),
        (_("Time of day"), _by(posts, lambda post: _time_of_day(post, zone), times.index)),
        (_("Picture"), _by(posts, _picture)),
        (_("Thread"), _by(posts, _thread)),
    )
    yield from ((head, groups) for head, groups in further if len(groups) > 1)


def _picture(post: CountedPost) -> str:
    return _("with a picture") if post.has_picture else _("without a picture")


def _thread(post: CountedPost) -> str:
    return _("threads") if post.is_thread else _("single posts")


def _by(
    posts: Sequence[CountedPost],
    name: Callable[[CountedPost], str],
    order: Callable[[str], Any] | None = None,
) -> list[CountedGroup]:
    """The groups of posts with the same name, in the order of the names."""
    found: defaultdict[str, list[CountedPost]] = defaultdict(list)
    for post in posts:
        found[name(post)].append(post)
    return [CountedGroup.of(key, found[key]) for key in sorted(found, key=order)]


def _time_of_day(post: CountedPost, zone: ZoneInfo) -> str:
    hour = post.published_at.astimezone(zone).hour
    return next(_(name) for end, name in _TIMES if hour < end)


def _best(posts: Sequence[CountedPost], zone: ZoneInfo) -> list[BestOfWeek]:
    """The best of the newest weeks, the newest week first; none that answers a reader."""
    weeks: defaultdict[date, defaultdict[str, list[CountedPost]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for post in (one for one in posts if not one.is_answer):
        day = post.published_at.astimezone(zone).date()
        weeks[day - timedelta(days=day.weekday())][post.post].append(post)
    found = []
    for monday in sorted(weeks, reverse=True)[:_WEEKS]:
        groups = [
            BestPost(several[-1], several, CountedGroup.of(post, several))
            for post, several in weeks[monday].items()
        ]
        best = sorted(groups, key=_responses, reverse=True)[:_BEST_OF_A_WEEK]
        if shown := [one for one in best if _responses(one) >= ENOUGH]:
            found.append(BestOfWeek(monday, shown))
    return found


def _responses(best: BestPost) -> int:
    totals = best.group.totals
    return sum(totals[metric].sum for metric in RESPONSES if metric in totals)


def in_words(group: CountedGroup) -> str:
    """The counts of a group in a line: `Reactions: 12 · Shares: 3`."""
    return " · ".join(
        _("{name}: {value}", name=_(NAMES[metric]), value=formats.number(total.sum))
        for metric, total in group.totals.items()
    )
