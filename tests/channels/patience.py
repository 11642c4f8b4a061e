"""Time limits of requests in tests: short only where an answer is held back on purpose.

So a busy machine is never taken for a server that does not answer.
"""

from collections.abc import Iterable
from datetime import timedelta

from publisher.platforms.mastodon.stand_in.refusals import MastodonFault
from publisher.sandbox.fault_kinds import What

LONG = timedelta(seconds=20)
SHORT = timedelta(seconds=0.3)
_HELD_BACK = {What.HANG, What.LATE, What.DRIP, What.ENDLESS, MastodonFault.KEY_RACE}


def patience(kinds: Iterable[str | None]) -> timedelta:
    """The time limit of a request, while faults of these kinds are in force."""
    return LONG if _HELD_BACK.isdisjoint(kinds) else SHORT
