"""Days of the week and times of day, as people write them."""

import re
from datetime import time

NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORKING = frozenset(range(5))
_SETS = {
    **{name: {number} for number, name in enumerate(NAMES)},
    "weekday": WORKING,
    "weekend": {5, 6},
    "day": set(range(7)),
}
_LIST = re.compile(r"[a-z]+(?:(?: *, *| +and +| +)[a-z]+)*")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


def parse(text: str) -> frozenset[int] | None:
    """The days that `weekdays` or `monday, thursday` name, Monday is 0; None: they are no days."""
    text = text.strip().casefold()
    if not _LIST.fullmatch(text):
        return None
    words = [word.removesuffix("s") for word in re.findall("[a-z]+", text) if word != "and"]
    if not words or any(word not in _SETS for word in words):
        return None
    return frozenset().union(*(_SETS[word] for word in words))


def clock(text: str) -> time | None:
    """The time of day of `9:00` or `09:00`; None: it is none."""
    match = _CLOCK.fullmatch(text.strip())
    return time(int(match[1]), int(match[2])) if match else None
