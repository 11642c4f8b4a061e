"""/calendar: a month, a week or a day of the session, or a list of a month's posts."""

import calendar as months
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response

from publisher.base.formats import days as days_in_words
from publisher.base.formats import written
from publisher.base.i18n import later
from publisher.drafts.times import YEARS
from publisher.model.accounts import Account
from publisher.web import time_fields
from publisher.web.authentication import Reader
from publisher.web.calendar_view import Choice, hours, timetable
from publisher.web.dependencies import AddressValues, Parts, Use

VIEWS = {
    "month": later("Month"),
    "week": later("Week"),
    "day": later("Day"),
    "list": later("List"),
}
"""The titles of the views."""
_MOST = {"month": 4, "week": 40, "day": 120, "list": 40}
"""Chips on one day of each view."""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class View(AddressValues):
    """The view and filters in the address."""

    view: Literal["month", "week", "day", "list"] = "week"
    day: str = ""
    organisation: str = ""
    language: str = ""
    channel: str = ""
    account: str = ""

    @property
    def filters(self) -> Mapping[str, str]:
        """The filters that are set."""
        names = ("organisation", "language", "channel", "account")
        return {name: value for name in names if (value := getattr(self, name))}

    def chosen(self, today: date) -> date:
        """The day in the address, or today. Raises UsageError for an invalid day."""
        return time_fields.day(self.day, YEARS) or today

    def days(self, chosen: date) -> list[date]:
        """The days that are shown; a month is filled up to whole weeks."""
        first = last = chosen
        if self.view in ("month", "list"):
            first = chosen.replace(day=1)
            last = _next_month(chosen) - timedelta(days=1)
        if self.view in ("month", "week"):
            first -= timedelta(days=first.weekday())
            last += timedelta(days=6 - last.weekday())
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    def before(self, chosen: date) -> date:
        """The day that leads to the view before this one."""
        if self.view in ("month", "list"):
            return (chosen.replace(day=1) - timedelta(days=1)).replace(day=1)
        return self.days(chosen)[0] - timedelta(days=7 if self.view == "week" else 1)

    def after(self, chosen: date) -> date:
        if self.view in ("month", "list"):
            return _next_month(chosen)
        return self.days(chosen)[-1] + timedelta(days=1)

    def heading(self, chosen: date) -> str:
        if self.view == "day":
            return written(chosen, "EEEE d MMMM y")
        days = self.days(chosen)
        return (
            days_in_words(days[0], days[-1]) if self.view == "week" else written(chosen, "LLLL y")
        )


def _next_month(day: date) -> date:
    return day.replace(day=1) + timedelta(days=months.monthrange(day.year, day.month)[1])


@router.get("/calendar")
def calendar(
    request: Request, parts: Use, visitor: Reader, view: Annotated[View, Depends()]
) -> Response:
    drafts = parts.drafts.drafts(parts.app)
    now = parts.app.clock.now().astimezone(drafts.session.zone)
    chosen = view.chosen(now.date())
    accounts = _accounts(parts)
    wanted = [account.name for account in accounts if _is_wanted(account, view)]
    choice = Choice(wanted if view.filters else None, view.language or None)
    days = view.days(chosen)
    found = timetable(
        parts.app, drafts, days, choice, visitor.person, _MOST[view.view], parts.still_of
    )
    return parts.pages.render(
        request,
        "calendar.html",
        view=view,
        views=VIEWS,
        chosen=chosen,
        heading=view.heading(chosen),
        found=found,
        saved=parts.app.saved_filters.of(visitor.person, "calendar"),
        query=view.query(day=""),
        hours=hours(found.days[0], now) if view.view == "day" else (),
        is_known=bool(wanted),
        before=view.before(chosen).isoformat(),
        after=view.after(chosen).isoformat(),
        organisations=_known(account.organisation for account in accounts),
        languages=_known(account.language for account in accounts),
        channels=_known(account.channel for account in accounts),
        accounts=accounts,
    )


def _accounts(parts: Parts) -> Sequence[Account]:
    """The accounts of publisher.toml, and former ones, without a channel."""
    accounts = parts.app.settings.public_accounts()
    former = [name for name in parts.app.accounts() if name not in accounts]
    return [*accounts.values(), *(Account(name=name, channel="") for name in former)]


def _is_wanted(account: Account, view: View) -> bool:
    """Whether the filters include an account; one without a language takes all languages."""
    return (
        view.organisation in ("", account.organisation)
        and view.channel in ("", account.channel)
        and view.language in ("", account.language or view.language)
        and view.account in ("", account.name)
    )


def _known(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value})
