"""Duty rota: who is on duty for readers' comments, by day of the week and hour."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from publisher.base.i18n import _
from publisher.model import weekdays

_ENTRY = re.compile(
    r"(?P<name>[^:]+): *(?P<days>[a-z, ]+?) +(?P<start>\d{1,2}:\d\d) *[-–] *(?P<end>\d{1,2}:\d\d)",  # noqa: RUF001
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours of one person on some days of the week, by the session's clock."""

    name: str
    weekdays: frozenset[int]
    """On which it begins; Monday is 0."""
    start: time
    end: time
    """Not later than `start`: on the day after. 00:00: at midnight."""

    def covers(self, at: datetime) -> bool:
        """Whether an instant of the session's clock is within these hours."""
        today, before = at.weekday() in self.weekdays, (at - timedelta(days=1)).weekday()
        clock = at.time().replace(tzinfo=None)
        if self.start < self.end:
            return today and self.start <= clock < self.end
        return (today and clock >= self.start) or (before in self.weekdays and clock < self.end)


def parse(text: str) -> Shift:
    """Parse `NAME: weekdays 08:00-18:00`. Raises ValueError, in the user's language."""
    found = _ENTRY.fullmatch(text.strip().replace("24:00", "00:00"))
    days = weekdays.parse(found["days"]) if found else None
    start, end = (
        (weekdays.clock(found["start"]), weekdays.clock(found["end"])) if found else (None, None)
    )
    if found is None or days is None or start is None or end is None:
        raise ValueError(
            _(
                "“{text}” is not a shift. Write it like {examples}",
                text=repr(text),
                examples='"NAME: weekdays 08:00-18:00", "NAME: weekend 20:00-08:00"',
            )
        )
    return Shift(found["name"].strip(), days, start, end)


def on_duty(shifts: Sequence[str], at: datetime, zone: tzinfo) -> list[str]:
    """The names of all who are on duty at an instant, in the order of the rota."""
    local = at.astimezone(zone)
    return list(dict.fromkeys(one.name for one in map(parse, shifts) if one.covers(local)))
