"""Counts of posts on Bluesky.

Source: lexicons app.bsky.feed.getPosts (25 at once) and app.bsky.feed.defs#postView. The app view
lists what it shows; whether another post is deleted, the account's own server says. Nobody counts
views.
"""

from collections.abc import Sequence

from publisher.channels.answers import mapping, parsed
from publisher.channels.engagement import EngagementReading, counts, obstacle, total
from publisher.model.engagement import Engagement, Metric
from publisher.model.outcomes import AccountSuspended, Answer, Deferred
from publisher.platforms.bluesky.answers import ANSWERS, is_missing, key_of
from publisher.platforms.bluesky.repo import Repo


def read(repo: Repo, keys: Sequence[str]) -> EngagementReading | AccountSuspended | Deferred:
    """The counts of posts, by their keys."""
    session = repo.session()
    if isinstance(session, Answer):
        return obstacle(ANSWERS, session) or ANSWERS.unreadable()
    answer = repo.shown(keys)
    if problem := obstacle(ANSWERS, answer):
        return problem
    listed = mapping(parsed(answer.body)).get("posts")
    if not isinstance(listed, list):
        return ANSWERS.unreadable()
    found = {
        key: Engagement(_counts(post)) for post in map(mapping, listed) if (key := key_of(post))
    }
    found = {key: one for key, one in found.items() if key in keys}
    for key in keys:
        if key not in found and is_missing(repo.record(key)):
            found[key] = Engagement(is_gone=True)
    return EngagementReading(found)


def _counts(post: dict[str, object]) -> dict[Metric, int]:
    return counts(
        {
            Metric.REACTIONS: post.get("likeCount"),
            Metric.SHARES: total(post.get("repostCount"), post.get("quoteCount")),
            Metric.REPLIES: post.get("replyCount"),
        }
    )
