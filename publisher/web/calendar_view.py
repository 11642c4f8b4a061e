"""Calendar: the posts and the agenda of some days, each post as a chip on its day."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from publisher.app import Application
from publisher.base.i18n import _
from publisher.drafts import rendering
from publisher.drafts.times import AgendaItem
from publisher.ledger.manager.rights import Person, Rank
from publisher.ledger.reading.placements import Placement
from publisher.model.accounts import Account
from publisher.model.posts import Post
from publisher.web.calendar_chips import CalendarEntry, Chip, ChipMaker
from publisher.web.draft_cache import KnownDrafts

_COUNTED = 20_000
"""Deliveries that are read; of the first ones alone if there are more."""
_SHOWN = 250
"""Chips on one page; among more nobody finds anything."""
_MORNING, _WORKING_HOURS = 9, range(7, 21)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Choice:
    """The posts that a reader wants to see."""

    accounts: Collection[str] | None = None
    """Those on these accounts; None: on all."""
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """An agenda item on one of its days."""

    item: AgendaItem
    span: str
    """When it takes place on that day, in words."""
    begins: datetime
    """When it begins, in the session's zone."""
    begins_here: bool
    """Whether it begins on that day."""


@dataclass(frozen=True, slots=True)
class CalendarHour:
    """One hour of a day."""

    hour: int
    chips: Sequence[Chip]
    bands: Sequence[Band]
    """The agenda items that begin in it."""
    is_now: bool
    new_at: str | None


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day of the calendar."""

    date: date
    chips: Sequence[Chip]
    more: int
    """The number of posts that are not among the chips."""
    bands: Sequence[Band]
    is_today: bool
    new_at: str | None
    """The time that a post gets which is written here; None: the day is over."""

    @property
    def is_weekend(self) -> bool:
        return self.date.weekday() > 4

    @property
    def number(self) -> int:
        return len(self.chips) + self.more


@dataclass(frozen=True, slots=True)
class Timetable:
    """Some days one after the other."""

    days: Sequence[CalendarDay]
    is_cut: bool
    """Whether there are more deliveries than are counted."""

    @property
    def more(self) -> int:
        return sum(day.more for day in self.days)

    @property
    def channels(self) -> list[str]:
        """The channels of all chips."""
        return sorted(
            {channel for day in self.days for chip in day.chips for channel in chip.channels}
        )

    @property
    def is_empty(self) -> bool:
        return not any(day.chips or day.bands for day in self.days)


def timetable(
    app: Application,
    drafts: KnownDrafts,
    days: Sequence[date],
    choice: Choice,
    person: Person,
    most: int,
    still_of: Callable[[Post], str | None],
) -> Timetable:
    """The days, in the session's zone, with at most `most` chips each.

    `person` is the reader: a post that they may not move is not movable. `still_of` is the address
    of a small view of a draft's first picture.
    """
    zone, now, accounts = drafts.session.zone, app.clock.now(), app.settings.public_accounts()
    since, until = _beginning(days[0], zone), _beginning(days[-1] + _DAY, zone)
    entries, is_cut = entries_between(app, drafts, since, until, choice)
    by_day: dict[date, list[CalendarEntry]] = defaultdict(list)
    for entry in entries:
        by_day[entry.at.astimezone(zone).date()].append(entry)
    shown, left = {}, _SHOWN
    for day in days:
        shown[day] = by_day[day][: min(most, left)]
        left -= len(shown[day])
    first = [entry.standing[0].id for some in shown.values() for entry in some if entry.standing]
    maker = ChipMaker(
        drafts,
        accounts,
        app.placements.contents(first),
        lambda accounts: app.rights.permits(person, Rank.STAFF, accounts),
        still_of,
        now,
    )
    return Timetable(
        [
            CalendarDay(
                date=day,
                chips=[maker.chip(entry) for entry in shown[day]],
                more=len(by_day[day]) - len(shown[day]),
                bands=_bands(drafts.session.agenda.values(), day, zone),
                is_today=day == now.astimezone(zone).date(),
                new_at=_new_at(day, now.astimezone(zone)),
            )
            for day in days
        ],
        is_cut=is_cut,
    )


def entries_between(
    app: Application, drafts: KnownDrafts, since: datetime, until: datetime, choice: Choice
) -> tuple[list[CalendarEntry], bool]:
    """The posts that leave from `since` on and before `until`, queued or not, in their order.

    And whether there are more deliveries than are read.
    """
    accounts = app.settings.public_accounts()
    found = app.placements.between(since, until, _COUNTED + 1, choice.accounts, choice.lang)
    entries = _queued(found[:_COUNTED])
    queued = {entry.post for entry in entries}
    due = [
        CalendarEntry(at, draft.id)
        for draft in drafts.posts.values()
        if (at := draft.not_before) is not None
        and since <= at < until
        and draft.id not in queued
        and _is_wanted(draft, choice, accounts)
    ]
    known = app.queries.known_posts([entry.post for entry in due])
    entries += [entry for entry in due if entry.post not in known]
    return sorted(entries), len(found) > _COUNTED


def hours(day: CalendarDay, now: datetime) -> list[CalendarHour]:
    """The hours of a day that are shown: working hours, and all with posts or agenda items.

    `now` is in the session's zone.
    """
    begun = [band for band in day.bands if band.begins_here]
    busy = [chip.at.hour for chip in day.chips] + [band.begins.hour for band in begun]
    if day.is_today:
        busy.append(now.hour)
    shown = range(min([*busy, _WORKING_HOURS[0]]), max([*busy, _WORKING_HOURS[-1]]) + 1)
    return [
        CalendarHour(
            hour,
            [chip for chip in day.chips if chip.at.hour == hour],
            [band for band in begun if band.begins.hour == hour],
            is_now=day.is_today and hour == now.hour,
            new_at=f"{day.date}T{hour:02}:00"
            if (day.date, hour) > (now.date(), now.hour)
            else None,
        )
        for hour in shown
    ]


def _beginning(day: date, zone: tzinfo) -> datetime:
    """The first instant of a day."""
    return datetime.combine(day, time(), tzinfo=zone)


def _queued(placements: Sequence[Placement]) -> list[CalendarEntry]:
    by_post: dict[tuple[datetime, str], list[Placement]] = defaultdict(list)
    for one in placements:
        by_post[one.not_before, one.post].append(one)
    return [CalendarEntry(at, post, standing) for (at, post), standing in by_post.items()]


def _is_wanted(draft: Post, choice: Choice, accounts: Mapping[str, Account]) -> bool:
    if choice.lang and draft.lang not in (None, choice.lang):
        return False
    if choice.accounts is None:
        return True
    recipients = rendering.recipients(draft, accounts)[0]
    return any(account.name in choice.accounts for account in recipients)


def _bands(items: Collection[AgendaItem], day: date, zone: tzinfo) -> list[Band]:
    """The agenda items that take place on a day, wholly or partly."""
    begins, ends = _beginning(day, zone), _beginning(day + _DAY, zone)
    here = [
        item
        for item in items
        if item.starts_at < ends
        and (item.starts_at >= begins or (item.ends_at is not None and item.ends_at > begins))
    ]
    return [
        Band(
            item,
            _span(item, begins, ends),
            item.starts_at.astimezone(zone),
            begins_here=item.starts_at >= begins,
        )
        for item in sorted(here, key=lambda item: (item.starts_at, item.name))
    ]


def _span(item: AgendaItem, begins: datetime, ends: datetime) -> str:
    """When an item takes place on the day that `begins` and `ends` then."""
    zone = begins.tzinfo
    start = f"{item.starts_at.astimezone(zone):%H:%M}"
    if item.ends_at is None:
        return start
    end = f"{item.ends_at.astimezone(zone):%H:%M}"
    if item.starts_at < begins:
        return _("until {clock}", clock=end) if item.ends_at <= ends else _("all day")
    return f"{start}\N{EN DASH}{end}" if item.ends_at <= ends else _("from {clock}", clock=start)


def _new_at(day: date, now: datetime) -> str | None:
    """When a post of a day is written for: at nine, or at the next full hour of today."""
    if day < now.date():
        return None
    hour = max(_MORNING, now.hour + 1) if day == now.date() else _MORNING
    return f"{day}T{hour:02}:00" if hour < 24 else None
