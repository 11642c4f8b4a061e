"""Comments of the simulated WordPress: those of readers, and which post each counted one is on.

Source: WordPress' own code (`class-wp-rest-comments-controller.php`, 6.8).
"""

import html
import json
from datetime import UTC, datetime
from typing import Any

from publisher.platforms.wordpress.stand_in.articles import CHANNEL, article
from publisher.platforms.wordpress.stand_in.refusals import RestError, WordPressFault, invalid
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.comments import StoredComment
from publisher.sandbox.endpoints import Call
from publisher.sandbox.engagement import counts_of
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store

_LONGEST_PAGE = 100


async def listed(store: Store, call: Call, account: SandboxAccount) -> Any:
    """A page of the comments on some posts, the oldest first.

    Of the approved ones that are counted, only their posts; with a `status`, those of readers.
    """
    if call.changed(WordPressFault.COMMENTS_OFF):
        message = "No route was found matching the URL and request method."
        raise RestError(404, "rest_no_route", message)
    if call.query.get("status") == "all":
        return _of_readers(store, call, account)
    if call.changed(What.COUNTS_REFUSED):
        raise RestError(401, "rest_cannot_read", "Sorry, you are not allowed to read comments.")
    asked = _numbers(call, "post")
    found = [entry for one in asked if (entry := article(store, account, one)) and entry.published]
    comments = [entry for entry in found for _ in range(counts_of(store, entry).replies)]
    size, page = int(call.query.get("per_page", "10")), int(call.query.get("page", "1"))
    _total(call, len(comments), size)
    start = (page - 1) * size
    return [
        {"id": number, "post": int(entry.id), "author_name": "A reader"}
        for number, entry in enumerate(comments[start : start + size], start + 1)
    ]


def _of_readers(store: Store, call: Call, account: SandboxAccount) -> Any:
    """Those that are public or wait for approval."""
    posts, ids, since = _numbers(call, "post"), _numbers(call, "include"), _since(call)
    comments = sorted(
        (
            one
            for one in store.comments_for(account.name)
            if (one.id in ids or one.under in posts)
            and (since is None or one.written_at.replace(microsecond=0) > since)
        ),
        key=lambda one: (one.written_at, int(one.id)),
    )
    size, skip = int(call.query.get("per_page", "10")), int(call.query.get("offset", "0"))
    if not 1 <= size <= _LONGEST_PAGE:
        raise invalid("per_page", f"per_page must be between 1 and {_LONGEST_PAGE} (inclusive)")
    _total(call, len(comments), size)
    return [_shown(one, account) for one in comments[skip : skip + size]]


async def get(store: Store, call: Call, account: SandboxAccount) -> Any:
    return _shown(_own(store, call, account), account)


async def update(store: Store, call: Call, account: SandboxAccount) -> Any:
    """Hold a comment back, or approve it. What it is already cannot be wished."""
    comment = _own(store, call, account)
    try:
        wished = json.loads(call.body)["status"]
    except (ValueError, KeyError, TypeError):
        raise invalid("status", "The sandbox changes the status alone.") from None
    if wished not in ("hold", "approve"):
        raise invalid("status", "The sandbox holds back and approves.")
    if comment.is_deleted:
        store.note("comment-restored", account.name, f"{comment.id} was in the trash")
        comment.is_deleted = False
    elif comment.is_hidden == (wished == "hold"):
        raise RestError(500, "rest_comment_failed_edit", "Updating comment status failed.")
    if not call.changed(What.IGNORED):
        comment.is_hidden = wished == "hold"
    return _shown(comment, account)


async def delete(store: Store, call: Call, account: SandboxAccount) -> Any:
    """Put a comment into the trash; with `force`, delete it for good."""
    comment = _own(store, call, account)
    if call.query.get("force") == "true":
        del store.comments[CHANNEL, comment.id]
        return {"deleted": True, "previous": _shown(comment, account)}
    if call.changed(WordPressFault.TRASH_OFF):
        message = "The comment does not support trashing. Set 'force=true' to delete."
        raise RestError(501, "rest_trash_not_supported", message)
    if comment.is_deleted:
        raise RestError(410, "rest_already_trashed", "The comment has already been trashed.")
    comment.is_deleted = not call.changed(What.IGNORED)
    return _shown(comment, account)


def _own(store: Store, call: Call, account: SandboxAccount) -> StoredComment:
    """A comment on one of the account's own posts, also one in the trash."""
    found = store.comments.get((CHANNEL, call.parts["id"]))
    if found is None or found.account != account.name:
        raise RestError(404, "rest_comment_invalid_id", "Invalid comment ID.")
    return found


def _shown(comment: StoredComment, account: SandboxAccount) -> dict[str, Any]:
    words = html.escape(comment.text, quote=False).replace("\n", "<br />\n")
    site = account.credentials["server"]
    status = "hold" if comment.is_hidden else "approved"
    return {
        "id": int(comment.id),
        "post": int(comment.under or 0),
        "author": 0,
        "author_name": comment.author,
        "date_gmt": comment.written_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "content": {"rendered": f"<p>{words}</p>\n"},
        "link": f"{site}/?p={comment.under}#comment-{comment.id}",
        "status": "trash" if comment.is_deleted else status,
    }


def _numbers(call: Call, name: str) -> list[str]:
    return [one for one in call.query.get(name, "").split(",") if one.isdecimal()]


def _since(call: Call) -> datetime | None:
    told = call.query.get("after")
    try:
        return datetime.fromisoformat(told) if told else None
    except ValueError:
        raise invalid("after", "Invalid date.") from None


def _total(call: Call, number: int, size: int) -> None:
    call.headers |= {"x-wp-total": str(number), "x-wp-totalpages": str(-(-number // size))}
