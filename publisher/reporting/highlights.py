"""Highlights of a report: of each week the posts to all that went out on the most accounts."""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from publisher.ledger.reading.queries import Queries
from publisher.ledger.reading.statistics import Count, Figures, Span
from publisher.media.clean_copy import smaller
from publisher.model.deliveries import Delivery
from publisher.model.states import State

_OF_A_WEEK = 3
_WEEKS = 8
"""The newest weeks with something to show."""
_SIDE = 640  # pixels


@dataclass(frozen=True, slots=True)
class Highlight:
    """A post on all accounts on which it is out."""

    deliveries: Sequence[Delivery]
    picture: str | None
    """Its first picture as a data URI."""
    alt: str

    @property
    def first(self) -> Delivery:
        return self.deliveries[0]


@dataclass(frozen=True, slots=True)
class Week:
    """A week, by its Monday, and its highlights."""

    monday: date
    highlights: Sequence[Highlight]


def weeks(
    counts: Sequence[Count], span: Span, zone: ZoneInfo, figures: Figures, queries: Queries
) -> list[Week]:
    """The weeks in which something went out to all, by the days of `counts`."""
    days = {count.day for count in counts if count.state is State.PUBLISHED}
    mondays = sorted({day - timedelta(days=day.weekday()) for day in days}, reverse=True)
    posts = (
        (monday, figures.widest(_within(monday, span, zone), _OF_A_WEEK)) for monday in mondays
    )
    newest = islice((week for week in posts if week[1]), _WEEKS)
    return [
        Week(monday, list(_highlights(its, span.account, queries)))
        for monday, its in reversed(list(newest))
    ]


def _within(monday: date, span: Span, zone: ZoneInfo) -> Span:
    """The part of a week that lies in the span."""
    begins = datetime.combine(monday, time(), zone)
    ends = datetime.combine(monday + timedelta(days=7), time(), zone)
    return Span(
        max(begins, span.since) if span.since else begins,
        min(ends, span.until) if span.until else ends,
        span.account,
    )


def _highlights(posts: Sequence[str], account: str | None, queries: Queries) -> Iterator[Highlight]:
    for post in posts:
        out = queries.deliveries(post=post, account=account, state=State.PUBLISHED)
        if out:
            yield _highlight(out, queries.picture)


def _highlight(
    out: Sequence[Delivery], read: Callable[[str], tuple[str, bytes] | None]
) -> Highlight:
    pictures = (pic for one in out for part in one.content.parts for pic in part.pictures)
    shown = next((picture for picture in pictures if picture.is_image), None)
    found = read(shown.digest) if shown else None
    if shown is None or found is None:
        return Highlight(out, None, "")
    data = base64.b64encode(smaller(found[1], _SIDE)).decode()
    return Highlight(out, f"data:image/jpeg;base64,{data}", shown.alt)
