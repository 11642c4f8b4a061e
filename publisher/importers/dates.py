"""Date parser for spreadsheets.

03/04/2016 is the third of April to most people and the fourth of March to some. A guess would
publish on a wrong day, so the order is given by the person who imports, or proven by an unambiguous
date in the same file.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from publisher.base.i18n import _, later
from publisher.drafts.times import YEARS, in_zone, local_time
from publisher.model.problems import Flaw


class DateOrder(StrEnum):
    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


_SHAPE = re.compile(
    r"(?:(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"|(?P<first>\d{1,2})[-/.](?P<second>\d{1,2})[-/.](?P<last>\d{4}|\d{2}))"
    r"(?:[T ]\s*(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?::(?P<seconds>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<offset>[Zz]|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_HINT = later("Write it like 2016-03-07 08:30.")


def proven_order(texts: Iterable[str]) -> DateOrder | None:
    """The order of day and month, if a date proves it and none proves the other order."""
    found = set()
    for text in texts:
        match = _SHAPE.fullmatch(text.strip())
        if match and match["first"]:
            first, second = int(match["first"]), int(match["second"])
            if first > 12 >= second:
                found.add(DateOrder.DAY_FIRST)
            elif second > 12 >= first:
                found.add(DateOrder.MONTH_FIRST)
    return found.pop() if len(found) == 1 else None


def parse(text: str, zone: ZoneInfo, order: DateOrder | None) -> datetime | Flaw:
    """Parse a date and time into an instant in UTC; without an offset, it is in `zone`."""
    match = _SHAPE.fullmatch(text.strip())
    if match is None or match["hour"] is None:
        message = (
            _("“{text}” is not a date with a time.", text=text)
            if match is None
            else _("“{text}” has no time of day.", text=text)
        )
        return Flaw("bad-time", message, _(_HINT))
    day = _day(match, order)
    if isinstance(day, Flaw):
        return day
    try:
        clock = _hour(match), int(match["minute"]), int(match["seconds"] or 0)
        naive = local_time(day, clock)
        if naive.year not in YEARS:
            raise ValueError(_("the year {year} is out of range", year=naive.year))
        if match["offset"] is None:
            return in_zone(naive, zone)
        return _aware(naive, match["offset"].upper()).astimezone(UTC)
    except ValueError as error:
        return Flaw(
            "bad-time", _("“{text}” is not a time: {error}.", text=text, error=error), _(_HINT)
        )


def _aware(naive: datetime, offset: str) -> datetime:
    try:
        return datetime.fromisoformat(f"{naive.isoformat()}{offset}")
    except ValueError:
        raise ValueError(_("{offset} is not an offset from UTC", offset=offset)) from None


def _day(match: re.Match[str], order: DateOrder | None) -> tuple[int, int, int] | Flaw:
    if match["year"]:
        return int(match["year"]), int(match["month"]), int(match["day"])
    first, second, year = int(match["first"]), int(match["second"]), int(match["last"])
    year += 2000 if year < 100 else 0
    order = order or (first == second and DateOrder.DAY_FIRST) or proven_order([match.group()])
    if order is None:
        message = _("“{text}” can be read with the day or the month first.", text=match.group())
        hint = _("Choose one: --dates day-first or --dates month-first.")
        return Flaw("ambiguous-date", message, hint)
    return (year, second, first) if order is DateOrder.DAY_FIRST else (year, first, second)


def _hour(match: re.Match[str]) -> int:
    hour, half = int(match["hour"]), (match["half"] or "").lower()[:1]
    if half and not 1 <= hour <= 12:
        raise ValueError(_("the hour must be in 1..12 before AM or PM"))
    return hour % 12 + (12 if half == "p" else 0) if half else hour
