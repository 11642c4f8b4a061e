"""What answers tell of the platforms' limits in their headers, which nobody vouches for.

X counts requests in windows (docs.x.com, rate limits; those of 24 hours are seen, but documented
nowhere). Meta tells percents, of the app's calls in an hour and of the Page's in 24 hours (Graph
API guide, rate limiting); these windows roll, so they have no end.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from publisher.channels.answers import LONGEST_REST, mapping, number, parsed, whole
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
_SHARES = ("call_count", "total_time", "total_cputime")
_APP, _PAGE = timedelta(hours=1), timedelta(hours=24)
_OF_PAGES = (None, "pages")
"""What business usage says of advertisements, Instagram and others has limits of its own."""


def limits(channel: str, answer: Answer, step: Step) -> tuple[Limit, ...]:
    """Where the account stands with the limits that an answer of `channel` tells of."""
    if channel == "twitter":
        counted = _COUNTED.get(step)
        told = [_window(answer, header, f"{counted}-{name}") for header, name in WINDOWS.items()]
        return tuple(limit for limit in told if limit and counted)
    told = [
        _share(answer, _of_app(answer), "requests-1h-app", _APP),
        _share(answer, _of_page(answer), "requests-24h-page", _PAGE),
    ]
    return tuple(limit for limit in told if limit)


def remaining(answer: Answer, header: str) -> int | None:
    """How many requests one of X's windows still takes; None when it does not say."""
    return whole(answer.headers.get(f"{header}-remaining"))


def reset(answer: Answer, header: str) -> datetime | None:
    """When one of X's windows begins anew; None when it does not say so credibly."""
    told = whole(answer.headers.get(f"{header}-reset"))
    if told is None:
        return None
    wait = timedelta(seconds=told - answer.received_at.timestamp())
    if not -_SKEW <= wait <= _LONGEST.get(header, LONGEST_REST):
        return None
    # The header counts whole seconds; one more, so as not to come too early.
    return answer.received_at + max(wait, timedelta(0)) + timedelta(seconds=1)


def most_used(answer: Answer) -> float:
    """The highest percent of Facebook's usage headers; 0 without any."""
    return max(_percents([*_of_app(answer), *_of_page(answer)]), default=0)


def used_by_app(answer: Answer) -> float:
    """The highest percent of Facebook's header on the app alone; 0 without it."""
    return max(_percents(_of_app(answer)), default=0)


def regained_after(answer: Answer) -> timedelta | None:
    """When Facebook takes requests again, as its headers estimate it; None without an estimate."""
    return _regained([*_of_app(answer), *_of_page(answer)])


def _window(answer: Answer, header: str, name: str) -> Limit | None:
    total, left = whole(answer.headers.get(f"{header}-limit")), remaining(answer, header)
    end = reset(answer, header)
    if not total or left is None or end is None:
        return None
    return Limit(name, total, min(left, total), answer.received_at, end)


def _share(
    answer: Answer, entries: Sequence[dict[str, Any]], name: str, window: timedelta
) -> Limit | None:
    percents = _percents(entries)
    if not percents:
        return None
    left = max(0, 100 - ceil(max(percents)))
    end = answer.received_at + ((not left and _regained(entries)) or window)
    return Limit(name, 100, left, answer.received_at, end)


def _of_app(answer: Answer) -> list[dict[str, Any]]:
    return [mapping(parsed(answer.headers.get("x-app-usage", "")))]


def _of_page(answer: Answer) -> list[dict[str, Any]]:
    usage = [mapping(parsed(answer.headers.get("x-page-usage", "")))]
    for entries in mapping(parsed(answer.headers.get("x-business-use-case-usage", ""))).values():
        usage += [mapping(entry) for entry in entries] if isinstance(entries, list) else []
    return [entry for entry in usage if entry.get("type") in _OF_PAGES]


def _percents(entries: Sequence[dict[str, Any]]) -> list[float]:
    """Those that are credible numbers, with 0 among them."""
    told = [entry.get(share) for entry in entries for share in _SHARES]
    return [number(value) for value in told if value == 0 or number(value)]


def _regained(entries: Sequence[dict[str, Any]]) -> timedelta | None:
    minutes = max(
        (number(entry.get("estimated_time_to_regain_access")) for entry in entries), default=0
    )
    after = timedelta(minutes=minutes)
    return after if timedelta(0) < after <= _PAGE else None
