"""Meta's rate limits, from the headers of its answers.

Meta reports percentages, of the app's calls in an hour and of the Page's in 24 hours (Graph API
guide, rate limiting); these are rolling windows, so they have no end. The headers are not trusted.
"""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from typing import Any

from publisher.channels.answers import mapping, number, parsed
from publisher.model.outcomes import Answer, Limit, Step

_SHARES = ("call_count", "total_time", "total_cputime")
_APP, _PAGE = timedelta(hours=1), timedelta(hours=24)
_OF_PAGES = (None, "pages")
"""The types that count; advertisements, Instagram and others have limits of their own."""


def limits(answer: Answer, _step: Step) -> tuple[Limit, ...]:
    """The account's limits from an answer."""
    told = [
        _share(answer, _of_app(answer), "requests-1h-app", _APP),
        _share(answer, _of_page(answer), "requests-24h-page", _PAGE),
    ]
    return tuple(limit for limit in told if limit)


def most_used(answer: Answer) -> float:
    """The highest percentage in the usage headers; 0 without any."""
    return max(_percents([*_of_app(answer), *_of_page(answer)]), default=0)


def used_by_app(answer: Answer) -> float:
    """The highest percentage in the app's header; 0 without it."""
    return max(_percents(_of_app(answer)), default=0)


def regained_after(answer: Answer) -> timedelta | None:
    """The estimated time until Facebook takes requests again, from its headers; or None."""
    return _regained([*_of_app(answer), *_of_page(answer)])


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
    """The percentages that are credible numbers, including 0."""
    told = [entry.get(share) for entry in entries for share in _SHARES]
    return [number(value) for value in told if value == 0 or number(value)]


def _regained(entries: Sequence[dict[str, Any]]) -> timedelta | None:
    minutes = max(
        (number(entry.get("estimated_time_to_regain_access")) for entry in entries), default=0
    )
    after = timedelta(minutes=minutes)
    return after if timedelta(0) < after <= _PAGE else None
