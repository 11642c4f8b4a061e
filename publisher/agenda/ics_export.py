"""The agenda as an iCalendar file (RFC 5545), which `publisher agenda import` takes back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar

from publisher import version
from publisher.agenda.ics_matching import uid_of
from publisher.agenda.ics_zones import definition
from publisher.drafts.session import Session
from publisher.drafts.times import in_zone


def agenda_calendar(session: Session, now: datetime) -> bytes:
    """One VEVENT for each item, in the session's time zone; `now` is when it is made."""
    calendar = Calendar(session.name or "Agenda", session.zone, now)
    for item in sorted(session.agenda.values(), key=lambda item: (item.starts_at, item.name)):
        event = calendar.event(uid_of(session, item), item.starts_at, item.ends_at)
        event.add("SUMMARY", item.title or item.name)
        if item.place:
            event.add("LOCATION", item.place)
        event.add("STATUS", "CANCELLED" if item.cancelled else "CONFIRMED")
    return calendar.file()


class Calendar:
    """An iCalendar file with times in one zone."""

    def __init__(self, name: str, zone: ZoneInfo, now: datetime) -> None:
        self._zone = zone
        self._now = now.astimezone(UTC).replace(microsecond=0)
        self._local: list[datetime] = []
        self._calendar = icalendar.Calendar()
        self._calendar.add("PRODID", f"-//Publisher//Publisher {version()}//EN")
        self._calendar.add("VERSION", "2.0")
        self._calendar.add("NAME", name)  # RFC 7986
        self._calendar.add("X-WR-CALNAME", name)  # what was understood before it

    def refresh_every(self, span: timedelta) -> None:
        """How often a program that subscribed is to look again."""
        self._calendar.add("REFRESH-INTERVAL", span, {"VALUE": "DURATION"})

    def event(self, uid: str, starts_at: datetime, ends_at: datetime | None) -> icalendar.Event:
        """A new event, to be filled."""
        event = icalendar.Event()
        event.add("UID", uid)
        event.add("DTSTAMP", self._now)
        event.add("DTSTART", self._shown(starts_at))
        if ends_at:
            event.add("DTEND", self._shown(ends_at))
        self._calendar.add_component(event)
        return event

    def file(self) -> bytes:
        """The file's bytes, with what the zone is where a time is in it."""
        if self._local:
            zone = definition(self._zone, min(self._local), max(self._local))
            self._calendar.subcomponents.insert(0, zone)
        return bytes(self._calendar.to_ical())

    def _shown(self, instant: datetime) -> datetime:
        """In the zone; in UTC where its clocks show the time twice: iCalendar cannot say which."""
        local = instant.astimezone(self._zone)
        if self._zone.key == "UTC" or in_zone(local.replace(tzinfo=None), self._zone) != instant:
            return instant.astimezone(UTC)
        self._local.append(local)
        return local
