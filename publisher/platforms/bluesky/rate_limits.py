"""Bluesky's rate limits, from the headers of its answers.

A server counts requests, points for writing and uploads in several windows, and names in each
answer the one of which least is left (`ratelimit-policy: 3000;w=300`). The headers are not trusted.
"""

import re
from datetime import datetime, timedelta

from publisher.channels.answers import LONGEST_SUSPENSION, whole
from publisher.model.outcomes import Answer, Limit, Step

_WINDOWS = {"300": "5min", "3600": "1h", "86400": "24h"}
_SKEW = timedelta(minutes=1)  # between the platform's clock and ours


def limits(answer: Answer, step: Step) -> tuple[Limit, ...]:
    """The account's limit from an answer, if it names one that is known."""
    window = re.fullmatch(r"\d+;w=(\d+)", answer.headers.get("ratelimit-policy", ""))
    name = _WINDOWS.get(window[1]) if window else None
    total, left = whole(answer.headers.get("ratelimit-limit")), remaining(answer)
    end = reset(answer)
    if name is None or not total or left is None or end is None:
        return ()
    counted = "uploads" if step is Step.PREPARE and name == "24h" else "requests"
    return (Limit(f"{counted}-{name}", total, min(left, total), answer.received_at, end),)


def remaining(answer: Answer) -> int | None:
    """How much is left of the window; None when the answer does not say."""
    return whole(answer.headers.get("ratelimit-remaining"))


def reset(answer: Answer) -> datetime | None:
    """When the window is reset; None without a credible instant."""
    told = whole(answer.headers.get("ratelimit-reset"))
    if told is None:
        return None
    wait = timedelta(seconds=told - answer.received_at.timestamp())
    if not -_SKEW <= wait <= LONGEST_SUSPENSION:
        return None
    # The header counts whole seconds; add one, so as not to be too early.
    return answer.received_at + max(wait, timedelta(0)) + timedelta(seconds=1)
