"""/calendar: a week or a day of the session, with a lane for each account."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.drafts.times import YEARS
from publisher.model.accounts import Account
from publisher.web.authentication import Reader
from publisher.web.calendar_view import CalendarEntry, Timetable, timetable
from publisher.web.dependencies import AddressValues, Parts, Use

_WEEK = 7

router = APIRouter()


@dataclass(frozen=True, slots=True)
class View(AddressValues):
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
            message = _("{text} is no day.", text=self.day[:40])
            raise UsageError(message, hint=_("Write it like 2016-03-07.")) from None
        return day - timedelta(days=day.weekday()) if self.view == "week" else day

    @property
    def days(self) -> int:
        return _WEEK if self.view == "week" else 1


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
    names = {lane.name for lane in shown}
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
        cells=_cells(entries, "%Y-%m-%d" if view.view == "week" else "%Y-%m-%dT%H"),
        hours=_hours(entries),
        items={day: found.items_of(day, zone) for day in days},
        is_cut=found.is_cut,
        before=(first - timedelta(days=view.days)).isoformat(),
        after=(first + timedelta(days=view.days)).isoformat(),
        organisations=_known(lane.organisation for lane in lanes),
        languages=_known(lane.language for lane in lanes),
        channels=_known(lane.channel for lane in lanes),
    )


def _lanes(parts: Parts, found: Timetable) -> list[Account]:
    """The accounts of publisher.toml, and former ones (without a channel) that have entries."""
    accounts = parts.app.settings.public_accounts()
    former = sorted({entry.account for entry in found.entries} - set(accounts))
    return [*accounts.values(), *(Account(name=name, channel="") for name in former)]


def _is_wanted(lane: Account, view: View) -> bool:
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


def _cells(
    entries: Sequence[CalendarEntry], column: str
) -> Mapping[_Cell, Sequence[CalendarEntry]]:
    """The entries by account and `column`, which formats their times."""
    cells = defaultdict(list)
    for entry in entries:
        cells[entry.account, entry.at.strftime(column)].append(entry)
    return cells


def _hours(entries: Sequence[CalendarEntry]) -> range:
    """The hours of a day that are shown: working hours, and all hours with entries."""
    busy = [entry.at.hour for entry in entries]
    return range(min([*busy, 7]), max([*busy, 20]) + 1)
