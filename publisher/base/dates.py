"""Dates and times as people write them, in the languages of Publisher.

A strict grammar, not a guess: a day, a time of day after it, and nothing else. What can be read in
two ways (03/04, or a weekday on that very day) has both readings, and whoever asks names them.
Times have no zone: they are what the clocks show where the person means.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache

from publisher.base import durations
from publisher.base.clock import parse_duration
from publisher.base.formats import locale
from publisher.base.i18n import LANGUAGES
from publisher.base.text import unaccented

_CLOCK = re.compile(
    r"(?P<hour>\d{1,2}) ?(?:(?:[:.h]|heures?|horas?) ?(?P<minute>\d{2})|h|heures?|horas?|(?=[ap]\.?m))"
    r"(?P<second>:\d{2})? ?(?P<half>[ap])?\.?(?:m\.?)?",
    re.ASCII,
)
_AT = re.compile(r"(?:a las|a la|al|a|at|o godz\.?|o|godz\.?|um) +", re.ASCII)
_NOON = frozenset("noon midday midi mediodia poludnie".split())  # noqa: SIM905
_MIDNIGHT = frozenset("midnight minuit medianoche polnoc polnocy".split())  # noqa: SIM905
_HOUR = re.compile(r"\d{1,2}", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})", re.ASCII)
_NO_YEAR = re.compile(r"(\d{1,2})([/.])(\d{1,2})\.?", re.ASCII)
_DAY_NAMED = re.compile(r"(\d{1,2})(?:er|st|nd|rd|th|o)?\.? ([a-z]{3,})\.?(?: (\d{4}))?", re.ASCII)
_NAMED_DAY = re.compile(r"([a-z]{3,})\.? (\d{1,2})(?:st|nd|rd|th)?(?: (\d{4}))?", re.ASCII)
_DAY = timedelta(days=1)
_WEEK = 7
_BEFORE_CLOCK = re.compile(r"(?<=\d)t(?=\d)", re.ASCII)
_FILLERS = frozenset("le the el dia on of de del du dnia w we r r. roku".split())  # noqa: SIM905
_MORE_MONTHS = {"sept": 9, "setiembre": 9, "set": 9}
"""Names that people use and Unicode's tables lack; the second is Peru's."""
_MORE_WEEKDAYS = {"srode": 2, "sobote": 5, "niedziele": 6}
"""As Polish says it of a time: `w środę`."""
_RELATIVE = {
    -2: "avant-hier|anteayer|przedwczoraj|day before yesterday",
    -1: "yesterday|hier|ayer|wczoraj",
    0: "today|aujourd'hui|aujourd\N{RIGHT SINGLE QUOTATION MARK}hui|hoy|dzisiaj|dzis",
    1: "tomorrow|demain|manana|jutro",
    2: "apres-demain|pasado manana|pojutrze|day after tomorrow",
}
_DAYS_FROM_NOW = {word: days for days, words in _RELATIVE.items() for word in words.split("|")}
_SPOKEN = re.compile("[a-z]{3}")
_AHEAD = re.compile(r"(?:in|dans|en|dentro|za) (.+)")
_AN_HOUR = re.compile(r"za (?=godzine$|minute$|dzien$|tydzien$)")
"""In Polish, one has no word."""
_AGO = re.compile(r"(?:il y a|hace) (.+)|(.+) (?:ago|temu)")


def clock(text: str) -> str | None:
    """Normalise `11h20`, `8h`, `o 9`, `6.30 pm` to `11:20`, `08:00`, `09:00`, `18:30`.

    An hour alone needs a word before it: `9` is no time of day, and `à 9` is. None for others.
    """
    text = _plain(text)
    bare = _AT.sub("", text, count=1) if _AT.match(text) else text
    if bare in _NOON:
        return "12:00"
    if bare in _MIDNIGHT:
        return "00:00"
    if bare != text and _HOUR.fullmatch(bare):
        bare = f"{bare}h"
    match = _CLOCK.fullmatch(bare)
    if match is None:
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"]:
        hour = hour % 12 + (12 if match["half"] == "p" else 0) if 1 <= hour <= 12 else 24
    second = match["second"] or ""
    is_one = hour < 24 and minute < 60 and int(second.lstrip(":") or 0) < 60
    return f"{hour:02}:{minute:02}{second}" if is_one else None


def days(text: str, today: date | None, *, past: bool = False) -> list[date]:
    """The days that `31/12/2026`, `5 janvier` or `mañana` may mean; the day before the month first.

    Without `today`, only days whose year is said. A day without its year is the next one to come,
    or with `past` the last one.
    """
    text = _plain(text)
    found = [*_exact(text)]
    if today and not found:
        found = [*_counted(text, today, past=past)]
    first, _space, rest = text.partition(" ")
    if not found and rest and (weekday := _weekdays().get(first.rstrip("."))) is not None:
        found = [day for day in days(rest, today, past=past) if day.weekday() == weekday]
    return list(dict.fromkeys(found))


def times(text: str, now: datetime | None, *, past: bool = False) -> list[str]:
    """The times that `4 janvier 2027 à 10h30` or `mañana 9h` may mean, as drafts write them.

    `now` is in the zone of these clocks; without it, and with `past`, as in `days`.
    """
    text = _plain(text)
    words = _BEFORE_CLOCK.sub(" ", text).split()
    found = []
    for at in range(1, len(words)):
        if _AT.sub("", " ".join(words[at:]), count=1) in _MIDNIGHT:
            # Tonight, or where the day begins: both are said so.
            for day in days(" ".join(words[:at]), now.date() if now else None, past=past):
                found += [f"{day} 00:00", f"{day + _DAY} 00:00"]
        elif of_day := clock(" ".join(words[at:])):
            found += [
                f"{day} {of_day}"
                for day in days(" ".join(words[:at]), now.date() if now else None, past=past)
            ]
    if now and not found and (span := _from_now(text)):
        # In three days it is as late as now, also where the clocks change; in three hours, not.
        then = (
            now + span if not span % _DAY else (now.astimezone(UTC) + span).astimezone(now.tzinfo)
        )
        found = [f"{then:%Y-%m-%d %H:%M}"]
    return list(dict.fromkeys(found))


def bare(text: str, now: datetime, day: date | None = None) -> list[str]:
    """The times that `2 heures` may mean: in two hours, or two o'clock, on `day` or the next.

    None for what is no duration, or is written as clocks are (`8h`, `11h20`).
    """
    text, of_day = _plain(text), clock(text)
    if of_day and not _SPOKEN.search(text):
        return []
    found = times(f"in {text}", now)
    if found and of_day:
        is_past = of_day <= f"{now:%H:%M}"
        found.append(f"{day or (now + is_past * _DAY).date()} {of_day}")
    return found


def _plain(text: str) -> str:
    """In small letters without accents, and without the words that say nothing."""
    if len(text) > durations.LONGEST:
        return ""
    words = unaccented(text).replace(",", " ").split()
    return " ".join(word for word in words if word not in _FILLERS)


def _exact(text: str) -> Iterator[date]:
    """The existing days that a text with a year may mean."""
    orders: list[tuple[str, str, str]] = []
    if match := _YEAR_FIRST.fullmatch(text):
        orders = [(match[1], match[2], match[3])]
    elif match := _YEAR_LAST.fullmatch(text):
        orders = [(match[4], month, day) for month, day in _both(match)]
    elif (named := _named(text)) and named[0]:
        orders = [(named[0], named[1], named[2])]
    for year, month, day in orders:
        yield from _existing(int(year), int(month), int(day))


def _counted(text: str, today: date, *, past: bool) -> Iterator[date]:
    """The days that a text without a year may mean, counted from today."""
    if text in _DAYS_FROM_NOW:
        yield today + timedelta(days=_DAYS_FROM_NOW[text])
    elif (weekday := _weekdays().get(text.rstrip("."))) is not None:
        ahead = (weekday - today.weekday()) % _WEEK
        if not ahead:
            yield today
        yield today + timedelta(days=ahead - _WEEK if past else ahead or _WEEK)
    elif match := _NO_YEAR.fullmatch(text):
        for month, day in _both(match):
            yield from _nearest(int(month), int(day), today, past=past)
    elif (named := _named(text)) and not named[0]:
        yield from _nearest(int(named[1]), int(named[2]), today, past=past)


def _both(match: re.Match[str]) -> Iterator[tuple[str, str]]:
    """Month and day of 03/04; nobody writes 03.04 with the month first."""
    yield match[3], match[1]
    if match[2] != ".":
        yield match[1], match[3]


def _named(text: str) -> tuple[str, str, str] | None:
    """Year (or nothing), month and day of `4 janvier 2027` or `January 4`."""
    if match := _DAY_NAMED.fullmatch(text):
        day, name, year = match.groups()
    elif (match := _NAMED_DAY.fullmatch(text)) and match[1] not in _weekdays():
        name, day, year = match.groups()
    else:
        return None
    month = _months().get(name)
    return (year or "", str(month), day) if month else None


def _nearest(month: int, day: int, today: date, *, past: bool) -> Iterator[date]:
    near = [found for year in (-1, 0, 1) for found in _existing(today.year + year, month, day)]
    if past:
        yield from [one for one in near if one <= today][-1:]
    else:
        yield from [one for one in near if one >= today][:1]


def _existing(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return


def _from_now(text: str) -> timedelta | None:
    """`in 2 hours`, `il y a 3 jours`"""
    text = _AN_HOUR.sub("za 1 ", text)
    ahead, ago = _AHEAD.fullmatch(text), _AGO.fullmatch(text)
    said = ahead or ago
    span = durations.spelled(next(filter(None, said.groups()))) if said else None
    if span is None:
        return None
    try:
        return parse_duration(span) * (1 if ahead else -1)
    except ValueError:  # longer than a century
        return None


@cache
def _months() -> dict[str, int]:
    """Names of months, also shortened, in all languages at once: none means two months."""
    found = dict(_MORE_MONTHS)
    for language in LANGUAGES:
        for widths in locale(language).months.values():
            for width in ("wide", "abbreviated"):
                found |= {unaccented(name).rstrip("."): n for n, name in widths[width].items()}
    return found


@cache
def _weekdays() -> dict[str, int]:
    """Names of weekdays, also shortened, Monday is 0."""
    found = dict(_MORE_WEEKDAYS)
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            names = locale(language).days["format"][width]
            found |= {unaccented(name).rstrip("."): n for n, name in names.items()}
    return found
