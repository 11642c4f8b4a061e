"""/calendar: a week or a day of the session, with a lane for each account."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.drafts.times import YEARS
from publisher.web.authentication import Reader
from publisher.web.calendar_view import CalendarEntry, Timetable, timetable
from publisher.web.dependencies import Parts, Use

_WEEK = 7

router = APIRouter()


@dataclass(frozen=True, slots=True)
class View:
    """The view and filters in the address."""

    view: Literal["week", "day"] = "week"
    day: str = ""
    organisation: str = ""
    language: str = ""
    channel: str = ""

    def first(self, today: date) -> date:
        """The first day that is shown. Raises UsageError for an invalid day."""
        try:
            day = date.fromisoformat(self.day) if self.day else today
            if day.year not in YEARS:
                raise ValueError(self.day)
        except ValueError:
            raise UsageError(
                _("{text} is no day.", text=self.day[:40]), hint=_("Write it like 2016-03-07.")
            ) from None
        return day - timedelta(days=day.weekday()) if self.view == "week" else day

    @property
    def days(self) -> int:
        return _WEEK if self.view == "week" else 1

    def query(self, **more: object) -> str:
        """The query string of this view, with some values changed."""
        values = {
            "view": self.view if self.view != "week" else "",
            "day": self.day,
            "organisation": self.organisation,
            "language": self.language,
            "channel": self.channel,
            **more,
        }
        return urlencode({key: value for key, value in values.items() if value})


@dataclass(frozen=True, slots=True)
class Lane:
    """One account's row in the calendar."""

    account: str
    channel: str
    organisation: str | None
    language: str | None


@router.get("/calendar")
def calendar(
    request: Request, parts: Use, visitor: Reader, view: Annotated[View, Depends()]
) -> Response:
    zone = parts.pages.zone
    today = parts.app.clock.now().astimezone(zone).date()
    first = view.first(today)
    found = timetable(parts.app, first, view.days, visitor.person)
    lanes = _lanes(parts, found)
    shown = [lane for lane in lanes if _is_wanted(lane, view)]
    names = {lane.account for lane in shown}
    entries = [
        entry
        for entry in found.entries
        if entry.account in names and view.language in ("", entry.language or view.language)
    ]
    days = [first + timedelta(days=number) for number in range(view.days)]
    return parts.pages.render(
        request,
        "calendar.html",
        view=view,
        days=days,
        today=today,
        lanes=shown,
        cells=_cells(entries, _by_day if view.view == "week" else _by_hour),
        hours=_hours(entries),
        items={day: found.items_of(day, zone) for day in days},
        is_cut=found.is_cut,
        before=(first - timedelta(days=view.days)).isoformat(),
        after=(first + timedelta(days=view.days)).isoformat(),
        organisations=_known(lane.organisation for lane in lanes),
        languages=_known(lane.language for lane in lanes),
        channels=_known(lane.channel for lane in lanes),
    )


def _lanes(parts: Parts, found: Timetable) -> list[Lane]:
    """The accounts of publisher.toml, and former ones that still have entries."""
    accounts = parts.app.settings.public_accounts()
    lanes = [Lane(a.name, a.channel, a.organisation, a.language) for a in accounts.values()]
    former = sorted({entry.account for entry in found.entries} - set(accounts))
    return lanes + [Lane(name, "", None, None) for name in former]


def _is_wanted(lane: Lane, view: View) -> bool:
    """Whether the filters include an account; one without a language takes all languages."""
    return (
        view.organisation in ("", lane.organisation)
        and view.channel in ("", lane.channel)
        and view.language in ("", lane.language or view.language)
    )


def _known(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value})


_Cell = tuple[str, str]
"""An account, and the day or the hour (`2016-03-07T09`)."""


def _by_day(entry: CalendarEntry) -> str:
    return f"{entry.at:%Y-%m-%d}"


def _by_hour(entry: CalendarEntry) -> str:
    return f"{entry.at:%Y-%m-%dT%H}"


def _cells(
    entries: Sequence[CalendarEntry], column: Callable[[CalendarEntry], str]
) -> Mapping[_Cell, Sequence[CalendarEntry]]:
    cells: dict[_Cell, list[CalendarEntry]] = {}
    for entry in entries:
        cells.setdefault((entry.account, column(entry)), []).append(entry)
    return cells


def _hours(entries: Sequence[CalendarEntry]) -> range:
    """The hours of a day that are shown: working hours, and all hours with entries."""
    busy = [entry.at.hour for entry in entries]
    return range(min([*busy, 7]), max([*busy, 20]) + 1)
