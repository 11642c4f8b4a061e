"""Posts as the simulated app view of Bluesky shows them, with their counts."""

from typing import Any

from publisher.platforms.bluesky.stand_in.cids import COLLECTION, reference
from publisher.platforms.bluesky.stand_in.comments import as_post
from publisher.platforms.bluesky.stand_in.errors import invalid
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.engagement import counts_of
from publisher.sandbox.store import Store

_MOST = 25  # lexicon app.bsky.feed.getPosts


async def posts(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """The posts that are there; what is not is left out."""
    uris = call.query.getlist("uris")
    if not 1 <= len(uris) <= _MOST:
        raise invalid(f"uris must be from 1 to {_MOST}")
    shown = []
    for uri in uris:
        if comment := store.comment("bluesky", uri):
            shown.append(as_post(store, comment))
            continue
        entry = store.find("bluesky", uri.rpartition("/")[2])
        if entry is None or uri != f"at://{account.user_id}/{COLLECTION}/{entry.id}":
            continue
        played = counts_of(store, entry)
        shown.append(
            {
                **reference(account, entry),
                "author": {"did": account.user_id, "handle": account.handle},
                "record": entry.record,
                "likeCount": played.reactions,
                "repostCount": played.shares,
                "quoteCount": played.quotes,
                "replyCount": played.replies,
            }
        )
    return {"posts": shown}
