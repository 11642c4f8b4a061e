"""Engagement: the public counts of a post, read an hour, a day and a week after it went out.

Aggregates only: no platform is asked who saw a post, or who reacted. A thread's counts are those of
its first part, which readers meet; the sum of all parts would count a reader several times.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from publisher.base.i18n import later


class Metric(StrEnum):
    """What is counted. Each platform gives some of these: `ChannelSpec.metrics`."""

    VIEWS = "views"
    """How often the post was shown."""
    VIEWERS = "viewers"
    """To how many people."""
    REACTIONS = "reactions"
    """Likes, favourites and other reactions."""
    SHARES = "shares"
    """Reposts and quotes."""
    REPLIES = "replies"
    """Replies, or comments."""


NAMES = {
    Metric.VIEWS: later("Views"),
    Metric.VIEWERS: later("People reached"),
    Metric.REACTIONS: later("Reactions"),
    Metric.SHARES: later("Shares"),
    Metric.REPLIES: later("Replies"),
}
"""The names for people."""


class Age(StrEnum):
    """How long a post has been out when its counts are read."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def after(self) -> timedelta:
        """When they are read."""
        return _AFTER[self]

    @property
    def until(self) -> timedelta:
        """When it is too late: counts of the sixth hour would not be those of the first."""
        return _UNTIL[self]


_AFTER = {
    Age.HOUR: timedelta(hours=1),
    Age.DAY: timedelta(days=1),
    Age.WEEK: timedelta(weeks=1),
}
_UNTIL = {
    Age.HOUR: timedelta(hours=3),
    Age.DAY: timedelta(days=2),
    Age.WEEK: timedelta(weeks=3),
}


@dataclass(frozen=True, slots=True)
class Engagement:
    """The counts of one post."""

    counts: Mapping[Metric, int] = field(default_factory=dict)
    """What the platform gave; what is not here it did not give, which is not zero."""
    is_gone: bool = False
    """Whether the platform does not show the post any more."""
