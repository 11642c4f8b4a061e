"""Statistics of an organisation's posts on LinkedIn.

Source: learn.microsoft.com, Organization Share Statistics: lifetime statistics of given posts, for
administrators of the page (rw_organization_admin), without paid views. Without
r_organization_social LinkedIn refuses to name single posts (403, seen). Posts have one of two kinds
of URN, each with a parameter of its own; what LinkedIn does not list is read again later.
"""

from collections.abc import Sequence

from publisher.channels.answers import mapping, parsed
from publisher.channels.engagement import EngagementReading, counts, obstacle
from publisher.model.engagement import Engagement, Metric
from publisher.model.outcomes import AccountSuspended, Deferred
from publisher.platforms.linkedin.answers import ANSWERS
from publisher.platforms.linkedin.rest import Rest

_KINDS = {"urn:li:share:": ("shares", "share"), "urn:li:ugcPost:": ("ugcPosts", "ugcPost")}
"""By the beginning of a URN: the parameter, and the member of an element."""


def read(rest: Rest, urns: Sequence[str]) -> EngagementReading | AccountSuspended | Deferred:
    """The counts of posts, by their URNs."""
    found: dict[str, Engagement] = {}
    for begin, (parameter, member) in _KINDS.items():
        asked = [urn for urn in urns if urn.startswith(begin)]
        if not asked:
            continue
        answer = rest.statistics(parameter, asked)
        if problem := obstacle(ANSWERS, answer):
            return problem
        elements = mapping(parsed(answer.body)).get("elements")
        if not isinstance(elements, list):
            return ANSWERS.unreadable()
        for element in map(mapping, elements):
            urn, told = element.get(member), element.get("totalShareStatistics")
            if urn in asked and isinstance(told, dict):
                found[str(urn)] = Engagement(_counts(told))
    return EngagementReading(found)


def _counts(told: dict[str, object]) -> dict[Metric, int]:
    return counts(
        {
            Metric.VIEWS: told.get("impressionCount"),
            Metric.VIEWERS: told.get("uniqueImpressionsCount"),
            Metric.REACTIONS: told.get("likeCount"),
            Metric.SHARES: told.get("shareCount"),
            Metric.REPLIES: told.get("commentCount"),
        }
    )
