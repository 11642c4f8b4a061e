"""Numbers of comments on a site's posts.

Source: WordPress' REST API handbook, Posts (`include`) and Comments (`post`, approved ones unless
something else is asked). Only the post of each comment is asked for, and nothing of its author.
WordPress itself counts no readers.
"""

from collections import Counter
from collections.abc import Sequence

from publisher.channels.answers import numeral, whole
from publisher.channels.engagement import EngagementReading
from publisher.model.engagement import Engagement, Metric
from publisher.model.outcomes import Absent, AccountSuspended, Deferred
from publisher.platforms.wordpress.posts import SitePost, fate, items_of
from publisher.platforms.wordpress.site import LISTED, SiteApi

_PAGES = 10
"""The most lists of comments that are read; with more comments, none are counted."""


def read(site: SiteApi, post_ids: Sequence[str]) -> EngagementReading | AccountSuspended | Deferred:
    """The number of comments of posts."""
    items = items_of(site.public(post_ids))
    if not isinstance(items, list):
        return items
    public = {numeral(item.get("id")) for item in items}
    # A list can lack one for other reasons: it is asked for alone before it counts as gone.
    found = {
        post_id: Engagement(is_gone=True)
        for post_id in post_ids
        if post_id not in public and _is_gone(site, post_id)
    }
    shown = [post_id for post_id in post_ids if post_id in public]
    counted = _counted(site, shown) if shown else Counter[str]()
    if isinstance(counted, AccountSuspended | Deferred):
        return counted
    for post_id in shown:
        counts = {} if counted is None else {Metric.REPLIES: counted[post_id]}
        found[post_id] = Engagement(counts)
    return EngagementReading(found)


def _is_gone(site: SiteApi, post_id: str) -> bool:
    """Whether a post is deleted, or no longer public."""
    seen = fate(site, post_id)
    return isinstance(seen, Absent) or (isinstance(seen, SitePost) and not seen.is_public)


def _counted(
    site: SiteApi, post_ids: Sequence[str]
) -> Counter[str] | AccountSuspended | Deferred | None:
    """The comments by post; None if there are too many to count."""
    counted: Counter[str] = Counter()
    for page in range(1, _PAGES + 1):
        answer = site.comments(post_ids, page)
        items = items_of(answer)
        if not isinstance(items, list):
            return items
        counted.update(numeral(item.get("post")) for item in items)
        pages = whole(answer.headers.get("x-wp-totalpages"))
        if len(items) < LISTED or pages == page:
            return counted
    return None
