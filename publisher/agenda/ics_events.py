"""The events of an .ics file, each with one start; whatever leaves a doubt is refused by name."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import icalendar
from icalendar.error import GloballyUniqueTZIDGuessed
from icalendar.timezone import tzp

from publisher.agenda import ics_lines
from publisher.agenda.ics_components import Block, blocks
from publisher.agenda.ics_lines import ContentLine, Flaws
from publisher.agenda.ics_times import BROKEN, Reading, Times
from publisher.base import formats
from publisher.base.i18n import _
from publisher.model.values import Problem

MAX_EVENTS = 2_000
_LONGEST_NAME = 60
_RECURRING = ("RRULE", "RDATE")
_USED = ("UID", "SUMMARY", "LOCATION", "STATUS", "DTSTART", "DTEND", "DURATION")


@dataclass(frozen=True, slots=True)
class CalendarEvent:
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


def read(path: Path, reading: Reading) -> tuple[list[CalendarEvent], list[Problem]]:
    """The events of a file, in its order, and what is wrong with it. Never raises for what is in
    it.

    With a problem, the events are good for nothing.
    """
    flaws = Flaws(str(path))
    return _events(ics_lines.read(path, flaws), reading, flaws)


def read_bytes(
    name: str, data: bytes, reading: Reading
) -> tuple[list[CalendarEvent], list[Problem]]:
    """The same of a file's bytes; `name` is the file's, for problems."""
    flaws = Flaws(name)
    return _events(ics_lines.lines_of(data, flaws), reading, flaws)


def _events(
    found: Sequence[ContentLine], reading: Reading, flaws: Flaws
) -> tuple[list[CalendarEvent], list[Problem]]:
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
        flaws.note("no-events", 1, _("The calendar has no events."), _("Export it again."))
    if len(found) > MAX_EVENTS:
        message = _(
            "The calendar has {number} events; Publisher reads at most {limit}.",
            number=formats.number(len(found)),
            limit=formats.number(MAX_EVENTS),
        )
        hint = _("Export a part of it, such as the weeks of the session.")
        flaws.note("too-many-events", found[MAX_EVENTS].line, message, hint)


def _components(found: Sequence[Block], zones: Sequence[ContentLine], flaws: Flaws) -> list[Any]:
    """The events as icalendar reads them. It gets what is used, and nothing else to stumble
    over.
    """
    tzp.use_default()  # it remembers the time zones of the file before
    text = ["BEGIN:VCALENDAR", *(line.text for line in zones)]
    for block in found:
        its = [block.properties[name].text for name in _USED if name in block.properties]
        text += ["BEGIN:VEVENT", *its, "END:VEVENT"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GloballyUniqueTZIDGuessed)
            calendar = icalendar.Calendar.from_ical("\r\n".join([*text, "END:VCALENDAR"]))
    except BROKEN as error:
        reason = " ".join(str(error).split())[:200]
        flaws.note("not-a-calendar", 1, _("The calendar cannot be read: {reason}", reason=reason))
        return []
    return list(calendar.walk("VEVENT"))


class _Reader:
    """Reads one event."""

    def __init__(self, block: Block, component: Any, reading: Reading, flaws: Flaws) -> None:
        self._block = block
        self._component = component
        self._flaws = flaws
        self._uid = self._text("UID")
        self._summary = self._text("SUMMARY")
        self._name = _named(self._summary, self._uid)
        self._times = Times(block, component, reading, self._name, flaws)

    def event(self) -> CalendarEvent | None:
        """None if anything is wrong with it."""
        if self._summary is None:
            hint = _("Give it a title in the calendar, or leave it out with --skip.")
            message = _("The event {event} has no SUMMARY.", event=self._name)
            self._refuse("no-summary", "SUMMARY", message, hint)
        self._refuse_recurring()
        starts_at, ends_at = self._times.read()
        if starts_at is None or self._summary is None:
            return None
        return CalendarEvent(
            line=self._block.line,
            uid=self._uid,
            summary=self._summary,
            starts_at=starts_at,
            ends_at=ends_at,
            place=self._text("LOCATION"),
            cancelled=self._block.called_off or (self._text("STATUS") or "").upper() == "CANCELLED",
        )

    def _refuse(self, code: str, prop: str, message: str, hint: str | None = None) -> None:
        self._flaws.note(code, self._block.place(prop), message, hint)

    def _text(self, prop: str) -> str | None:
        """A property's words, in one line."""
        return " ".join(str(self._component.get(prop, "")).split()) or None

    def _refuse_recurring(self) -> None:
        for prop in _RECURRING:
            if prop in self._block.properties:
                message = _(
                    "{event} recurs ({property}). Publisher does not expand recurring events.",
                    event=self._name,
                    property=prop,
                )
                hint = (
                    _(
                        "Make single events of it in the calendar, because posts depend on "
                        "single events. If no post does, leave it out with --skip {uid}.",
                        uid=self._uid,
                    )
                    if self._uid
                    else _(
                        "Make single events of it in the calendar, because posts depend on "
                        "single events. If no post does, take it out of the file."
                    )
                )
                self._refuse("recurring", prop, message, hint)
                return
        if "RECURRENCE-ID" in self._block.properties:
            message = _(
                "{event} is one instance of a recurring event (RECURRENCE-ID).", event=self._name
            )
            hint = (
                _(
                    "Make a single event of it in the calendar. If no post depends on it, leave "
                    "it out with --skip {uid}.",
                    uid=self._uid,
                )
                if self._uid
                else _(
                    "Make a single event of it in the calendar. If no post depends on it, take "
                    "it out of the file."
                )
            )
            self._refuse("recurrence-id", "RECURRENCE-ID", message, hint)


def _refuse_twins(events: Sequence[CalendarEvent], flaws: Flaws) -> None:
    seen: dict[str, CalendarEvent] = {}
    for event in events:
        first = seen.setdefault(event.uid, event) if event.uid else event
        if first is not event:
            message = _(
                "{event} has the same UID as the event on line {line}.",
                event=event.name,
                line=first.line,
            )
            hint = _("One of them is a copy. Take it out, or give it its own UID.")
            flaws.note("duplicate-uid", event.line, message, hint)


def _named(summary: str | None, uid: str | None) -> str:
    words = (summary or "").strip()
    short = re.sub(r"\s+\S*$", " …", words[:_LONGEST_NAME]) if len(words) > _LONGEST_NAME else words
    identity = f" (UID {uid})" if uid else ""
    return (
        f"`{short}`{identity}"
        if short
        else (_("with the UID {uid}", uid=uid) if uid else _("without a UID"))
    )
