"""Comments of the simulated WordPress: only which post each is on."""

from typing import Any

from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.engagement import counts_of
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store
from publisher.sandbox.wordpress.articles import article
from publisher.sandbox.wordpress.refusals import RestError


async def listed(store: Store, call: Call, account: SandboxAccount) -> Any:
    """A page of the approved comments on some posts, oldest first."""
    if call.changed(What.COUNTS_REFUSED):
        raise RestError(401, "rest_cannot_read", "Sorry, you are not allowed to read comments.")
    asked = [one for one in call.query.get("post", "").split(",") if one.isdecimal()]
    found = [entry for one in asked if (entry := article(store, account, one)) and entry.published]
    comments = [entry for entry in found for _ in range(counts_of(store, entry).replies)]
    size, page = int(call.query.get("per_page", "10")), int(call.query.get("page", "1"))
    call.headers |= {
        "x-wp-total": str(len(comments)),
        "x-wp-totalpages": str(-(-len(comments) // size)),
    }
    start = (page - 1) * size
    return [
        {"id": number, "post": int(entry.id), "author_name": "A reader"}
        for number, entry in enumerate(comments[start : start + size], start + 1)
    ]
