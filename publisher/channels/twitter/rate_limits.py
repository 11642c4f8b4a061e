"""X's limits, as the headers of its answers tell them.

X counts requests in windows (docs.x.com, rate limits; those of 24 hours are seen, but documented
nowhere). Nobody vouches for the headers.
"""

from datetime import datetime, timedelta

from publisher.channels.answers import LONGEST_REST, whole
from publisher.model.outcomes import Answer, Limit, Step

SHORT_WINDOW = "x-rate-limit"
APP_WINDOW = "x-app-limit-24hour"
WINDOWS = {SHORT_WINDOW: "15min", "x-user-limit-24hour": "24h", APP_WINDOW: "24h-app"}
"""X's headers, by how their names begin, and what their windows are called here."""
_COUNTED = {
    Step.PUBLISH: "posts",
    Step.LAY_READY: "uploads",
    Step.WITHDRAW: "deletions",
    Step.READ: "readings",
}
"""X has a limit for each kind of request."""
_SKEW = timedelta(minutes=1)  # between the platform's clock and ours
_LONGEST = {SHORT_WINDOW: timedelta(hours=1)}
"""How far the end of a window may be, by a clock that may be off; that of a day's, LONGEST_REST."""


def limits(answer: Answer, step: Step) -> tuple[Limit, ...]:
    """Where the account stands with the limits that an answer tells of."""
    counted = _COUNTED.get(step)
    told = [_window(answer, header, f"{counted}-{name}") for header, name in WINDOWS.items()]
    return tuple(limit for limit in told if limit and counted)


def remaining(answer: Answer, header: str) -> int | None:
    """How many requests one of the windows still takes; None when it does not say."""
    return whole(answer.headers.get(f"{header}-remaining"))


def reset(answer: Answer, header: str) -> datetime | None:
    """When one of the windows begins anew; None when it does not say so credibly."""
    told = whole(answer.headers.get(f"{header}-reset"))
    if told is None:
        return None
    wait = timedelta(seconds=told - answer.received_at.timestamp())
    if not -_SKEW <= wait <= _LONGEST.get(header, LONGEST_REST):
        return None
    # The header counts whole seconds; one more, so as not to come too early.
    return answer.received_at + max(wait, timedelta(0)) + timedelta(seconds=1)


def _window(answer: Answer, header: str, name: str) -> Limit | None:
    total, left = whole(answer.headers.get(f"{header}-limit")), remaining(answer, header)
    end = reset(answer, header)
    if not total or left is None or end is None:
        return None
    return Limit(name, total, min(left, total), answer.received_at, end)
