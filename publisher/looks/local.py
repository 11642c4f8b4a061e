"""Dates as readers of the current language write them."""

from datetime import date, datetime

from babel.dates import format_date, format_datetime

from publisher.figures import locale
from publisher.language import current


def written(day: date | datetime, pattern: str) -> str:
    """A day, or a local time, by a pattern of Unicode's: `EEE d MMM y` is `Mon 7 Mar 2016`."""
    if isinstance(day, datetime):
        return format_datetime(day.replace(tzinfo=None), pattern, locale=locale(current()))
    return format_date(day, pattern, locale=locale(current()))
