"""The place up to which the comments on a post on LinkedIn are read: the cursor of its readings.

Each reading lists the comments on the post itself first, and then looks below a few of them: what
somebody writes below many comments delays neither what others write on the post, nor for ever what
they write below another comment. Comments wait in a queue, and one with many below it goes to its
end after each page.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from publisher.channels.answers import mapping, numeral, parsed
from publisher.platforms.linkedin.comment_elements import parts_of

_MILLISECOND = timedelta(milliseconds=1)
_OVERLAP = timedelta(minutes=1)
"""Comments of that time before the newest known one are returned again: some appear late."""
_WHOLE = timedelta(hours=1)
"""How often all comments on the post are returned again, which takes no request more; and how often
it is asked how many are below others, where no comment says it.
"""
_IN_TURN = 10
"""Every tenth listing has it look below one comment whose number is as before, each in turn: one
below it may have taken the place of another.
"""
_LATE = timedelta(hours=6)
"""How long a comment may wait to be looked below until people are told."""
_UNREADABLE = timedelta(days=1)
"""How long it tries to look below a comment. Then once when there is something new, or in turn.

Also how long it waits to be told how many are below others.
"""
_MOST_THREADS = 2_000
"""Comments with others below, of which a cursor knows the number: what is more is read again."""


@dataclass(slots=True)
class CommentPlace:
    """How far the comments on a post are read. Times are milliseconds since 1970."""

    newest: int = 0
    """The time of the newest one on the post that was seen."""
    floor: int = 0
    """Comments on the post up to that time are not returned by this listing; 0: all are."""
    whole: int = 0
    """When all were returned for the last time."""
    start: int = 0
    """Where in the list on the post this listing goes on; 0: it begins."""
    begun: int = 0
    """When this listing began."""
    before: int = 0
    """When the listing before this one began."""
    readings: int = 0
    """How many listings there were since one was looked below in turn."""
    threads: dict[str, int] = field(default_factory=dict)
    """How many comments are below others, by their numbers, those of longest ago first."""
    open: dict[str, int] = field(default_factory=dict)
    """The comments below which it has still to look, and since when; the first one is the next."""
    starts: dict[str, int] = field(default_factory=dict)
    """Where in the lists of those it goes on, if not at the beginning."""
    unread: dict[str, int] = field(default_factory=dict)
    """The comments below which something may be that was not returned, and written since when."""
    failing: dict[str, int] = field(default_factory=dict)
    """The comments below which LinkedIn does not let it look, and since when."""
    silent: list[str] = field(default_factory=list)
    """Those of this listing of which LinkedIn did not say whether there are others below."""
    is_told: bool = False
    """Whether it said it of any: then there are none below those of which it did not."""
    asked: int = 0
    """When it was last asked how many there are below others in all."""
    below: int = 0
    """How many there were then."""
    unanswered: int = 0
    """Since when it waits to be told that again; 0: it does not."""
    is_listed: bool = False
    """Whether this reading is through with the list on the post."""

    @classmethod
    def of(cls, cursor: str, now: datetime) -> "CommentPlace":
        told = mapping(parsed(cursor))
        threads, silent = mapping(told.get("threads")), told.get("silent")
        waiting = _by_urn(told.get("open"))
        starts = _by_urn(told.get("starts"))
        place = cls(
            newest=_positive(told.get("newest")),
            floor=_positive(told.get("floor")),
            whole=_positive(told.get("whole")),
            start=_positive(told.get("start")),
            begun=_positive(told.get("begun")),
            readings=_positive(told.get("readings")),
            threads={one: _positive(number) for one, number in threads.items() if numeral(one)},
            open=waiting,
            starts={one: start for one, start in starts.items() if one in waiting},
            before=_positive(told.get("before")),
            unread=_by_urn(told.get("unread")),
            failing=_by_urn(told.get("failing")),
            silent=[one for one in silent if parts_of(one)] if isinstance(silent, list) else [],
            is_told=told.get("is_told") is True,
            asked=_positive(told.get("asked")),
            below=_positive(told.get("below")),
            unanswered=_positive(told.get("unanswered")),
        )
        if not place.start:
            place._begin(int(now.timestamp() * 1000))
        return place

    def _begin(self, time: int) -> None:
        self.before, self.begun, self.silent, self.is_told = self.begun, time, [], False
        if not _is_within(_WHOLE, self.whole, time):
            self.floor, self.whole = 0, time
        self.readings += 1
        if self.readings >= _IN_TURN and not self.open:
            self.readings = self.below = 0
            for number in list(self.threads)[:1]:
                del self.threads[number]  # so that it seems to have changed

    @property
    def has_question(self) -> bool:
        """Whether to ask how many comments are below others."""
        return self.is_listed and self._is_unsure and not self.open

    @property
    def _is_unsure(self) -> bool:
        return (
            bool(self.silent)
            and not self.is_told
            and not _is_within(_WHOLE, self.asked, self.begun)
        )

    @property
    def is_through(self) -> bool:
        return self.is_listed and not self.open and not self.has_question

    @property
    def known_until(self) -> datetime | None:
        """The time from before which all was returned; None while the post is being listed.

        What waits below some comments brings nothing back that was returned long ago.
        """
        since = [self.begun, *self.unread.values()]
        if self.silent and not self.is_told:
            since.append(self.asked)
        if not self.is_listed or not min(since):
            return None
        return datetime.fromtimestamp(min(since) / 1000, UTC)

    def is_late(self, now: datetime) -> bool:
        """Whether something waits for so long that people must be told."""
        since = min([self.begun, *self.open.values()])
        return now.timestamp() * 1000 - since > _LATE / _MILLISECOND

    def note(self, urn: str, below: int | None) -> None:
        """Look below a comment on the post later, if the number there changed, or may be there."""
        parts = parts_of(urn)
        if parts is None:
            return
        if below is None:
            self.silent.append(urn)
            return
        self.is_told = self.is_told or bool(below)
        number = parts[1]
        # Of a list that is being read, pages that are behind us may have changed: it is noticed
        # again when that is over.
        if self.threads.get(number, 0) == below or urn in self.starts:
            return
        self.threads.pop(number, None)
        if below:
            self._open(urn, self.before)
            if len(self.threads) < _MOST_THREADS:
                self.threads[number] = below

    def _open(self, urn: str, unread: int) -> None:
        self.open.setdefault(urn, self.begun)
        self.unread.setdefault(urn, unread)

    def listed(self, step: int, *, is_last: bool) -> None:
        """Go on behind a page of the list on the post; after the last one, with what is newer."""
        self.start = 0 if is_last else self.start + step
        self.is_listed = is_last
        if is_last:
            self.floor = max(self.newest - int(_OVERLAP / _MILLISECOND), 0)
            self.unread = {one: time for one, time in self.unread.items() if one in self.open}

    def looked_below(self, urn: str, step: int, *, is_last: bool) -> None:
        """Go on behind a page of the list below a comment: with another comment first."""
        since, start = self.open.pop(urn), self.starts.pop(urn, 0)
        self.failing.pop(urn, None)
        if not is_last:
            self.open[urn], self.starts[urn] = since, start + step
        elif start:  # pages that are behind us may have changed: the next listing notices it
            self.unread[urn] = since
        else:
            self.unread.pop(urn, None)

    def not_looked_below(self, urn: str, *, is_refused: bool) -> None:
        """Try the others first, and not for ever: one that cannot be read keeps none waiting.

        `is_refused`: LinkedIn answered about this comment. What concerns all, such as a rate limit,
        passes, and gives up none.
        """
        self.open[urn] = self.open.pop(urn)
        if not is_refused:
            return
        if not _is_within(_UNREADABLE, self.failing.setdefault(urn, self.begun), self.begun):
            for its in (self.open, self.starts, self.unread):
                its.pop(urn, None)

    def answer_question(self, below: int | None) -> None:
        """Look below those that did not say it, if there is something new below any.

        `below`: how many comments are below others in all; None: nobody knows.
        """
        if below is None or below > self.below:
            for urn in self.silent:
                self._open(urn, self.asked)
        self.below, self.asked, self.silent = below or 0, self.begun, []

    def wait_for_answer(self) -> None:
        """After a day without an answer to the question, look below all that did not say it.

        `known_until` does not wait for them: what was returned meanwhile would come back after it
        was deleted.
        """
        if not self.is_listed:
            return
        self.unanswered = (self.unanswered or self.begun) if self._is_unsure else 0
        if self.unanswered and not _is_within(_UNREADABLE, self.unanswered, self.begun):
            for urn in self.silent:
                self.open.setdefault(urn, self.begun)
            self.asked, self.unanswered = self.begun, 0

    def __str__(self) -> str:
        kept = [name for name in self.__slots__ if name != "is_listed"]
        return json.dumps({name: getattr(self, name) for name in kept})


def _is_within(span: timedelta, before: int, now: int) -> bool:
    return 0 <= now - before < span / _MILLISECOND


def _positive(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _by_urn(value: Any) -> dict[str, int]:
    its: Mapping[str, Any] = mapping(value)
    return {one: _positive(number) for one, number in its.items() if parts_of(one)}
