"""What can become of an agenda item, as values: nothing here writes a file."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from publisher.base import dates
from publisher.base.i18n import _
from publisher.base.text import nearly, slug
from publisher.drafts.times import SHAPE, AgendaItem, in_zone, is_now, parse_time
from publisher.model.problems import Flaw

_NAMELESS = "item"
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}", re.ASCII)


class ChangeKind(StrEnum):
    """What a change does; one change may do several of them."""

    ADD = "add"
    MOVE = "move"
    CANCEL = "cancel"
    RESTORE = "restore"
    EDIT = "edit"
    """Another title, place or `uid`: no post moves."""


@dataclass(frozen=True, slots=True)
class ItemChange:
    """An item as it is and as it is to be."""

    before: AgendaItem | None
    """None: it is new."""
    after: AgendaItem

    @property
    def kinds(self) -> list[ChangeKind]:
        """What it does; nothing when both are alike."""
        before, after = self.before, self.after
        if before is None:
            return [ChangeKind.ADD]
        found = {
            ChangeKind.MOVE: (before.starts_at, before.ends_at) != (after.starts_at, after.ends_at),
            ChangeKind.CANCEL: after.cancelled and not before.cancelled,
            ChangeKind.RESTORE: before.cancelled and not after.cancelled,
            ChangeKind.EDIT: _words(before) != _words(after),
        }
        return [kind for kind, is_so in found.items() if is_so]


def _words(item: AgendaItem) -> tuple[str | None, ...]:
    return item.title, item.place, item.uid


def free_name(title: str, taken: Collection[str]) -> str:
    """A name for an item of this title that a draft can write in `at:`, and that nobody has yet."""
    name = slug(title)
    if not name[:1].isalpha() or is_now(name):
        name = f"{_NAMELESS}-{name}" if name else _NAMELESS
    free, number = name, 2
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def left_inside(
    changes: Sequence[ItemChange], agenda: Mapping[str, AgendaItem]
) -> Iterator[tuple[AgendaItem, list[AgendaItem]]]:
    """Each changed item with those that lie within it, and do not change with it."""
    changing = {change.after.name for change in changes}
    for change in changes:
        if change.before and change.kinds:
            left = [i for i in inside(change.before, agenda) if i.name not in changing]
            if left:
                yield change.before, left


def inside(outer: AgendaItem, agenda: Mapping[str, AgendaItem]) -> list[AgendaItem]:
    """The items that take place within another one."""
    until = outer.ends_at
    return [
        item
        for item in agenda.values()
        if until
        and item.name != outer.name
        and outer.starts_at <= item.starts_at
        and (item.ends_at or item.starts_at) <= until
    ]


def move_to(
    item: AgendaItem, text: str, zone: ZoneInfo, now: datetime, *, keep_end: bool
) -> AgendaItem | Flaw:
    """The item with its start at `text`: a time as people write it, a date, which keeps the time of
    day, or a time of day such as 18:30 or 18h30, which keeps the date.
    """
    local = item.starts_at.astimezone(zone)
    near = _times(text, local, now.astimezone(zone))
    moment = parse_time(near[0] if len(near) == 1 else text, zone)
    if isinstance(moment, Flaw):
        if moment.hint == _(SHAPE):
            hint = _(
                "Write it like {local}. A date alone keeps the time of day; 18:30 alone keeps "
                "the date.",
                local=f"{local:%Y-%m-%d %H:%M}",
            )
            return moment._replace(hint=nearly(near) if near else hint)
        return moment
    return with_start(item, moment.instant, zone, keep_end=keep_end)


def _times(text: str, old: datetime, now: datetime) -> list[str]:
    """The times that a text means, as files have them; `old`: what it leaves out."""
    if dates.clock(text):
        return dates.bare(text, now, old.date()) or dates.times(f"{old:%Y-%m-%d} {text}", now)
    if _DATE.fullmatch(text):
        return [f"{text} {old:%H:%M:%S}"]
    return dates.times(text, now) or [
        f"{day} {old:%H:%M:%S}" for day in dates.days(text, now.date())
    ]


def move_by(
    item: AgendaItem, span: timedelta, zone: ZoneInfo, *, keep_end: bool
) -> AgendaItem | Flaw:
    """The item so much later (or earlier), as the clocks in `zone` count: what begins at 09:00
    still does a day later, also when the clocks change in between.
    """
    starts_at = _shifted(item.starts_at, span, zone)
    if isinstance(starts_at, Flaw):
        return starts_at
    return with_start(item, starts_at, zone, keep_end=keep_end)


def with_start(
    item: AgendaItem, starts_at: datetime, zone: ZoneInfo, *, keep_end: bool
) -> AgendaItem | Flaw:
    """The item with another start; its end moves by as much, on the clocks in `zone`."""
    ends_at: datetime | Flaw | None = item.ends_at
    if item.ends_at and not keep_end:
        span = _on_the_clock(starts_at, zone) - _on_the_clock(item.starts_at, zone)
        ends_at = _shifted(item.ends_at, span, zone)
    if isinstance(ends_at, Flaw):
        hint = _("Move the start with --keep-end, then write the new `ends:` into the file.")
        message = _(
            "Its end would be at a time that does not exist: {reason}", reason=ends_at.message
        )
        return Flaw(ends_at.code, message, hint)
    return item.model_copy(update={"starts_at": starts_at, "ends_at": ends_at})


def _shifted(instant: datetime, span: timedelta, zone: ZoneInfo) -> datetime | Flaw:
    if not span:
        return instant
    return in_zone(_on_the_clock(instant, zone) + span, zone)


def _on_the_clock(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks there show."""
    return instant.astimezone(zone).replace(tzinfo=None)
