"""Text of rate limits: what is left of them, for people."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from publisher.base import formats, i18n
from publisher.base.i18n import _, later
from publisher.model.outcomes import Limit

ANSWERS_OF_MONTH = "answers-month"
"""The name of the budget for reading answers, in thousandths of a US dollar."""
_SENTENCES = {
    "answers": later("{left} of {total} for reading comments {window} left, until {end}"),
    "posts": later("{left} of {total} posts {window} left, until {end}"),
    "uploads": later("{left} of {total} uploads {window} left, until {end}"),
    "readings": later("{left} of {total} readings {window} left, until {end}"),
    "deletions": later("{left} of {total} deletions {window} left, until {end}"),
    "requests": later("{share} of the requests {window} left, as of {seen}"),
}
_WINDOWS = {
    "5min": later("in 5 minutes"),
    "15min": later("in 15 minutes"),
    "30min": later("in 30 minutes"),
    "3h": later("in 3 hours"),
    "1h": later("in an hour"),
    "month": later("this month"),
    "24h": later("in 24 hours"),
    "24h-app": later("by the whole app in 24 hours"),
    "1h-app": later("by the whole app in an hour"),
    "24h-page": later("for the Page in 24 hours"),
}
_NEARLY_USED_UP = 10
"""The percentage left from which a limit counts as nearly used up."""


def is_nearly_used_up(limit: Limit) -> bool:
    return limit.remaining * 100 <= limit.total * _NEARLY_USED_UP


def in_words(limit: Limit, when: Callable[[datetime], str]) -> str:
    """`17 of 50 posts in 24 hours left, until 14:05`; `when` formats an instant."""
    return _(sentence(limit), **values(limit, when))


def sentence(limit: Limit) -> str:
    """The message for `_`, with the names of `values` in braces."""
    return _SENTENCES[_parts(limit)[0]]


def values(limit: Limit, when: Callable[[datetime], str]) -> dict[str, str]:
    """The values for the sentence; `when` formats an instant."""
    # Rarely needed, slow to load.
    from babel.numbers import format_decimal, format_percent  # noqa: PLC0415

    locale = i18n.current()

    def number(count: int) -> str:
        if limit.name == ANSWERS_OF_MONTH:
            return formats.dollars(Decimal(count) / 1000)
        return str(format_decimal(count, locale=locale))

    return {
        "left": number(limit.remaining),
        "total": number(limit.total),
        "share": format_percent(limit.remaining / (limit.total or 1), locale=locale),
        "window": _(_WINDOWS[_parts(limit)[1]]),
        "end": when(limit.ends_at),
        "seen": when(limit.seen_at),
    }


def _parts(limit: Limit) -> tuple[str, str]:
    counted, _dash, window = limit.name.partition("-")
    return counted, window
