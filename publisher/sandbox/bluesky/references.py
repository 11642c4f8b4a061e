"""References to posts of the simulated Bluesky: an address, and the id of the content."""

from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.bluesky.cids import record_cid
from publisher.sandbox.store import Store, StoredPost

COLLECTION = "app.bsky.feed.post"


def reference(account: SandboxAccount, entry: StoredPost) -> dict[str, str]:
    uri = f"at://{account.user_id}/{COLLECTION}/{entry.id}"
    return {"uri": uri, "cid": record_cid(entry.record or {})}


def own_post(store: Store, account: SandboxAccount, key: str) -> StoredPost | None:
    """The account's post with this key, if it is there."""
    entry = store.find("bluesky", key)
    return entry if entry and entry.account == account.name else None
