"""Mentions of the simulated X: what readers planted for an account, and hiding of replies.

Sources: docs.x.com, user mention timeline; OpenAPI 2.167, hidePostsReply.
"""

import json
from typing import Any

from publisher.platforms.twitter.stand_in import problems, reading, shown_text
from publisher.sandbox.accounts import SandboxAccount, number
from publisher.sandbox.comments import StoredComment
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store, iso

_SHOWN = 800
"""X shows no more of them."""


async def timeline(store: Store, call: Call, account: SandboxAccount) -> tuple[int, object]:
    """The mentions of the token's own user, newest first."""
    if call.parts["id"] != account.user_id:
        raise problems.not_permitted()
    size, since = reading.size_of(call), call.query.get("since_id", "0")
    before = reading.before_of(call)
    until = call.query.get("until_id")
    if until is not None and until.isdecimal():
        before = int(until) if before is None else min(before, int(until))
    if not since.isdecimal():
        raise problems.invalid("`since_id` is no post id", "since_id", since)
    newest = store.comments_for(account.name)[::-1][:_SHOWN]
    rest = [
        one
        for one in newest
        if int(one.id) > int(since) and (before is None or int(one.id) < before)
    ]
    page = rest[:size]
    meta: dict[str, Any] = {"result_count": len(page)}
    if not page:
        return 200, {"meta": meta}
    meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if len(rest) > size:
        meta["next_token"] = f"b{page[-1].id}"
    users = {_user_id(one.author): one.author for one in page}
    return 200, {
        "data": [as_post(one) for one in page],
        "includes": {"users": [{"id": k, "username": n, "name": n} for k, n in users.items()]},
        "meta": meta,
    }


async def hide(store: Store, call: Call, account: SandboxAccount) -> tuple[int, object]:
    """Hide a reply to one of the account's posts."""
    comment = store.comment("twitter", call.parts["id"])
    if comment is None:
        raise problems.not_found("post", call.parts["id"])
    try:
        wished = json.loads(call.body)["hidden"]
    except (ValueError, KeyError, TypeError):
        raise problems.invalid("`hidden` must be a boolean", "hidden") from None
    if comment.account != account.name or not comment.under:
        raise problems.not_permitted()
    if not call.changed(What.IGNORED):
        comment.is_hidden = wished is True
    return 200, {"data": {"hidden": comment.is_hidden}}


def as_post(comment: StoredComment) -> dict[str, Any]:
    """A reader's post as X shows it."""
    return {
        "id": comment.id,
        "text": shown_text.shown(comment.text)[0],
        "author_id": _user_id(comment.author),
        "conversation_id": comment.under or comment.id,
        "created_at": iso(comment.written_at),
        "edit_history_tweet_ids": [comment.id],
    }


def _user_id(author: str) -> str:
    return number(f"reader {author}")
