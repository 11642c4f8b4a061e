"""Time fields of a form: a time of the clock, or one that hangs on the agenda."""

import re
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from typing import Literal

from publisher.base import dates
from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.base.text import nearly
from publisher.drafts.session import Session
from publisher.drafts.times import YEARS, in_zone
from publisher.drafts.when import When
from publisher.model.problems import Flaw

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NUMBER = re.compile(r"[0-9]{1,5}", re.ASCII)
_ITEM = "item:"


@dataclass(frozen=True, slots=True)
class TimeFields:
    """What was typed of one time."""

    kind: str = ""
    """Empty for none, `now`, `time`, `item:NAME`, or `written`: as the draft has it."""
    at: str = ""
    """`2016-03-07T08:30`, by the clocks of the session."""
    number: str = ""
    unit: str = "m"
    """`s`, `m`, `h` or `d`."""
    side: str = "before-start"
    """`before-start`, `after-start`, `before-end` or `after-end` of the item."""
    written: str = ""

    @classmethod
    def of(cls, when: When) -> "TimeFields":
        if when.kind != "item":
            kind = "" if when.kind == "none" else when.kind
            at = when.local.isoformat(timespec="auto") if when.local else ""
            return cls(kind=kind, at=at.removesuffix(":00"), written=when.text)
        number, unit = in_units(timedelta(minutes=abs(when.minutes)), "m")
        is_after = when.minutes > 0 or (when.edge == "end" and not when.minutes)
        side = f"{'after' if is_after else 'before'}-{when.edge}"
        return cls(kind=f"{_ITEM}{when.item}", number=number, unit=unit, side=side)

    def read(self, session: Session) -> When | Flaw:
        """The time that they mean."""
        if self.kind == "time":
            return self._clock(session)
        if self.kind.startswith(_ITEM):
            return self._agenda(session)
        if self.kind == "written":
            return When(kind="written", text=self.written.strip())
        return When(kind="now") if self.kind == "now" else When()

    def _clock(self, session: Session) -> When | Flaw:
        try:
            local = datetime.fromisoformat(self.at.strip())
        except ValueError:
            return Flaw("bad-time", _("The day or the time is missing."))
        if local.tzinfo or local.microsecond or local.year not in YEARS:
            return Flaw("bad-time", _("A post cannot have this time."))
        instant = in_zone(local, session.zone)
        if isinstance(instant, Flaw):
            return instant._replace(hint=_("Choose a time before or after the clocks change."))
        return When(kind="time", local=local)

    def _agenda(self, session: Session) -> When | Flaw:
        name = self.kind.removeprefix(_ITEM)
        if name not in session.agenda:
            return Flaw("unknown-anchor", _("The agenda no longer has this item."))
        span = from_units(self.number, self.unit)
        if isinstance(span, Flaw):
            return span
        before, _dash, edge = self.side.partition("-")
        at: Literal["start", "end"] = "end" if edge == "end" else "start"
        if at == "end" and session.agenda[name].ends_at is None:
            return Flaw("no-end", _("The agenda does not say when this item ends."))
        minutes = span // timedelta(minutes=1)
        return When(
            kind="item", item=name, edge=at, minutes=-minutes if before == "before" else minutes
        )


def day(text: str, years: range = range(MINYEAR, MAXYEAR + 1)) -> date | None:
    """The day that was typed, if any. Raises UsageError for what is no day of these years."""
    if not (typed := text.strip()):
        return None
    meant = dates.days(typed, None)
    if len(meant) == 1 and meant[0].year in years:
        return meant[0]
    message = _("{text} is not a day.", text=typed[:40])
    hint = nearly([*map(str, meant)]) if len(meant) > 1 else _("Write it like 2016-03-07.")
    raise UsageError(message, hint=hint)


def in_units(span: timedelta, usual: str) -> tuple[str, str]:
    """A length of time as a number and its unit; empty and the `usual` unit for none."""
    if not span:
        return "", usual
    seconds = int(span.total_seconds())
    unit = max(
        (name for name, size in _SECONDS.items() if seconds % size == 0), key=_SECONDS.__getitem__
    )
    return str(seconds // _SECONDS[unit]), unit


def from_units(number: str, unit: str) -> timedelta | Flaw:
    """The length of time that a number and its unit mean; none for an empty number."""
    number = number.strip()
    if not number:
        return timedelta()
    if not _NUMBER.fullmatch(number) or unit not in _SECONDS:
        return Flaw("bad-duration", _("Write a whole number, such as 30."))
    return timedelta(seconds=int(number) * _SECONDS[unit])
