"""Recurrence: the days and times of a draft that repeats, `every sitting day at 08:30`.

An occurrence is known by its day in the session's zone, so that none is lost or doubled when the
agenda, the session's end or the time of day changes.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from publisher.base.i18n import _
from publisher.drafts.fields import Fields
from publisher.drafts.session import FILE, Session, unusable
from publisher.drafts.times import AgendaItem, in_zone
from publisher.model import weekdays
from publisher.model.posts import Occurrence
from publisher.model.problems import Findings, Flaw

EXAMPLES = ("every sitting day at 08:30", "every weekday at 08:30", "every monday at 08:30")
END = "end"
"""`until: end`: the session's last day, as without `until`."""
_RULE = re.compile(r"every +(?P<days>.+?) +at +(?P<clock>[\d:.h]+)", re.IGNORECASE)
_SITTING = re.compile(r"sitting +days?", re.IGNORECASE)
_LONGEST = timedelta(days=366)
_DAY = timedelta(days=1)


class Recurrence(NamedTuple):
    """The value of `repeat` in a draft that repeats."""

    weekdays: frozenset[int] | None
    """Monday is 0; None: the sitting days."""
    clock: time
    """In the session's zone, in summer as in winter."""


def is_meant(fields: Fields) -> bool:
    """Whether `repeat` says when, and not only that the text may go out once more."""
    return "repeat" in fields and not fields.is_flag("repeat")


def read(fields: Fields, session: Session, findings: Findings) -> tuple[Occurrence, ...] | None:
    """The occurrences of a draft that repeats; None for all others, and for one with a problem."""
    if not is_meant(fields):
        if "until" in fields:
            message = _("`until` is for a draft that says when it repeats.")
            hint = _("Write `repeat: every weekday at 08:30`, or delete the line.")
            fields.reject("until", Flaw("bad-value", message, hint))
        return None
    text = fields.text("repeat")
    meant = parse(text) if text else None
    if meant is None or isinstance(meant, Flaw):
        if meant:
            fields.reject("repeat", meant)
        return None
    if "at" in fields:
        message = _("A draft that repeats has its time under `repeat`.")
        fields.reject("at", Flaw("bad-value", message, _("Delete one of the two.")))
    until = last_day(fields.text("until"), session)
    if isinstance(until, Flaw):
        fields.reject("until" if "until" in fields else "repeat", until)
        return None
    found = occurrences(meant, until, session)
    if isinstance(found, Flaw):
        fields.reject("repeat", found)
        return None
    if not found:
        message = _("The repetition has no day: nothing goes out.")
        hint = _("Look at `until:`, and at the days in {file}.", file=FILE)
        findings.warning("no-day", fields.position("repeat"), message, hint)
    return found


class Words(NamedTuple):
    """The words of `every DAYS at CLOCK`, as they are written."""

    days: str
    clock: str


def split(text: str) -> Words | None:
    """The words of a repetition; None for a text that is none."""
    match = _RULE.fullmatch(text.strip())
    return Words(match["days"], match["clock"]) if match else None


def rule(days: str, clock: str) -> str:
    """The value of `repeat` with these words."""
    return f"every {days} at {clock}"


def parse(text: str) -> Recurrence | Flaw:
    """Parse `every sitting day at 08:30`."""
    found = split(text)
    clock = found and weekdays.clock(found.clock)
    is_sitting = found is not None and _SITTING.fullmatch(found.days) is not None
    days = weekdays.parse(found.days) if found and not is_sitting else None
    if clock is None or (days is None and not is_sitting):
        hint = _(
            "Write true, or {examples}. The last day stands under `until:`.",
            examples=", ".join(f"`{example}`" for example in EXAMPLES),
        )
        return Flaw("bad-value", _("`{text}` is no repetition.", text=text), hint)
    return Recurrence(days, clock)


def last_day(text: str | None, session: Session) -> date | Flaw:
    """Parse the value of `until`; None and `end` mean the session's last day."""
    if text is None or text.casefold() == END:
        if "ends" in session.flawed:
            return unusable(_("{file} has a problem with the session's last day.", file=FILE))
        hint = _("Write `until: 2016-03-24`, or give {file} an `ends:`.", file=FILE)
        return session.ends or Flaw("missing-key", _("The repetition has no end."), hint)
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = _("`{text}` is no day.", text=text)
        return Flaw("bad-time", message, _("Write it like 2016-03-24, or `end`."))


def occurrences(
    recurrence: Recurrence, until: date, session: Session
) -> tuple[Occurrence, ...] | Flaw:
    """The occurrences up to the day `until`, each at the same time of the clock."""
    if flawed := session.flawed - {key for key in session.flawed if key.startswith("defaults.")}:
        name = min(flawed)
        return unusable(_("{file} has a problem with `{name}`.", file=FILE, name=name))
    by_day = agenda_days(session)
    first = session.starts or min(by_day, default=None)
    if first is None:
        hint = _("Give {file} a `starts:`.", file=FILE)
        return Flaw("missing-key", _("The repetition has no first day."), hint)
    if until - first > _LONGEST:
        hint = _("End it with `until:`, at most a year after {day}.", day=first.isoformat())
        return Flaw("bad-value", _("The repetition is longer than a year."), hint)
    days = [
        day
        for day in (first + _DAY * number for number in range((until - first).days + 1))
        if _is_meant(day, recurrence, session, by_day)
    ]
    found = []
    for number, day in enumerate(days, 1):
        instant = in_zone(datetime.combine(day, recurrence.clock), session.zone)
        if isinstance(instant, Flaw):
            return instant._replace(hint=_("Choose another time of day."))
        titles = [item.title or item.name for item in by_day.get(day, ())]
        words = {"number": str(number), "agenda": ", ".join(titles)}
        found.append(Occurrence(day=day, due_at=instant, words=words))
    return tuple(found)


def agenda_days(session: Session) -> Mapping[date, Sequence[AgendaItem]]:
    """The days on which something on the agenda takes place, with these items in their order."""
    found = defaultdict(list)
    for item in sorted(session.agenda.values(), key=lambda item: (item.starts_at, item.name)):
        if item.cancelled:
            continue
        day = item.starts_at.astimezone(session.zone).date()
        # An item that ends at midnight has no part of the day that begins then.
        ends = max(item.starts_at, (item.ends_at or item.starts_at) - timedelta(microseconds=1))
        last = min(ends.astimezone(session.zone).date(), day + _LONGEST)
        while day <= last:
            found[day].append(item)
            day += _DAY
    return found


def _is_meant(
    day: date,
    recurrence: Recurrence,
    session: Session,
    by_day: Mapping[date, Sequence[AgendaItem]],
) -> bool:
    """Whether the draft repeats on this day.

    Sitting days are those with an item on the agenda; without an agenda, Mondays to Fridays.
    """
    if recurrence.weekdays is None and session.agenda:
        return day in by_day
    return day.weekday() in (recurrence.weekdays or weekdays.WORKING)
