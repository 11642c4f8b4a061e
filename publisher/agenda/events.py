"""The events of an .ics file, each with one start; whatever leaves a doubt is refused by name."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
from icalendar.error import GloballyUniqueTZIDGuessed
from icalendar.timezone import tzp

from publisher.agenda import lines
from publisher.agenda.blocks import Block, blocks
from publisher.agenda.lines import Flaws, Line
from publisher.content.problems import Flaw
from publisher.content.times import YEARS, in_zone
from publisher.models import Problem

MAX_EVENTS = 2_000
_LONGEST_NAME = 60
_RECURRING = ("RRULE", "RDATE")
_USED = ("UID", "SUMMARY", "LOCATION", "STATUS", "DTSTART", "DTEND", "DURATION")
_DAY = timedelta(days=1)
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, OSError)
"""What icalendar and the time zones of a file raise for values that are none."""


@dataclass(frozen=True, slots=True)
class Event:
    """What one VEVENT says. Instants are in UTC."""

    line: int
    uid: str | None
    summary: str
    starts_at: datetime
    ends_at: datetime | None
    """None where the event says nothing, or ends when it starts."""
    place: str | None
    cancelled: bool

    @property
    def name(self) -> str:
        """For messages."""
        return _named(self.summary, self.uid)


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


def read(path: Path, reading: Reading) -> tuple[list[Event], list[Problem]]:
    """The events of a file, in its order, and what is wrong with it. Never raises for what is in it.

    With a problem, the events are good for nothing.
    """
    flaws = Flaws(str(path))
    found = lines.read(path, flaws)
    of_events, of_zones = ([], []) if flaws.problems else blocks(found, flaws)
    if not flaws.problems:
        _refuse_number(of_events, flaws)
    if flaws.problems:
        return [], flaws.problems
    wanted = [b for b in of_events if b.uid not in reading.skip]
    components = _components(wanted, of_zones, flaws)
    read_ones = (
        _Reader(block, component, reading, flaws).event()
        for block, component in zip(wanted, components, strict=not flaws.problems)
    )
    events = [event for event in read_ones if event]
    _refuse_twins(events, flaws)
    return events, sorted(flaws.problems, key=lambda problem: problem.line)


def _refuse_number(found: Sequence[Block], flaws: Flaws) -> None:
    if not found:
        flaws.add("no-events", 1, "The calendar has no events.", "Export it once more.")
    if len(found) > MAX_EVENTS:
        message = f"The calendar has {len(found):,} events; more than {MAX_EVENTS:,} are not read."
        hint = "Export a part of it, such as the weeks of the session."
        flaws.add("too-many-events", found[MAX_EVENTS].line, message, hint)


def _components(found: Sequence[Block], zones: Sequence[Line], flaws: Flaws) -> list[Any]:
    """The events as icalendar reads them. It gets what is used, and nothing else to stumble over."""
    tzp.use_default()  # it remembers the time zones of the file before
    text = ["BEGIN:VCALENDAR", *(line.text for line in zones)]
    for block in found:
        its = [block.properties[name].text for name in _USED if name in block.properties]
        text += ["BEGIN:VEVENT", *its, "END:VEVENT"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GloballyUniqueTZIDGuessed)
            calendar = icalendar.Calendar.from_ical("\r\n".join([*text, "END:VCALENDAR"]))
    except _BROKEN as error:
        reason = " ".join(str(error).split())[:200]
        flaws.add("not-a-calendar", 1, f"The calendar cannot be read: {reason}")
        return []
    return list(calendar.walk("VEVENT"))


class _Reader:
    """Reads one event."""

    def __init__(self, block: Block, component: Any, reading: Reading, flaws: Flaws) -> None:
        self._block = block
        self._component = component
        self._reading = reading
        self._flaws = flaws
        self._uid = self._text("UID")
        self._summary = self._text("SUMMARY")
        self._name = _named(self._summary, self._uid)

    def event(self) -> Event | None:
        """None if anything is wrong with it."""
        if self._summary is None:
            hint = "Give it a title in the calendar, or leave it out with --skip."
            self._refuse("no-summary", "SUMMARY", f"The event {self._name} has no SUMMARY.", hint)
        self._refuse_recurring()
        starts_at, ends_at = self._times()
        if starts_at is None or self._summary is None:
            return None
        return Event(
            line=self._block.line,
            uid=self._uid,
            summary=self._summary,
            starts_at=starts_at,
            ends_at=ends_at,
            place=self._text("LOCATION"),
            cancelled=self._block.called_off or (self._text("STATUS") or "").upper() == "CANCELLED",
        )

    def _refuse(self, code: str, prop: str, message: str, hint: str | None = None) -> None:
        self._flaws.add(code, self._block.place(prop), message, hint)

    def _text(self, prop: str) -> str | None:
        """A property's words, in one line."""
        return " ".join(str(self._component.get(prop, "")).split()) or None

    def _refuse_recurring(self) -> None:
        leave_out = (
            f"Leave it out with --skip {self._uid}" if self._uid else "Take it out of the file"
        )
        for prop in _RECURRING:
            if prop in self._block.properties:
                self._refuse(
                    "recurring",
                    prop,
                    f"{self._name} recurs ({prop}); recurring events are not expanded.",
                    "Make single events of it in the calendar: posts hang on one of them. "
                    f"{leave_out}, if no post does.",
                )
                return
        if "RECURRENCE-ID" in self._block.properties:
            self._refuse(
                "recurrence-id",
                "RECURRENCE-ID",
                f"{self._name} is one instance of a recurring event (RECURRENCE-ID).",
                f"Make a single event of it in the calendar. {leave_out}, if no post hangs on it.",
            )

    def _times(self) -> tuple[datetime | None, datetime | None]:
        start, end = self._value("DTSTART"), self._value("DTEND")
        length = self._value("DURATION")
        if "DTSTART" not in self._block.properties:
            hint = "Posts count from an item's start."
            self._refuse("no-start", "DTSTART", f"{self._name} has no DTSTART.", hint)
        if start is None:
            return None, None
        if end is not None and isinstance(end, datetime) is not isinstance(start, datetime):
            self._refuse("bad-time", "DTEND", f"{self._name} has a time and a date without one.")
            return None, None
        if not isinstance(start, datetime):
            return self._all_day(start, end, length)
        starts_at = self._instant("DTSTART", start)
        ends_at = self._instant("DTEND", end) if isinstance(end, datetime) else None
        if starts_at and isinstance(length, timedelta):
            ends_at = starts_at + min(length, 1000 * _DAY)
        return starts_at, self._end(starts_at, ends_at)

    def _end(self, starts_at: datetime | None, ends_at: datetime | None) -> datetime | None:
        if starts_at and ends_at and ends_at < starts_at:
            prop = "DTEND" if "DTEND" in self._block.properties else "DURATION"
            self._refuse("ends-before-start", prop, f"{self._name} ends before it starts.")
        return ends_at if ends_at != starts_at else None

    def _all_day(
        self, start: date, end: date | None, length: timedelta | None
    ) -> tuple[datetime | None, datetime | None]:
        """From the first day to the last one, which DTEND does not count any more."""
        if self._reading.all_day is None:
            self._refuse(
                "all-day",
                "DTSTART",
                f"{self._name} lasts all day; it has no time that posts could count from.",
                "Give it its time in the calendar; --all-day 09:00-18:00 takes all such events so.",
            )
            return None, None
        if isinstance(length, timedelta):
            end = start + min(length, 1000 * _DAY)
        last = max(start, end - _DAY) if end else start
        if end and end < start:
            self._refuse("ends-before-start", "DTEND", f"{self._name} ends before it starts.")
        first, until = self._reading.all_day
        zone = self._reading.floating or self._reading.zone
        return (
            self._local("DTSTART", datetime.combine(start, first), zone),
            self._local("DTEND", datetime.combine(last, until), zone),
        )

    def _value(self, prop: str) -> Any:
        """What icalendar makes of a property: a datetime, a date or a timedelta."""
        if prop not in self._block.properties:
            return None
        text = self._block.properties[prop].text
        if prop in self._block.twice:
            self._refuse("bad-time", prop, f"{self._name} has two of {prop}.")
            return None
        wanted: tuple[type, ...] = (timedelta,) if prop == "DURATION" else (date,)
        try:
            value = self._component[prop].dt
        except _BROKEN:
            value = None
        if not isinstance(value, wanted):
            hint = "Times look like 20160307T090000Z, durations like PT1H30M."
            self._refuse("bad-time", prop, f"{self._name}: `{text[:80]}` cannot be read.", hint)
            return None
        return value

    def _instant(self, prop: str, value: datetime) -> datetime | None:
        if value.tzinfo is not None:
            try:
                return self._in_range(prop, value.astimezone(UTC))
            except _BROKEN:
                self._refuse("bad-time", prop, f"{self._name}: its time zone cannot be used.")
                return None
        zone_id = self._component[prop].params.get("TZID")
        if zone_id:
            self._refuse(
                "unknown-zone",
                prop,
                f"{self._name} is in the time zone `{zone_id}`, which is unknown.",
                "Export the calendar with its time zones (VTIMEZONE), or in UTC.",
            )
            return None
        if self._reading.floating is None:
            self._refuse(
                "floating-time",
                prop,
                f"{self._name}: its time belongs to no time zone.",
                f"Say --timezone {self._reading.zone.key}, if such times are those of that zone.",
            )
            return None
        return self._local(prop, value, self._reading.floating)

    def _local(self, prop: str, naive: datetime, zone: ZoneInfo) -> datetime | None:
        instant = in_zone(naive, zone)
        if isinstance(instant, Flaw):
            hint = "Give its time in UTC, or with its time zone."
            self._refuse("bad-time", prop, f"{self._name}: {instant.message}", hint)
            return None
        return self._in_range(prop, instant)

    def _in_range(self, prop: str, instant: datetime) -> datetime | None:
        if instant.year not in YEARS:
            self._refuse(
                "bad-time", prop, f"{self._name}: the year {instant.year} is out of range."
            )
            return None
        return instant.replace(microsecond=0)


def _refuse_twins(events: Sequence[Event], flaws: Flaws) -> None:
    seen: dict[str, Event] = {}
    for event in events:
        first = seen.setdefault(event.uid, event) if event.uid else event
        if first is not event:
            message = f"{event.name} has the same UID as the event on line {first.line}."
            hint = "One of them is a copy: take it out, or give it a UID of its own."
            flaws.add("duplicate-uid", event.line, message, hint)


def _named(summary: str | None, uid: str | None) -> str:
    words = (summary or "").strip()
    short = re.sub(r"\s+\S*$", " …", words[:_LONGEST_NAME]) if len(words) > _LONGEST_NAME else words
    identity = f" (UID {uid})" if uid else ""
    return f"`{short}`{identity}" if short else (f"with the UID {uid}" if uid else "without a UID")
