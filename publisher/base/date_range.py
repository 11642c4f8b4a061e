"""Date ranges: parses the beginning and the end of a period."""

from datetime import UTC, datetime, timedelta, tzinfo

from publisher.base.errors import UsageError
from publisher.base.i18n import _

_LAST_YEAR = 9000  # far enough, and a day later is still a date


def since(given: str | None, zone: tzinfo, name: str) -> datetime | None:
    """The beginning of a period in UTC: for a date, its first instant; None for None.

    A time without an offset is in `zone`. `name` is the option's name in the UsageError.
    """
    return None if given is None else _instant(given, zone, name)[0]


def until(given: str | None, zone: tzinfo, name: str) -> datetime | None:
    """The exclusive end of a period in UTC: a date is included completely."""
    if given is None:
        return None
    instant, is_date = _instant(given, zone, name)
    if not is_date:
        return instant
    next_day = instant.astimezone(zone).date() + timedelta(days=1)
    return datetime(next_day.year, next_day.month, next_day.day, tzinfo=zone).astimezone(UTC)


def _instant(given: str, zone: tzinfo, name: str) -> tuple[datetime, bool]:
    try:
        instant = datetime.fromisoformat(given.strip())
        if instant.year > _LAST_YEAR:
            raise ValueError(given)
        local = instant if instant.tzinfo else instant.replace(tzinfo=zone)
        return local.astimezone(UTC), len(given.strip()) == len("2016-03-07")
    except (ValueError, OverflowError):
        message = _("{option} {given!r} is not a time.", option=name, given=given)
        hint = _('Write a date like 2016-03-07, or a date and time like "2016-03-07 08:30".')
        raise UsageError(message, hint=hint) from None
