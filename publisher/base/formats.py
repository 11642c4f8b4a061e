"""Formats of numbers, sizes, prices, dates and lateness in the current language.

The last functions count things: `1 draft`, `2 drafts`, `no drafts`.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from publisher.base import i18n
from publisher.base.i18n import _, current, plural

if TYPE_CHECKING:
    from babel import Locale

_UNITS = ((10**9, "gigabyte"), (10**6, "megabyte"), (10**3, "kilobyte"))


def number(value: float, digits: int = 0) -> str:
    """`12,345` in English, `12 345` in French; with `digits` digits after the point."""
    # Rarely needed, slow to load.
    from babel.numbers import format_decimal  # noqa: PLC0415

    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return format_decimal(value, pattern, locale=locale(i18n.current()))


@cache  # to find it by its name takes longer than to format a number
def locale(name: str) -> "Locale":
    """Babel's locale of a language."""
    from babel import Locale  # noqa: PLC0415

    return Locale.parse(name)


def with_territory(tag: str) -> str | None:
    """A language as platforms name it: `fr_FR` for `fr`, `pt_BR` for `pt-BR`; None if unknown.

    Of a language alone, the territory is that where most people speak it.
    """
    from babel.core import get_global  # noqa: PLC0415

    language, _dash, rest = tag.partition("-")
    if 2 <= len(rest) <= 3:
        return f"{language}_{rest.upper()}"
    name = f"{language}_{rest.title()}" if rest else language
    likely = None if language == "und" else get_global("likely_subtags").get(name)
    return f"{language}_{likely.rpartition('_')[2]}" if likely else None


def own_name(tag: str) -> str | None:
    """The name of a language in itself, `français` for `fr`; None if it is unknown."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415

    try:
        return Locale.parse(tag, sep="-").get_language_name()
    except (UnknownLocaleError, ValueError):
        return None


def size(count: int) -> str:
    """A size in bytes: `118.2 MB` in English, `118,2 Mo` in French. A MB has 1,000,000 bytes."""
    from babel.units import format_unit  # noqa: PLC0415

    least, unit = next((one for one in _UNITS if count >= one[0]), _UNITS[-1])
    name = f"digital-{unit}"
    return format_unit(count / least, name, "short", "#,##0.#", locale=i18n.current())


def dollars(amount: Decimal) -> str:
    """US dollars: `$0.30` in English, `0,30 $US` in French."""
    from babel.numbers import format_currency  # noqa: PLC0415

    return format_currency(amount, "USD", locale=i18n.current())


def late(seconds: float) -> str:
    """A lateness: `0.12 s`, `14 min`, `3.5 h`; `0,12 s` in French."""
    if seconds < 100:
        return f"{number(seconds, 2 if seconds < 10 else 0)}\N{NO-BREAK SPACE}s"
    if seconds < 6000:
        return f"{number(seconds / 60)}\N{NO-BREAK SPACE}min"
    return f"{number(seconds / 3600, 1)}\N{NO-BREAK SPACE}h"


def lateness(seconds: float) -> str:
    """`0.12 s late`, or `4.00 s early` if a platform did not wait."""
    if seconds < 0:
        return _("{time} early", time=late(-seconds))
    return _("{time} late", time=late(seconds))


def written(day: date | datetime, pattern: str) -> str:
    """A day, or a local time, in a Unicode date pattern: `EEE d MMM y` is `Mon 7 Mar 2016`."""
    from babel.dates import format_date, format_datetime  # noqa: PLC0415

    if isinstance(day, datetime):
        return format_datetime(day.replace(tzinfo=None), pattern, locale=locale(current()))
    return format_date(day, pattern, locale=locale(current()))


def spelled_out(day: date | datetime) -> str:
    """A day in words, `Monday 7 March 2016`; of a local time with its time of day."""
    return written(day, "EEEE d MMMM y, HH:mm" if isinstance(day, datetime) else "EEEE d MMMM y")


def days(first: date, last: date) -> str:
    """Days one after the other, from the first to the last, with their month and year."""
    from babel.dates import format_interval  # noqa: PLC0415

    name = current()
    # The day first, as in all other dates here.
    return format_interval(first, last, "yMMMMd", locale=locale("en_GB" if name == "en" else name))


def instant_text(instant: datetime | None) -> str | None:
    """An instant in ISO format, `2016-03-07T07:30:00Z`, with milliseconds if there are any."""
    if instant is None:
        return None
    precision = "milliseconds" if instant.microsecond else "seconds"
    return instant.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def exact(instant: datetime, zone: tzinfo) -> str:
    """An instant in `zone`: `Mon 7 Mar 2016, 09:00`."""
    return written(instant.astimezone(zone), "EEE d MMM y, HH:mm")


def span(duration: timedelta) -> str:
    """A duration: `4 h`, `1 h 30 min`, `2 days`."""
    minutes = int(duration.total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        plural("{number} day", "{number} days", days) if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
    ]
    return " ".join(filter(None, parts)) or f"{duration.total_seconds():g} s"


def approvals(number: int) -> str:
    return plural("{number} approval", "{number} approvals", number)


def breaks(number: int) -> str:
    return plural("{number} break", "{number} breaks", number)


def deliveries(number: int) -> str:
    return (
        plural("{number} delivery", "{number} deliveries", number) if number else _("no deliveries")
    )


def drafts(number: int) -> str:
    return plural("{number} draft", "{number} drafts", number) if number else _("no drafts")


def errors(number: int) -> str:
    return plural("{number} error", "{number} errors", number)


def files(number: int) -> str:
    return plural("{number} file", "{number} files", number)


def posts(number: int) -> str:
    return plural("{number} post", "{number} posts", number) if number else _("no posts")


def problems(number: int) -> str:
    return plural("{number} problem", "{number} problems", number)


def steps(number: int) -> str:
    return plural("{number} step", "{number} steps", number) if number else _("no steps")


def warnings(number: int) -> str:
    return plural("{number} warning", "{number} warnings", number)
