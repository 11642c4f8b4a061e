"""A time zone's definition in an iCalendar file (RFC 5545, section 3.6.5)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def definition(zone: ZoneInfo, first: datetime, last: datetime) -> icalendar.Timezone:
    """VTIMEZONE with the changes of clocks from `first` to `last`, and no others.

    Ours rather than icalendar's, which is an hour off around some changes, in twenty zones
    (Santiago, Casablanca, …).
    """
    component = icalendar.Timezone()
    component.add("TZID", zone.key)
    begin = first.astimezone(UTC).replace(microsecond=0) - _DAY
    component.add_component(_observance(zone, begin, begin))
    for instant in _changes(zone, begin, last.astimezone(UTC) + _DAY):
        component.add_component(_observance(zone, instant - _SECOND, instant))
    return component


def _observance(zone: ZoneInfo, before: datetime, instant: datetime) -> icalendar.Component:
    """What holds from `instant` on."""
    old, new = before.astimezone(zone), instant.astimezone(zone)
    is_summer = bool(new.dst())
    part = icalendar.TimezoneDaylight() if is_summer else icalendar.TimezoneStandard()
    offset = old.utcoffset() or timedelta()
    part.add("DTSTART", (instant + offset).replace(tzinfo=None))
    part.add("TZOFFSETFROM", offset)
    part.add("TZOFFSETTO", new.utcoffset() or timedelta())
    part.add("TZNAME", new.tzname() or zone.key)
    return part


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """The instants at which its distance from UTC, or the name of it, becomes another."""
    day, state = begin, _state(zone, begin)
    while day < end:
        next_state = _state(zone, day + _DAY)
        if next_state != state:
            yield _change(zone, day, day + _DAY)
        day, state = day + _DAY, next_state


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The one between two instants, to the second."""
    old = _state(zone, before)
    while after - before > _SECOND:
        middle = before + ((after - before) / 2 // _SECOND) * _SECOND
        if _state(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _state(zone: ZoneInfo, instant: datetime) -> tuple[timedelta | None, str | None]:
    local = instant.astimezone(zone)
    return local.utcoffset(), local.tzname()
