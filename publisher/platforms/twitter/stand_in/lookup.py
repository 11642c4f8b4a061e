"""Lookup of the simulated X: posts by their ids, the accounts' own and the readers'."""

from typing import Any

from publisher.platforms.twitter.stand_in import mentions, problems, reading
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store

_MOST_IDS = 100  # OpenAPI 2.167, getPostsByIds


async def several(store: Store, call: Call, _account: SandboxAccount) -> tuple[int, object]:
    """Posts by their ids; those that are not there are named among the errors of a success."""
    ids, fields = reading.listed(call, "ids"), reading.fields_of(call)
    if not 1 <= len(ids) <= _MOST_IDS or not all(map(reading.POST_ID.fullmatch, ids)):
        raise problems.invalid(f"`ids` must be from 1 to {_MOST_IDS} ids of posts", "ids")
    if call.changed(What.COUNTS_REFUSED):
        raise problems.not_permitted()
    ours = {post_id: store.find("twitter", post_id) for post_id in ids}
    readers = {post_id: store.comment("twitter", post_id) for post_id in ids}
    body: dict[str, Any] = {}
    data = [
        *(reading.as_post(store, entry, fields) for entry in ours.values() if entry),
        *(mentions.as_post(comment) for comment in readers.values() if comment),
    ]
    if call.changed(What.COUNTS_GONE):
        for one in data:
            one.get("public_metrics", {}).pop("impression_count", None)
    missing = [
        problems.not_found("post", post_id, "ids").body
        for post_id in ids
        if not (ours[post_id] or readers[post_id])
    ]
    if data:
        body["data"] = data
    if missing:
        body["errors"] = missing
    return 200, body
