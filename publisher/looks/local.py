"""Dates and numbers as readers of the current language write them."""

from datetime import date, datetime

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from publisher import language


def written(day: date | datetime, pattern: str) -> str:
    """A day, or a local time, by a pattern of Unicode's: `EEE d MMM y` is `Mon 7 Mar 2016`."""
    if isinstance(day, datetime):
        return format_datetime(day.replace(tzinfo=None), pattern, locale=language.current())
    return format_date(day, pattern, locale=language.current())


def number(value: float, digits: int = 0) -> str:
    """`12,345` in English, with so many digits after the point."""
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return format_decimal(value, pattern, locale=language.current())
