"""X's rate limits, from the headers of its answers.

X counts requests in windows (docs.x.com, rate limits; those of 24 hours are observed, but not
documented). The headers are not trusted.
"""

from datetime import datetime, timedelta

from publisher.channels.answers import LONGEST_SUSPENSION, whole
from publisher.model.outcomes import Answer, Limit, Step

SHORT_WINDOW = "x-rate-limit"
APP_WINDOW = "x-app-limit-24hour"
WINDOWS = {SHORT_WINDOW: "15min", "x-user-limit-24hour": "24h", APP_WINDOW: "24h-app"}
"""The prefixes of X's headers, and our names of their windows."""
_COUNTED = {
    Step.PUBLISH: "posts",
    Step.PREPARE: "uploads",
    Step.WITHDRAW: "deletions",
    Step.READ: "readings",
}
"""The kinds of requests, each with its own limit."""
_SKEW = timedelta(minutes=1)  # between the platform's clock and ours
_LONGEST = {SHORT_WINDOW: timedelta(hours=1)}
"""The longest credible time until a window's end; for the windows of a day, LONGEST_SUSPENSION."""


def limits(answer: Answer, step: Step) -> tuple[Limit, ...]:
    """The account's limits from an answer."""
    counted = _COUNTED.get(step)
    told = [_window(answer, header, f"{counted}-{name}") for header, name in WINDOWS.items()]
    return tuple(limit for limit in told if limit and counted)


def remaining(answer: Answer, header: str) -> int | None:
    """How many requests are left in a window; None when the header does not say."""
    return whole(answer.headers.get(f"{header}-remaining"))


def reset(answer: Answer, header: str) -> datetime | None:
    """When a window is reset; None when the header has no credible instant."""
    told = whole(answer.headers.get(f"{header}-reset"))
    if told is None:
        return None
    wait = timedelta(seconds=told - answer.received_at.timestamp())
    if not -_SKEW <= wait <= _LONGEST.get(header, LONGEST_SUSPENSION):
        return None
    # The header counts whole seconds; add one, so as not to be too early.
    return answer.received_at + max(wait, timedelta(0)) + timedelta(seconds=1)


def _window(answer: Answer, header: str, name: str) -> Limit | None:
    total, left = whole(answer.headers.get(f"{header}-limit")), remaining(answer, header)
    end = reset(answer, header)
    if not total or left is None or end is None:
        return None
    return Limit(name, total, min(left, total), answer.received_at, end)
