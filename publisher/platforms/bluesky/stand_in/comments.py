"""Notifications of the simulated Bluesky: what readers planted for an account.

Source: lexicons app.bsky.notification.listNotifications and app.bsky.feed.getPostThread.
"""

from itertools import islice
from typing import Any

from publisher.platforms.bluesky.stand_in.cids import COLLECTION, record_cid, reference
from publisher.platforms.bluesky.stand_in.errors import XrpcError, invalid
from publisher.sandbox.accounts import SandboxAccount, digest
from publisher.sandbox.comments import StoredComment
from publisher.sandbox.endpoints import Call
from publisher.sandbox.store import Store, iso

_PAGE, _LONGEST_PAGE = 50, 100
_IN_A_DID = str.maketrans("0189", "abcd")  # base 32 has no 0, 1, 8 and 9
_SIGNS = "234567abcdefghijklmnopqrstuvwxyz"


def did(seed: str) -> str:
    """An account's permanent id."""
    return f"did:plc:{digest(seed)[:24].translate(_IN_A_DID)}"


def uri(_post_id: str, author: str, number: str) -> str:
    """The address of a reader's post."""
    key = "".join(_SIGNS[int(number) >> 5 * place & 31] for place in reversed(range(13)))
    return f"at://{did(f'reader {author}')}/{COLLECTION}/{key}"


async def notifications(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """What others wrote to the account, the newest first."""
    limit = call.query.get("limit", str(_PAGE))
    size = int(limit) if limit.isdecimal() else 0
    if not 1 <= size <= _LONGEST_PAGE:
        raise invalid(f"limit must be from 1 to {_LONGEST_PAGE}")
    wished, before = call.query.getlist("reasons"), _place(call.query.get("cursor"))
    found = sorted(store.comments_for(account.name), key=_order, reverse=True)
    rest = (
        one
        for one in found
        if (before is None or _order(one) < before) and (not wished or _reason(one) in wished)
    )
    page = list(islice(rest, size))
    told = {"notifications": [_notification(store, one) for one in page]}
    more = {"cursor": "::".join(map(str, _order(page[-1])))} if page else {}
    return {**told, **more, "seenAt": iso(store.clock.now())}


async def thread(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """A reader's post alone."""
    del account
    wished = call.query.get("uri", "")
    comment = store.comment("bluesky", wished)
    if comment is None:
        raise XrpcError(400, "NotFound", f"Post not found: {wished}")
    kind = "app.bsky.feed.defs#threadViewPost"
    return {"thread": {"$type": kind, "post": as_post(store, comment), "replies": []}}


def as_post(store: Store, comment: StoredComment) -> dict[str, Any]:
    """A reader's post as the app view shows it."""
    record = _record(store, comment)
    viewer = {"viewer": {"replyDisabled": True}} if comment.is_closed else {}
    return {
        **viewer,
        "uri": comment.id,
        "cid": record_cid(record),
        "author": _author(comment),
        "record": record,
        "indexedAt": iso(comment.written_at),
    }


def _notification(store: Store, comment: StoredComment) -> dict[str, Any]:
    subject = {"reasonSubject": _ours(store, comment)["uri"]} if comment.under else {}
    return {**as_post(store, comment), "reason": _reason(comment), "isRead": False, **subject}


def _reason(comment: StoredComment) -> str:
    if not comment.under:
        return "mention"
    return "quote" if comment.is_quote else "reply"


def _record(store: Store, comment: StoredComment) -> dict[str, Any]:
    record = {"$type": COLLECTION, "text": comment.text, "createdAt": iso(comment.written_at)}
    if not comment.under:
        return record
    ours = _ours(store, comment)
    if comment.is_quote:
        return {**record, "embed": {"$type": "app.bsky.embed.record", "record": ours}}
    return {**record, "reply": {"root": _root(store, comment), "parent": ours}}


def _ours(store: Store, comment: StoredComment) -> dict[str, str]:
    """The reference of the post that a comment is under."""
    return _reference(store, comment, comment.under)


def _root(store: Store, comment: StoredComment) -> dict[str, str]:
    entry = store.find("bluesky", comment.under)
    return _reference(store, comment, entry.conversation if entry else comment.under)


def _reference(store: Store, comment: StoredComment, key: str) -> dict[str, str]:
    account = next(one for one in store.accounts if one.name == comment.account)
    entry = store.find("bluesky", key)
    if entry is None:  # deleted since
        return {"uri": f"at://{account.user_id}/{COLLECTION}/{key}", "cid": record_cid({})}
    return reference(account, entry)


def _author(comment: StoredComment) -> dict[str, str]:
    name = comment.author
    return {"did": did(f"reader {name}"), "handle": f"{name}.bsky.social", "displayName": name}


def _order(comment: StoredComment) -> tuple[float, str]:
    """By date, and among those of one instant by address."""
    return comment.written_at.timestamp(), comment.id.rpartition("/")[2]


def _place(cursor: str | None) -> tuple[float, str] | None:
    """Where a page begins."""
    if cursor is None:
        return None
    date, _colons, key = cursor.partition("::")
    try:
        return float(date), key
    except ValueError:
        raise invalid("Malformed cursor") from None
