"""Counts of a Page's posts, read from Facebook.

Sources: Meta's spec of PagePost (`shares`, `comments`, `reactions`, `insights`), its reference of
Page Post Insights (v25.0: `post_media_view`, `post_total_media_view_unique`; `post_impressions*`
ended in November 2025). Several objects by their `ids` are not asked for at once: since 4 November
2026 Meta lets no new app do so (Graph API v27). A metric that has ended fails the whole request
(seen: trypost 320), and so does a permission that is missing (read_insights for insights;
pages_read_user_content for the numbers of comments and reactions, seen in September 2026). So what
is asked for is reduced step by step.
Facebook renews most insights once a day, and has none for Pages with few followers: then views are
missing.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed, whole
from publisher.channels.engagement import EngagementReading, counts, obstacle
from publisher.model.engagement import Engagement, Metric
from publisher.model.outcomes import Absent, AccountSuspended, Answer, Deferred
from publisher.platforms.facebook.answers import ANSWERS
from publisher.platforms.facebook.graph import PageGraph, is_video
from publisher.platforms.facebook.posts import PagePosts

_VIEWS, _VIEWERS = "post_media_view", "post_total_media_view_unique"
_BY_TYPE = "post_reactions_by_type_total"
_READERS = "reactions.limit(0).summary(total_count),comments.limit(0).summary(total_count)"
_OF_VIDEO = (f"id,likes.limit(0).summary(total_count),{_READERS.partition(',')[2]}", "id")
"""A video has no `shares`, `reactions` and `insights` (Meta's reference of Video)."""
_MISSING = 33  # subcode of 100
_NO_SUCH_NAME = 803
_REFUSED_FIELD = frozenset({3, 10, 100, *range(200, 300)})
"""Codes for a field that does not exist, or that the token may not read."""

_Obstacle = AccountSuspended | Deferred


def _insights(*names: str) -> str:
    return f"insights.metric({','.join(names)}){{name,period,values}}"


_OF_POST = (
    f"id,shares,{_READERS},{_insights(_VIEWS, _VIEWERS, _BY_TYPE)}",
    f"id,shares,{_READERS},{_insights(_VIEWERS)}",
    f"id,shares,{_READERS}",
    f"id,shares,{_insights(_VIEWS, _VIEWERS, _BY_TYPE)}",
    "id,shares",
)
"""What is asked for, from all to what every Page's token may read."""


class PageInsights:
    """Reads the counts of one Page's posts."""

    def __init__(self, page: PageGraph) -> None:
        self._page = page

    def read(self, post_ids: Sequence[str]) -> EngagementReading | _Obstacle:
        """The counts of posts and videos, one request each.

        One that cannot be read hides no other; a second one ends the reading.
        """
        found: dict[str, Engagement] = {}
        steps, remark, failure = {True: _OF_VIDEO, False: _OF_POST}, "", None
        for post_id in post_ids:
            kind = is_video(post_id)
            steps[kind], seen = self._as_far_as_allowed(post_id, steps[kind])
            if isinstance(seen, Engagement):
                found[post_id] = seen
                remark = _remark(steps[kind][0]) or remark
            elif isinstance(seen, AccountSuspended):
                return seen
            elif seen and failure:
                break
            else:
                failure = seen or failure
        return failure if failure and not found else EngagementReading(found, remark)

    def _as_far_as_allowed(
        self, post_id: str, steps: tuple[str, ...]
    ) -> tuple[tuple[str, ...], Engagement | _Obstacle | None]:
        """The counts by the first of these steps that Facebook does not refuse, and those left.

        None: Facebook does not show the post, which may be there all the same.
        """
        for number, fields in enumerate(steps):
            answer = self._page.get(post_id, fields)
            if _names_missing(answer):
                # Facebook says so too of what the token may not see: then it is asked again.
                is_gone = isinstance(PagePosts(self._page).fate(post_id), Absent)
                return steps[number:], Engagement(is_gone=True) if is_gone else None
            if not _refuses_field(answer):
                return steps[number:], _read(answer, post_id, fields)
        return steps, ANSWERS.unreadable()


def _read(answer: Answer, post_id: str, fields: str) -> Engagement | _Obstacle:
    if found := obstacle(ANSWERS, answer):
        return found
    post = mapping(parsed(answer.body))
    if post.get("id") != post_id:
        return ANSWERS.unreadable()
    return Engagement(_counts(post, has_shares="shares" in fields))


def _counts(post: dict[str, Any], *, has_shares: bool) -> dict[Metric, int]:
    """`has_shares`: whether they were asked for; Facebook leaves out those of posts without any."""
    reactions = _summary(post.get("reactions", post.get("likes")))
    told: dict[Metric, object] = {
        # Zero is what Facebook says before it has counted.
        Metric.VIEWS: _insight(post, _VIEWS) or None,
        Metric.VIEWERS: _insight(post, _VIEWERS) or None,
        Metric.REACTIONS: _by_type(post) if reactions is None else reactions,
        Metric.REPLIES: _summary(post.get("comments")),
    }
    if has_shares:
        told[Metric.SHARES] = mapping(post["shares"]).get("count") if "shares" in post else 0
    return counts(told)


def _summary(edge: object) -> object:
    return mapping(mapping(edge).get("summary")).get("total_count")


def _by_type(post: dict[str, Any]) -> int | None:
    """The reactions of all types together."""
    told = _insight(post, _BY_TYPE)
    numbers = [whole(number) for number in told.values()] if isinstance(told, dict) else [None]
    return None if None in numbers else sum(number or 0 for number in numbers)


def _insight(post: dict[str, Any], name: str) -> object:
    """The value of an insight since the post is out."""
    listed = mapping(post.get("insights")).get("data")
    for insight in map(mapping, listed if isinstance(listed, list) else []):
        values = insight.get("values")
        is_whole = insight.get("period", "lifetime") == "lifetime"
        if insight.get("name") == name and is_whole and isinstance(values, list) and values:
            return mapping(values[-1]).get("value")
    return None


def _error(answer: Answer) -> tuple[int | None, int | None]:
    error = mapping(mapping(parsed(answer.body)).get("error"))
    return whole(error.get("code")), whole(error.get("error_subcode"))


def _names_missing(answer: Answer) -> bool:
    """Whether Facebook says that it has not one of the objects, or shows it to nobody."""
    code, subcode = _error(answer)
    return (code, subcode) == (100, _MISSING) or code == _NO_SUCH_NAME


def _refuses_field(answer: Answer) -> bool:
    code, _subcode = _error(answer)
    is_refusal = (answer.status or 0) in (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)
    return is_refusal and code in _REFUSED_FIELD


def _remark(fields: str) -> str:
    """What the token lacks, by the fields that Facebook gave it."""
    lacking = []
    if "shares" in fields and _VIEWS not in fields:
        lacking.append("read_insights")
    if "comments" not in fields:
        lacking.append("pages_read_user_content")
    if not lacking:
        return ""
    return _(
        "Facebook does not give all figures of the Page: the token lacks {permissions}, or "
        "Facebook no longer gives them. Make a token with these permissions, as `publisher help "
        "credentials` shows. Publisher still reads the other figures.",
        permissions=", ".join(lacking),
    )
