"""Lateness statistics of published posts."""

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from publisher.base.formats import number
from publisher.base.i18n import _, later

_BINS = (
    (0.0, later("early")),
    (0.1, later("to 0.1 s")),
    (0.5, later("to 0.5 s")),
    (1.0, later("to 1 s")),
    (5.0, later("to 5 s")),
    (30.0, later("to 30 s")),
    (60.0, later("to 1 min")),
    (300.0, later("to 5 min")),
    (3600.0, later("to 1 h")),
)
"""The bins of the distribution: upper bound in seconds, and label."""


@dataclass(frozen=True, slots=True)
class LatenessSummary:
    """Statistics of lateness, in seconds."""

    median: float
    p95: float
    """The 95th percentile."""
    worst: float
    early: int
    """Number of posts that a platform made public early; Publisher sends none early."""
    distribution: Sequence[tuple[str, int]]
    """The number of posts by bin, without empty bins at the ends."""

    @classmethod
    def of(cls, late: Iterable[float]) -> "LatenessSummary | None":
        """Summarise; None if nothing is published."""
        seconds = sorted(late)
        if not seconds:
            return None
        return cls(
            median=statistics.median(seconds),
            p95=seconds[ceil(0.95 * len(seconds)) - 1],
            worst=seconds[-1],
            early=bisect_left(seconds, 0),
            distribution=_distribution(seconds),
        )


def in_words(seconds: float) -> str:
    """Format a duration: `12 ms`, `1.4 s`, `14 min`, `3.5 h`."""
    if abs(seconds) < 1:
        return f"{number(seconds * 1000)} ms"
    if abs(seconds) < 100:
        return f"{number(seconds, 1)} s"
    return (
        f"{number(seconds / 60)} min" if abs(seconds) < 6000 else f"{number(seconds / 3600, 1)} h"
    )


def _distribution(seconds: Sequence[float]) -> list[tuple[str, int]]:
    """The distribution; `seconds` must be sorted, so that bisection finds each bin's end."""
    ends = [bisect_left(seconds, 0), *(bisect_right(seconds, most) for most, _name in _BINS[1:])]
    counts = [end - begin for begin, end in pairwise([0, *ends, len(seconds)])]
    names = [_(name) for _most, name in _BINS] + [_("later")]
    filled = [index for index, count in enumerate(counts) if count]
    return list(zip(names, counts, strict=True))[filled[0] : filled[-1] + 1]
