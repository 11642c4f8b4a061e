"""Dates as readers of the current language write them."""

from datetime import UTC, date, datetime

from babel.dates import format_date, format_datetime

from publisher.base.i18n import current
from publisher.base.numbers import locale


def written(day: date | datetime, pattern: str) -> str:
    """A day, or a local time, by a pattern of Unicode's: `EEE d MMM y` is `Mon 7 Mar 2016`."""
    if isinstance(day, datetime):
        return format_datetime(day.replace(tzinfo=None), pattern, locale=locale(current()))
    return format_date(day, pattern, locale=locale(current()))


def instant_text(instant: datetime | None) -> str | None:
    """`2016-03-07T07:30:00Z`, with milliseconds where there are any."""
    if instant is None:
        return None
    precision = "milliseconds" if instant.microsecond else "seconds"
    return instant.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
