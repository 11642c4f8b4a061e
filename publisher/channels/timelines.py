"""Timelines: what channels share that look for a post among an account's own."""

import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from publisher.base.clock import Clock
from publisher.channels.answers import Lately

SKEW = timedelta(seconds=60)
"""How far a platform's clock may be behind ours: a post that seems older than the intent by at most
this counts as its effect.
"""
LOOK_BACK = timedelta(days=1)
"""A post that seems older than the intent by up to this may be its effect, if our clock was wrong
then or is wrong now: a person has to decide.
"""
_UNSEEN = ("\ufe0e", "\ufe0f")
"""Variation selectors; a platform may drop them, and format characters too."""

Read = TypeVar("Read")


class Readings(Generic[Read]):
    """The readings of an account's posts; one serves all deliveries that can be found in it."""

    def __init__(self, clock: Clock, read_from: Callable[[datetime], Read]) -> None:
        """`read_from` reads the posts since an instant."""
        self._read_from = read_from
        self._lately: Lately[tuple[datetime, Read]] = Lately(clock)
        """The beginning of what was read, and that."""

    def since(self, since: datetime, *, lately: bool) -> Read:
        """The posts since `LOOK_BACK` before `since`. `lately`: a recent reading is good enough."""
        start = since - LOOK_BACK
        kept = self._lately.read if lately else None
        if kept and kept[0] <= start:
            return kept[1]
        # Of the deliveries that share a reading, the first may be of any time of the day.
        begin = start.replace(hour=0, minute=0, second=0) if lately else start
        read = self._read_from(begin)
        self._lately.keep((begin, read))
        return read


def words(text: str) -> list[str]:
    """The words of a text without invisible characters."""
    composed = unicodedata.normalize("NFC", text)
    seen = (c for c in composed if unicodedata.category(c) != "Cf" and c not in _UNSEEN)
    return "".join(seen).split()
