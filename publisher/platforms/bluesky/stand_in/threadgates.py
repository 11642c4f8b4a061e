"""Threadgates of the simulated Bluesky: which replies are hidden in a thread.

Sources: lexicons app.bsky.feed.threadgate, com.atproto.repo.createRecord and putRecord; the
reference server, which answers with status 500 when a record to be created exists.
"""

from typing import Any

from publisher.platforms.bluesky.stand_in.cids import COLLECTION, record_cid
from publisher.platforms.bluesky.stand_in.errors import XrpcError, internal, invalid
from publisher.platforms.bluesky.stand_in.repos import json_of, own
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store

THREADGATE = "app.bsky.feed.threadgate"
_MOST = 300


async def create(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """Create a threadgate where there is none."""
    _all, key, record = _wish(store, call, account)
    if (account.name, f"{THREADGATE}/{key}") in store.records:
        raise internal()
    return _kept(store, call, account, key, record)


async def put(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """Create or replace a threadgate; over which one, `swapRecord` may say."""
    wish, key, record = _wish(store, call, account)
    before = store.records.get((account.name, f"{THREADGATE}/{key}"))
    known = record_cid(before) if before else None
    if "swapRecord" in wish and wish["swapRecord"] != known:
        raise XrpcError(400, "InvalidSwap", f"Record was at {known}")
    if "swapRecord" not in wish and before:
        store.note("record-overwritten", account.name, f"threadgate {key}")
    return _kept(store, call, account, key, record)


def _wish(
    store: Store, call: Call, account: SandboxAccount
) -> tuple[dict[str, Any], str, dict[str, Any]]:
    wish = json_of(call)
    own(wish.get("repo"), account)
    key, record = str(wish.get("rkey", "")), wish.get("record")
    if wish.get("collection") != THREADGATE or not isinstance(record, dict):
        raise invalid("The sandbox takes threadgates: nobody sends anything else")
    hidden = record.get("hiddenReplies", [])
    is_valid = record.get("$type") == THREADGATE and isinstance(record.get("createdAt"), str)
    if not is_valid or not isinstance(hidden, list) or len(hidden) > _MOST:
        raise invalid(f"Invalid {THREADGATE} record")
    if record.get("post") != f"at://{account.user_id}/{COLLECTION}/{key}":
        store.note("threadgate-elsewhere", account.name, f"{key} is of {record.get('post')}")
    return wish, key, record


def _kept(
    store: Store, call: Call, account: SandboxAccount, key: str, record: dict[str, Any]
) -> dict[str, Any]:
    if not call.changed(What.IGNORED):
        store.records[account.name, f"{THREADGATE}/{key}"] = record
        for comment in store.comments_for(account.name):
            if _root_key(store, comment.under) == key:
                comment.is_hidden = comment.id in record.get("hiddenReplies", [])
    place = f"at://{account.user_id}/{THREADGATE}/{key}"
    return {"uri": place, "cid": record_cid(record), "validationStatus": "valid"}


def _root_key(store: Store, key: str) -> str:
    entry = store.find("bluesky", key)
    return entry.conversation if entry else key
