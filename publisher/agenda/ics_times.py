"""When an event of an .ics file is: instants, or the reason why they cannot be told."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from publisher.agenda.ics_components import Block
from publisher.agenda.ics_lines import Flaws
from publisher.base.i18n import _
from publisher.drafts.times import YEARS, in_zone
from publisher.model.problems import Flaw

BROKEN = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, OSError)
"""What icalendar and the time zones of a file raise for values that are none."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """How to take what a calendar may leave open."""

    zone: ZoneInfo
    """The session's, for hints."""
    floating: ZoneInfo | None = None
    """The zone of times that belong to none; None: they are refused."""
    all_day: tuple[time, time] | None = None
    """From when to when an event lasts that has dates alone; None: it is refused."""
    skip: frozenset[str] = frozenset()
    """UIDs of events that are left out."""


class Times:
    """The start and the end of one event."""

    def __init__(
        self, block: Block, component: Any, reading: Reading, name: str, flaws: Flaws
    ) -> None:
        """`component`: the event as icalendar has read it; `name`: how messages call it."""
        self._block = block
        self._component = component
        self._reading = reading
        self._name = name
        self._flaws = flaws

    def read(self) -> tuple[datetime | None, datetime | None]:
        """Both in UTC. Without a start, something is noted; without an end, it has none."""
        start, end = self._value("DTSTART"), self._value("DTEND")
        length = self._value("DURATION")
        if "DTSTART" not in self._block.properties:
            hint = _("Posts are timed from an item's start.")
            self._refuse(
                "no-start", "DTSTART", _("{event} has no DTSTART.", event=self._name), hint
            )
        if start is None:
            return None, None
        if end is not None and isinstance(end, datetime) is not isinstance(start, datetime):
            message = _("{event} has a time and also a date without a time.", event=self._name)
            self._refuse("bad-time", "DTEND", message)
            return None, None
        if not isinstance(start, datetime):
            return self._all_day(start, end, length)
        starts_at = self._instant("DTSTART", start)
        ends_at = self._instant("DTEND", end) if end else None
        if starts_at and length is not None:
            ends_at = self._after(starts_at, length)
        if starts_at and ends_at:
            self._refuse_end_before(starts_at, ends_at)
        return starts_at, ends_at if ends_at != starts_at else None

    def _all_day(
        self, start: date, end: date | None, length: timedelta | None
    ) -> tuple[datetime | None, datetime | None]:
        """From the first day to the last one, which DTEND does not count any more."""
        if self._reading.all_day is None:
            message = _(
                "{event} lasts all day, so it has no time for posts to count from.",
                event=self._name,
            )
            hint = _(
                "Give it a time in the calendar. In a terminal, --all-day 09:00-18:00 gives all "
                "such events these hours."
            )
            self._refuse("all-day", "DTSTART", message, hint)
            return None, None
        if length is not None:
            end = self._after(start, length)
        if end:
            self._refuse_end_before(start, end)
        last = end - _DAY if end and end > start else start
        first, until = self._reading.all_day
        zone = self._reading.floating or self._reading.zone
        return (
            self._local("DTSTART", datetime.combine(start, first), zone),
            self._local("DTEND", datetime.combine(last, until), zone),
        )

    def _refuse(self, code: str, prop: str, message: str, hint: str | None = None) -> None:
        self._flaws.note(code, self._block.place(prop), message, hint)

    def _refuse_end_before(self, start: date, end: date) -> None:
        if end < start:
            prop = "DTEND" if "DTEND" in self._block.properties else "DURATION"
            self._refuse(
                "ends-before-start", prop, _("{event} ends before it starts.", event=self._name)
            )

    def _after(self, start: Any, length: timedelta) -> Any:
        try:
            end = start + length
        except OverflowError:
            end = None
        if end is None or end.year not in YEARS:
            self._refuse("bad-time", "DURATION", _("{event} is too long.", event=self._name))
            return None
        return end

    def _value(self, prop: str) -> Any:
        """What icalendar makes of a property: a datetime, a date or a timedelta."""
        if prop not in self._block.properties:
            return None
        text = self._block.properties[prop].text
        if prop in self._block.twice:
            message = _("{event} has two of {property}.", event=self._name, property=prop)
            self._refuse("bad-time", prop, message)
            return None
        wanted: tuple[type, ...] = (timedelta,) if prop == "DURATION" else (date,)
        try:
            value = self._component[prop].dt
        except BROKEN:
            value = None
        if not isinstance(value, wanted):
            hint = _("Times look like 20160307T090000Z, durations like PT1H30M.")
            message = _(
                "{event}: “{text}” is not a time or duration that Publisher can read.",
                event=self._name,
                text=text[:80],
            )
            self._refuse("bad-time", prop, message, hint)
            return None
        return value

    def _instant(self, prop: str, value: datetime) -> datetime | None:
        if value.tzinfo is not None:
            try:
                return self._in_range(prop, value.astimezone(UTC))
            except BROKEN:
                self._refuse(
                    "bad-time", prop, _("{event}: its time zone cannot be used.", event=self._name)
                )
                return None
        zone_id = self._component[prop].params.get("TZID")
        if zone_id:
            message = _(
                "{event} is in an unknown time zone, “{zone_id}”.",
                event=self._name,
                zone_id=zone_id,
            )
            hint = _("Export the calendar with its time zones (VTIMEZONE), or in UTC.")
            self._refuse("unknown-zone", prop, message, hint)
            return None
        if self._reading.floating is None:
            message = _("{event}: its time has no time zone.", event=self._name)
            hint = _(
                "If such times are in the zone {zone}, add --timezone {zone}.",
                zone=self._reading.zone.key,
            )
            self._refuse("floating-time", prop, message, hint)
            return None
        return self._local(prop, value, self._reading.floating)

    def _local(self, prop: str, naive: datetime, zone: ZoneInfo) -> datetime | None:
        if self._in_range(prop, naive) is None:
            return None
        instant = in_zone(naive, zone)
        if isinstance(instant, Flaw):
            hint = _("Give its time in UTC or with a time zone.")
            self._refuse("bad-time", prop, f"{self._name}: {instant.message}", hint)
            return None
        return self._in_range(prop, instant)

    def _in_range(self, prop: str, instant: datetime) -> datetime | None:
        if instant.year not in YEARS:
            message = _(
                "{event}: the year {year} is out of range.", event=self._name, year=instant.year
            )
            self._refuse("bad-time", prop, message)
            return None
        return instant.replace(microsecond=0)
