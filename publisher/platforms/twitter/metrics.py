"""Public metrics of posts on X.

Source: docs.x.com, metrics; OpenAPI 2.167, PostPublicMetrics and getPostsByIds (100 ids at once).
`/2/tweets/analytics` has more, but is refused to most apps. X does not say how many people saw it.
"""

from collections.abc import Collection

from publisher.channels.answers import identifier, mapping, parsed
from publisher.channels.engagement import EngagementReading, counts, total
from publisher.model.engagement import Engagement, Metric
from publisher.model.outcomes import Answer

FIELDS: tuple[dict[str, str], ...] = (
    {"post.fields": "public_metrics"},
    {"tweet.fields": "public_metrics"},
)
"""Both spellings, as in `timeline.FIELDS`."""
_NOT_FOUND = "/problems/resource-not-found"


def read(answer: Answer, asked: Collection[str]) -> EngagementReading | None:
    """The counts in an answer; None if it shows posts without them, or others than asked."""
    body = mapping(parsed(answer.body))
    listed, errors = body.get("data", []), body.get("errors", [])
    if not isinstance(listed, list) or not isinstance(errors, list):
        return None
    found = {
        identifier(error.get("resource_id")): Engagement(is_gone=True)
        for error in map(mapping, errors)
        if str(error.get("type")).endswith(_NOT_FOUND)
    }
    for post in map(mapping, listed):
        told = post.get("public_metrics")
        if not isinstance(told, dict):
            return None
        found[identifier(post.get("id"))] = Engagement(_counts(told))
    found = {post_id: one for post_id, one in found.items() if post_id in asked}
    return EngagementReading(found) if found else None


def _counts(told: dict[str, object]) -> dict[Metric, int]:
    # The OpenAPI description has `repost_count`, the guides `retweet_count`.
    reposts = told.get("repost_count", told.get("retweet_count"))
    return counts(
        {
            Metric.VIEWS: told.get("impression_count"),
            Metric.REACTIONS: told.get("like_count"),
            Metric.SHARES: total(reposts, told.get("quote_count")),
            Metric.REPLIES: told.get("reply_count"),
        }
    )
