"""The place up to which the comments on a post on LinkedIn are read: the cursor of its readings."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from publisher.channels.answers import mapping, numeral, parsed
from publisher.channels.linkedin.comment_elements import parts_of

_MILLISECOND = timedelta(milliseconds=1)
_OVERLAP = timedelta(minutes=1)
"""Comments of that time before the newest known one are returned again: some appear late."""
_WHOLE = timedelta(hours=1)
"""How often all comments are returned again, and all that are below others are looked for."""
_MOST_THREADS = 2_000
"""Comments with others below, of which a cursor knows the number: what is more is read again."""


@dataclass(slots=True)
class CommentPlace:
    """How far the comments on a post are read. Times are milliseconds since 1970."""

    newest: int = 0
    """The time of the newest one that was seen."""
    floor: int = 0
    """Comments up to that time are not returned by this reading; 0: all are."""
    whole: int = 0
    """When all were returned for the last time."""
    start: int = 0
    """Where in a list this reading goes on."""
    is_listed: bool = False
    """Whether it is through with the list on the post itself."""
    threads: dict[str, int] = field(default_factory=dict)
    """How many comments are below others, by their numbers."""
    open: list[str] = field(default_factory=list)
    """The comments below which it has still to look; `start` is in the list of the first one."""
    silent: list[str] = field(default_factory=list)
    """Those of which LinkedIn did not say whether there are others below."""

    @classmethod
    def of(cls, cursor: str, now: datetime) -> "CommentPlace":
        told = mapping(parsed(cursor))
        threads = mapping(told.get("threads")).items()
        place = cls(
            newest=_positive(told.get("newest")),
            floor=_positive(told.get("floor")),
            whole=_positive(told.get("whole")),
            start=_positive(told.get("start")),
            is_listed=told.get("is_listed") is True,
            threads={one: _positive(number) for one, number in threads if numeral(one)},
            open=_urns(told.get("open")),
            silent=_urns(told.get("silent")),
        )
        time = int(now.timestamp() * 1000)
        is_begun = place.start or place.is_listed
        if not is_begun and not 0 <= time - place.whole < _WHOLE / _MILLISECOND:
            place.floor, place.whole, place.threads = 0, time, {}
        return place

    @property
    def is_through(self) -> bool:
        return self.is_listed and not self.open and not self.silent

    def note(self, urn: str, below: int | None) -> None:
        """Look below a comment on the post later, if the number there changed, or may be there."""
        parts = parts_of(urn)
        if parts is None or (below is None and self.floor):
            return
        if below is None:
            self.silent.append(urn)
            return
        if self.threads.get(parts[1], 0) != below and urn not in self.open:
            self.open.append(urn)
        if parts[1] in self.threads or len(self.threads) < _MOST_THREADS:
            self.threads[parts[1]] = below

    def passed(self, step: int, *, is_last: bool) -> None:
        """Go on behind a page."""
        self.start = 0 if is_last else self.start + step
        if is_last and self.is_listed:
            self.open.pop(0)
        self.is_listed = self.is_listed or is_last

    def answer_silence(self, below: int | None) -> None:
        """Look below those that did not say it, unless there is nothing.

        `below`: how many comments are below others in all; None: nobody knows.
        """
        if below is None or below > sum(self.threads.values()):
            self.open += self.silent
        self.silent = []

    def end(self) -> None:
        """End the reading: the next one begins anew, with what is newer."""
        self.is_listed = False
        self.floor = max(self.newest - int(_OVERLAP / _MILLISECOND), 0)

    def __str__(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


def _positive(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _urns(value: Any) -> list[str]:
    return [one for one in value if parts_of(one)] if isinstance(value, list) else []
