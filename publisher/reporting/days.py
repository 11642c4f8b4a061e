"""Deliveries by day, in the session's time zone."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from itertools import groupby

from publisher.base.formats import written
from publisher.ledger.reading.statistics import Count
from publisher.model.deliveries import Delivery
from publisher.reporting.outcomes import TROUBLED, Outcome, Tally

LISTED = 100
"""Deliveries of one day that are listed; failed ones are listed beyond that."""
_OPEN = 400
"""Deliveries up to which a report shows its days unfolded."""
_MOST_COLUMNS = 62


@dataclass(frozen=True, slots=True)
class Day:
    """One day's deliveries."""

    date: date
    tally: Tally
    listed: Sequence[Delivery]
    more: int
    """Number of deliveries that are not listed."""
    is_open: bool


def days(counts: Sequence[Count], listed: Sequence[Delivery], zone: tzinfo) -> list[Day]:
    """The days with deliveries; `listed` must be ordered by time."""
    lists: defaultdict[date, list[Delivery]] = defaultdict(list)
    for delivery in listed:
        lists[delivery.not_before.astimezone(zone).date()].append(delivery)
    is_open = sum(count.number for count in counts) <= _OPEN
    return [
        _day(day, Tally.of(day_name(day), of_day), lists[day], is_open=is_open)
        for day, of_day in groupby(counts, lambda count: count.day)
    ]


def _day(day: date, tally: Tally, deliveries: Sequence[Delivery], *, is_open: bool) -> Day:
    listed = [
        delivery
        for number, delivery in enumerate(deliveries)
        if number < LISTED or Outcome.of(delivery) in TROUBLED
    ][: 2 * LISTED]
    return Day(day, tally, listed, more=max(0, tally.total - len(listed)), is_open=is_open)


def columns(found: Sequence[Day]) -> tuple[str, list[Tally]]:
    """The chart's unit and tallies: by day, or by week or month if there are many days.

    Periods without a delivery have an empty column.
    """
    if not found:
        return "day", []
    first, last = found[0].date, found[-1].date
    kind, begins = "day", _same
    if (last - first).days >= _MOST_COLUMNS:
        kind, begins = "week", _monday
    if (last - first).days >= _MOST_COLUMNS * 7:
        kind, begins = "month", _first_of_month
    counts: dict[date, Counter[Outcome]] = {}
    day = first
    while day <= last:
        counts.setdefault(begins(day), Counter())
        day += timedelta(days=1)
    for one in found:
        counts[begins(one.date)] += one.tally.counts
    pattern = "MMM y" if kind == "month" else "d MMM"
    return kind, [Tally(written(day, pattern), count) for day, count in counts.items()]


def day_name(day: date) -> str:
    """Format a day: `Mon 7 Mar 2016`."""
    return written(day, "EEE d MMM y")


def _same(day: date) -> date:
    return day


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _first_of_month(day: date) -> date:
    return day.replace(day=1)
