"""Dates and numbers as readers of the current language write them."""

from datetime import date, datetime
from functools import cache

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from publisher import language


def written(day: date | datetime, pattern: str) -> str:
    """A day, or a local time, by a pattern of Unicode's: `EEE d MMM y` is `Mon 7 Mar 2016`."""
    if isinstance(day, datetime):
        return format_datetime(
            day.replace(tzinfo=None), pattern, locale=_locale(language.current())
        )
    return format_date(day, pattern, locale=_locale(language.current()))


def number(value: float, digits: int = 0) -> str:
    """`12,345` in English, with so many digits after the point."""
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return format_decimal(value, pattern, locale=_locale(language.current()))


@cache  # finding it by its name takes longer than writing a number
def _locale(name: str) -> Locale:
    return Locale.parse(name)
