"""Waiting for a condition, and not for a time."""

import time
from collections.abc import Callable

_PAUSE = 0.01  # seconds
_SHARE = 10
"""To look takes at most one part in so many of the time: others need the processor meanwhile."""
_LONGEST = 0.5
"""Seconds; where a busy machine took two for one look, the next would be far too late."""


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Return as soon as `condition` holds; fail when it does not in so many seconds.

    Also for pages: Playwright's own `wait_for_function` is stopped by their policy, unless its
    condition holds at the first look.
    """
    end = time.monotonic() + seconds
    while True:
        begun = time.monotonic()
        if condition():
            return
        now = time.monotonic()
        assert now < end, "it did not happen in time"
        time.sleep(min(_LONGEST, max(_PAUSE, (_SHARE - 1) * (now - begun))))
