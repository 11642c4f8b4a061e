"""Figures of a post on its page: a small table of its public counts, by age."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.base.i18n import _, later
from publisher.channels.registry import spec_of
from publisher.ledger.reading.engagement import ReadCounts
from publisher.model.deliveries import Delivery
from publisher.model.engagement import NAMES, Age, Metric

_AGES = {Age.HOUR: later("1 hour"), Age.DAY: later("1 day"), Age.WEEK: later("1 week")}
_GONE = {
    Age.HOUR: later("After an hour, the platform no longer showed the post."),
    Age.DAY: later("After a day, the platform no longer showed the post."),
    Age.WEEK: later("After a week, the platform no longer showed the post."),
}
_LATE = {
    Age.HOUR: later("The figures after an hour were not read in time."),
    Age.DAY: later("The figures after a day were not read in time."),
    Age.WEEK: later("The figures after a week were not read in time."),
}


@dataclass(frozen=True, slots=True)
class CountsRow:
    """One metric at each age."""

    name: str
    cells: Sequence[int | str]
    """Of each age: the count, or in words why there is none."""


@dataclass(frozen=True, slots=True)
class CountsTable:
    """The counts of one delivery; without rows where none are shown."""

    ages: Sequence[str]
    rows: Sequence[CountsRow]
    notes: Sequence[str]


def counts_table(
    delivery: Delivery, read: Mapping[Age, ReadCounts], now: datetime, *, is_read: bool
) -> CountsTable | None:
    """The table of a delivery; None where there is nothing to show, now or later.

    `is_read`: whether the settings let counts of its channel be read.
    """
    source, out_at = spec_of(delivery.channel).metrics, delivery.published_at
    if out_at is None or source is None:
        return None
    to_come = [age for age in Age if is_read and age not in read and now < out_at + age.until]
    if not read and not to_come:
        return None

    def cell(metric: Metric, age: Age) -> int | str:
        if age in to_come:
            return _("to come")
        if age not in read or read[age].engagement.is_gone:
            return ""
        return read[age].engagement.counts.get(metric, _("not given"))

    shown = any(not one.engagement.is_gone for one in read.values()) or to_come
    rows = [
        CountsRow(_(NAMES[metric]), [cell(metric, age) for age in Age])
        for metric in Metric
        if shown and metric in source.gives
    ]
    return CountsTable([_(name) for name in _AGES.values()], rows, _notes(read, to_come))


def _notes(read: Mapping[Age, ReadCounts], to_come: Sequence[Age]) -> list[str]:
    notes: list[str] = []
    for age in Age:
        if age in read and read[age].engagement.is_gone:
            return [*notes, _(_GONE[age])]
        if age not in read and age not in to_come:
            notes.append(_(_LATE[age]))
    return notes
