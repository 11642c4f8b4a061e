"""When: the value of `at` or `embargo` as a form has it, and back as a draft has it."""

from datetime import datetime, timedelta
from typing import Literal

from publisher.base.clock import duration_text
from publisher.drafts.session import Session
from publisher.drafts.times import (
    Moment,
    anchor,
    in_zone,
    is_now,
    looks_like_a_time,
    parse_time,
    spelled,
)
from publisher.model.problems import Flaw
from publisher.model.values import Frozen

_MINUTE = timedelta(minutes=1)


class When(Frozen):
    """A time of the clock, a time that hangs on the agenda, as soon as it may, or none."""

    kind: Literal["none", "now", "time", "item", "written"] = "none"
    local: datetime | None = None
    """For `time`: what the clocks of the session's zone show."""
    item: str = ""
    """For `item`: the name of the agenda item."""
    edge: Literal["start", "end"] = "start"
    minutes: int = 0
    """Minutes after the item's start or end; before it, if negative."""
    text: str = ""
    """For `written`: as the draft has it, because it is none of these."""


def read(text: str | None, session: Session) -> When:
    """What `at: text` or `embargo: text` says; None: the key is missing."""
    text = (text or "").strip()
    if not text:
        return When()
    if is_now(text) and "now" not in session.agenda:
        return When(kind="now")
    found = _time(text, session) if looks_like_a_time(text) else _item(text, session)
    return found or When(kind="written", text=text)


def _time(text: str, session: Session) -> When | None:
    moment = parse_time(text, session.zone)
    if isinstance(moment, Flaw):
        return None
    local = moment.instant.astimezone(session.zone).replace(tzinfo=None)
    is_clear = in_zone(local, session.zone) == moment.instant  # the clocks show it once
    return When(kind="time", local=local) if is_clear else None


def _item(text: str, session: Session) -> When | None:
    parts = anchor(text)
    if parts is None or parts.item not in session.agenda or parts.offset % _MINUTE:
        return None
    edge: Literal["start", "end"] = "end" if parts.edge == "end" else "start"
    return When(kind="item", item=parts.item, edge=edge, minutes=parts.offset // _MINUTE)


def written(when: When, session: Session, like: str | None = None) -> str | Flaw:
    """The value for the draft, in the shape of `like` if that is a time; a flaw if it has none."""
    if when.kind == "time":
        moment = parse_time(f"{when.local:%Y-%m-%d %H:%M:%S}", session.zone)
        if isinstance(moment, Flaw):
            return moment
        old = (like or "").strip()
        has_shape = isinstance(parse_time(old, session.zone), Moment)
        return spelled(moment.instant, session.zone, *([old] if has_shape else []))
    if when.kind == "item":
        edge = ".end" if when.edge == "end" else ""
        sign = "-" if when.minutes < 0 else "+"
        offset = f" {sign} {duration_text(abs(when.minutes) * _MINUTE)}" if when.minutes else ""
        return f"{when.item}{edge}{offset}"
    return when.text if when.kind == "written" else when.kind.replace("none", "")
