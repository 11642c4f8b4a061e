"""Counts of statuses on Mastodon.

Source: docs.joinmastodon.org, Status entity (`quotes_count` since 4.5), and GET /api/v1/statuses
(since 4.3; a server returns those that it finds). Servers without it are asked for one at a time.
Mastodon counts no views, and knows reactions from other servers only as far as these tell it.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from publisher.channels.answers import identifier, mapping, parsed
from publisher.channels.engagement import EngagementReading, counts, obstacle, total
from publisher.model.engagement import Engagement, Metric
from publisher.model.outcomes import AccountSuspended, Deferred
from publisher.platforms.mastodon.answers import ANSWERS, is_missing
from publisher.platforms.mastodon.server import AccountServer

_NO_LIST = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


def read(
    server: AccountServer, status_ids: Sequence[str]
) -> EngagementReading | AccountSuspended | Deferred:
    """The counts of statuses."""
    answer = server.several(status_ids)
    if answer.status in _NO_LIST:
        return _one_by_one(server, status_ids)
    if found := obstacle(ANSWERS, answer):
        return found
    listed = parsed(answer.body)
    if not isinstance(listed, list) or not all(map(_is_status, listed)):
        return ANSWERS.unreadable()
    shown = {identifier(one["id"]): Engagement(_counts(one)) for one in listed}
    if shown and not shown.keys() & set(status_ids):
        return ANSWERS.unreadable()
    # A list can lack one for other reasons: it is asked for alone before it counts as gone.
    missing = [status_id for status_id in status_ids if status_id not in shown]
    rest = _one_by_one(server, missing)
    found_alone = rest.posts if isinstance(rest, EngagementReading) else {}
    return EngagementReading({**shown, **found_alone})


def _one_by_one(
    server: AccountServer, status_ids: Sequence[str]
) -> EngagementReading | AccountSuspended | Deferred:
    found = {}
    for status_id in status_ids:
        answer = server.status(status_id)
        if is_missing(answer):
            found[status_id] = Engagement(is_gone=True)
            continue
        if problem := obstacle(ANSWERS, answer):
            return problem
        told = mapping(parsed(answer.body))
        if identifier(told.get("id")) != status_id or not _is_status(told):
            return ANSWERS.unreadable()
        found[status_id] = Engagement(_counts(told))
    return EngagementReading(found)


def _is_status(told: Any) -> bool:
    return isinstance(told, dict) and bool(identifier(told.get("id"))) and "content" in told


def _counts(status: dict[str, Any]) -> dict[Metric, int]:
    return counts(
        {
            Metric.REACTIONS: status.get("favourites_count"),
            Metric.SHARES: total(status.get("reblogs_count"), status.get("quotes_count")),
            Metric.REPLIES: status.get("replies_count"),
        }
    )
