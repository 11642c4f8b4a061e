"""The session that posts follow: name, time zone, dates, defaults and agenda."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import Field

from publisher.base.i18n import _
from publisher.base.text import did_you_mean
from publisher.drafts import time_hints
from publisher.drafts.times import (
    SHAPE,
    AgendaItem,
    Moment,
    anchor_name,
    looks_like_a_time,
    parse_anchor,
    parse_time,
)
from publisher.model.problems import Flaw
from publisher.model.values import Frozen

FILE = "posts/session.yaml"
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")

_EXAMPLE = date(2016, 3, 7)


class Defaults(Frozen):
    """Default values for drafts that do not give their own."""

    to: tuple[str, ...] = ()
    expires: timedelta | None = None
    lang: str | None = None
    author: str | None = None


class Session(Frozen):
    """The session that the posts follow.

    A workspace without posts/session.yaml has an empty one: no agenda, and local times are UTC.
    """

    name: str | None = None
    timezone: str | None = None
    starts: date | None = None
    ends: date | None = None
    defaults: Defaults = Defaults()
    agenda: dict[str, AgendaItem] = Field(default_factory=dict)
    flawed: frozenset[str] = frozenset()
    """What could not be read (`timezone`, `agenda.annual-day`, `defaults.to`): a draft that relies
    on it must not go out on a guess."""
    is_missing: bool = False
    """Whether there is no file, and so nothing in it."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone or "UTC")

    def resolve(self, text: str) -> Moment | Flaw:
        """Parse the value of `at:` or `embargo:` into an instant."""
        moment = self._resolved(text)
        if isinstance(moment, Flaw) and moment.hint == _(SHAPE):
            return moment._replace(hint=self._hint(text))
        return moment

    def _hint(self, text: str) -> str:
        """The time that was probably meant, or how times are written in this session."""
        near = time_hints.times(text) or time_hints.anchors(text, self.agenda)
        if near:
            return nearly(near)
        first = next(iter(self.agenda.values()), None)
        day = first.starts_at.astimezone(self.zone).date() if first else self.starts
        shown = datetime.combine(day or _EXAMPLE, time(8, 30), self.zone)
        if clock := time_hints.clock(text):
            return _("Say the day as well: {day} {clock}.", day=f"{shown:%Y-%m-%d}", clock=clock)
        named = {"local": f"{shown:%Y-%m-%d %H:%M}", "exact": shown.isoformat()}
        if first is None:
            return _("Write it like {local} or {exact}.", **named)
        return _("Write it like {local}, {exact} or `{item} - 30m`.", item=first.name, **named)

    def _resolved(self, text: str) -> Moment | Flaw:
        if looks_like_a_time(text):
            moment = parse_time(text, self.zone)
            guessed = isinstance(moment, Moment) and moment.local and "timezone" in self.flawed
            return (
                unusable(_("{file} has a problem with its time zone.", file=FILE))
                if guessed
                else moment
            )
        moment = parse_anchor(text, self.agenda)
        if isinstance(moment, Flaw) and moment.code == "unknown-anchor":
            if self.is_missing:
                return moment._replace(
                    hint=_("There is no {file}, whose agenda has them.", file=FILE)
                )
            name = anchor_name(text)
            if self.flawed & {"agenda", f"agenda.{name}"}:
                return unusable(
                    _("{file} has a problem with the agenda item `{name}`.", file=FILE, name=name)
                )
        return moment


def nearly(near: Sequence[str]) -> str:
    """The hint for an invalid time that may mean one or two valid ones."""
    if len(near) > 1:
        return _("Write which one is meant: {first} or {second}.", first=near[0], second=near[1])
    return did_you_mean(near[0])


def unusable(message: str) -> Flaw:
    """The flaw of a draft that relies on a part of the session that could not be read."""
    return Flaw("session-unusable", message, _("Mend {file} first.", file=FILE))
