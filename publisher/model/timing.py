"""Timing rules: retry delays, lead time of big uploads, lateness, and round robin."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import TypeVar

from publisher.base.clock import Clock
from publisher.model.content import Content

_FIRST = 2.0
_LONGEST = 60.0


def delay(attempts: int) -> float:
    """The retry delay in real seconds after 1 or more attempts: 2, 4, 8 … up to a minute.

    There is no limit to the attempts: a post's expiry ends them.
    """
    return min(_LONGEST, _FIRST * 2.0 ** (min(attempts, 10) - 1))


AHEAD = 900.0
"""The lead time of GIFs, videos and documents in real seconds: time for 50 MB over a slow line, and
for the platform to process them. The delivery then waits on the schedule, prepared.
"""
_FURTHEST = timedelta(hours=12)
"""The longest lead time on a fast clock; platforms keep unused uploads for a day."""


def claim_at(content: Content, not_before: datetime, clock: Clock) -> datetime:
    """When a delivery that leaves at `not_before` is to be claimed; may be in the past."""
    if not content.takes_long:
        return not_before
    return not_before - min(clock.ahead(AHEAD) - clock.now(), _FURTHEST)


UNDO = 12.0
"""Real seconds that what is approved at its time, or after it, waits before it leaves: the ten for
which pages offer to undo that, and two for the way of the page and of the press.
"""

_GRACE = timedelta(minutes=1)
"""People write times to the minute."""


def is_over(not_before: datetime, now: datetime) -> bool:
    """Whether a post that leaves at that time is already late."""
    return not_before + _GRACE <= now


Item = TypeVar("Item")


def by_turns(accounts: Iterable[Sequence[Item]]) -> Iterator[Item]:
    """Round robin: the first of each account, then the second of each, and so on."""
    for turn in zip_longest(*accounts):
        yield from (item for item in turn if item is not None)
