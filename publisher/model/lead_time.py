"""When a delivery is taken up: a GIF or video has to be brought to its platform well before."""

from datetime import datetime, timedelta

from publisher.base.clock import Clock
from publisher.model.models import Content

AHEAD = 900.0
"""Real seconds before its instant at which what moves is taken up: time for 50 MB over a slow line,
and for the platform to work on them. It then waits on the schedule, ready."""
_FURTHEST = timedelta(hours=12)
"""On a fast clock; platforms keep for a day what no post uses."""


def wakes_at(content: Content, leaves_at: datetime, clock: Clock) -> datetime:
    """When a delivery that leaves at `leaves_at` is to be taken up; may be past."""
    if not content.moves:
        return leaves_at
    return leaves_at - min(clock.ahead(AHEAD) - clock.now(), _FURTHEST)
