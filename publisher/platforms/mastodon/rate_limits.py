"""A Mastodon server's rate limits, from the headers of its answers.

Sources: Mastodon's config/initializers/rack_attack.rb and app/lib/rate_limiter.rb, and
docs.joinmastodon.org, rate limits. The headers are not trusted.
"""

from datetime import UTC, datetime, timedelta

from publisher.channels.answers import LONGEST_SUSPENSION, credible, whole
from publisher.model.outcomes import Answer, Limit, Step

_COUNTED = {
    Step.PUBLISH: "posts-3h",
    Step.PREPARE: "uploads-30min",
    Step.WITHDRAW: "deletions-30min",
    Step.READ: "readings-5min",
}
"""What each kind of request counts as, in which window."""
_SKEW = timedelta(minutes=1)  # between the server's clock and ours


def limits(answer: Answer, step: Step) -> tuple[Limit, ...]:
    """The account's limit from an answer."""
    name, total = _COUNTED.get(step), whole(answer.headers.get("x-ratelimit-limit"))
    left, end = remaining(answer), reset(answer)
    if not name or not total or left is None or end is None:
        return ()
    return (Limit(name, total, min(left, total), answer.received_at, end),)


def remaining(answer: Answer) -> int | None:
    """How many requests are left; None when the header does not say."""
    return whole(answer.headers.get("x-ratelimit-remaining"))


def reset(answer: Answer) -> datetime | None:
    """When the limit is reset; None when no header has a credible instant.

    Mastodon writes ISO 8601, GoToSocial seconds since 1970; a proxy may send `Retry-After`.
    """
    told = _instant(answer.headers.get("x-ratelimit-reset", ""))
    if told is None and (seconds := whole(answer.headers.get("retry-after"))) is not None:
        told = answer.received_at + timedelta(seconds=seconds)
    if told is None:
        return None
    wait = told - answer.received_at
    if not -_SKEW <= wait <= LONGEST_SUSPENSION:
        return None
    # Add a second, so as not to be too early.
    return answer.received_at + max(wait, timedelta(0)) + timedelta(seconds=1)


def _instant(header: str) -> datetime | None:
    seconds = whole(header)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds, UTC)
        told = datetime.fromisoformat(header.strip())
    except (OverflowError, OSError, ValueError):
        return None
    return credible(told) if told.tzinfo else None
