"""The session that posts follow: name, time zone, dates, defaults and agenda."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import Field

from publisher.base import clock, dates
from publisher.base.i18n import _
from publisher.base.text import nearly
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
_MORNING = time(8, 30)
"""The time of day in examples."""


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
        if not isinstance(moment, Flaw) or moment.code == "session-unusable":
            return moment
        if moment.hint == _(SHAPE):
            return moment._replace(hint=self._meant_hint(text) or self._hint(text))
        if moment.code == "unknown-anchor" and (hint := self._meant_hint(text)):
            return moment._replace(hint=hint)
        return moment

    def meant(self, text: str) -> list[str]:
        """The times that a text means which is none in a file, as files have them.

        `tomorrow 9am` is one on the command line alone: in a file, it would be another day each
        day.
        """
        return [one for one in dates.times(text, self._now()) if one != text.strip()]

    def _now(self) -> datetime:
        return clock.from_environment().now().astimezone(self.zone)

    def _meant_hint(self, text: str) -> str | None:
        """The time that was probably meant, as files have it; None if nothing was."""
        if near := self.meant(text) or dates.bare(text, self._now()):
            return nearly(near)
        if days := dates.days(text, self._now().date()):
            shown = " / ".join(f"{day} {_MORNING:%H:%M}" for day in days)
            return _("Give the time of day as well: {times}.", times=shown)
        if of_day := dates.clock(text):
            day = f"{self._first_morning():%Y-%m-%d}"
            return _("Give the day as well: {day} {clock}.", day=day, clock=of_day)
        return None

    def _first_morning(self) -> datetime:
        """A morning of the session, as an example."""
        first = next(iter(self.agenda.values()), None)
        day = first.starts_at.astimezone(self.zone).date() if first else self.starts
        return datetime.combine(day or _EXAMPLE, _MORNING, self.zone)

    def _hint(self, text: str) -> str:
        """The anchor that was probably meant, or how times are written in this session."""
        if near := time_hints.anchors(text, self.agenda):
            return nearly(near)
        first, shown = next(iter(self.agenda.values()), None), self._first_morning()
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
                    hint=_("There is no {file}, so there are no agenda items.", file=FILE)
                )
            name = anchor_name(text)
            if self.flawed & {"agenda", f"agenda.{name}"}:
                return unusable(
                    _("{file} has a problem with the agenda item “{name}”.", file=FILE, name=name)
                )
        return moment


def unusable(message: str) -> Flaw:
    """The flaw of a draft that relies on a part of the session that could not be read."""
    return Flaw("session-unusable", message, _("Fix {file} first.", file=FILE))
