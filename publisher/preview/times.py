"""Instants and durations for readers."""

from datetime import datetime, timedelta, tzinfo

from publisher.base.formats import written
from publisher.base.i18n import plural


def exact(instant: datetime, zone: tzinfo) -> str:
    """`Mon 7 Mar 2016, 09:00`, there."""
    return written(instant.astimezone(zone), "EEE d MMM y, HH:mm")


def span(duration: timedelta) -> str:
    """`4 h`, `1 h 30 min`, `2 days`."""
    minutes = int(duration.total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        plural("{number} day", "{number} days", days) if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
    ]
    return " ".join(filter(None, parts)) or f"{duration.total_seconds():g} s"
