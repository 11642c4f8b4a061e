"""Slots of an account: the times of the week at which its posts go out, one at each."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from publisher.base.i18n import _
from publisher.model import weekdays
from publisher.model.accounts import Account

HORIZON = timedelta(days=366)
"""How far ahead a free slot is looked for."""


class WeeklySlot(NamedTuple):
    """A time of the clock on some days of the week."""

    weekdays: frozenset[int]
    """Monday is 0."""
    clock: time


def parse(text: str) -> WeeklySlot:
    """Parse `weekdays 09:00`. Raises ValueError, in the user's language."""
    days, _space, clock = text.strip().rpartition(" ")
    found, at = weekdays.parse(days), weekdays.clock(clock)
    if found is None or at is None:
        raise ValueError(
            _(
                "“{text}” is not a slot. Write it like {examples}",
                text=repr(text),
                examples='"weekdays 09:00", "monday and thursday 17:00"',
            )
        )
    return WeeklySlot(found, at)


def times(slots: Sequence[str], zone: tzinfo, after: datetime) -> Iterator[datetime]:
    """The instants of the slots later than `after`, in UTC and in their order, for a year.

    A time that the clocks skip is no slot that day; one that they show twice is its first.
    """
    parsed = [parse(slot) for slot in slots]
    first = after.astimezone(zone).date()
    for number in range(HORIZON.days):
        day = first + timedelta(days=number)
        clocks = sorted({slot.clock for slot in parsed if day.weekday() in slot.weekdays})
        for clock in clocks:
            local = datetime.combine(day, clock, zone)
            instant = local.astimezone(UTC)
            is_shown = instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
            if is_shown and instant > after:
                yield instant


def next_free(
    accounts: Collection[Account], taken: Mapping[str, Collection[datetime]], zone: tzinfo,
    after: datetime,
) -> datetime | None:  # fmt: skip
    """The first slot of all these accounts, in UTC, at which none of them has a post.

    `taken`: the times of their posts, by account. `zone`: of accounts that have none of their own.
    Those without slots are left out; None: no account has any, or none of a year is free for all.
    """
    of_each = [
        (times(one.slots, ZoneInfo(one.timezone) if one.timezone else zone, after), one.name)
        for one in accounts
        if one.slots
    ]
    if not of_each:
        return None
    free = [{at for at in found if at not in taken.get(name, ())} for found, name in of_each]
    return min(set.intersection(*free), default=None)
