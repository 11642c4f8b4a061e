"""Read calls of the simulated X: one post, a user's posts, the authenticated user."""

import re
import unicodedata
from datetime import datetime
from typing import Any

from publisher.drafts import text_length
from publisher.platforms.twitter.stand_in import limits, problems, shown_text
from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.engagement import counts_of
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.profiles import profile_of
from publisher.sandbox.store import Store, StoredPost, iso, parse_instant

POST_ID = re.compile(r"[0-9]{1,19}")
_DEFAULT_PAGE = 10  # docs.x.com/x-api/users/get-posts
_TOKEN = re.compile(r"b([0-9]{1,19})")
_NO_PICTURE = "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png"
_ALWAYS = ("id", "text", "edit_history_post_ids", "edit_history_tweet_ids")
_FIELDS = frozenset(
    {
        *_ALWAYS, "note_post", "note_tweet", "attachments", "author_id", "conversation_id", "created_at",
        "display_text_range", "entities", "in_reply_to_user_id", "lang", "possibly_sensitive",
        "public_metrics", "referenced_posts", "referenced_tweets", "reply_settings",
    }
)  # fmt: skip
"""Of the post.fields of OpenAPI 2.167 those that a post has here, and the names that tweepy uses.
Others, such as private metrics, are refused like what X does not know."""


async def get(store: Store, call: Call, _account: SandboxAccount) -> tuple[int, object]:
    entry, fields = find_post(store, call.parts["id"]), fields_of(call)
    return 200, {"data": as_post(store, entry, fields)}


async def me(_store: Store, call: Call, account: SandboxAccount) -> tuple[int, object]:
    """The user; of the fields that a query may ask for besides, only the picture is there."""
    profile = profile_of(call, account)
    user = {"id": account.user_id, "name": profile.name, "username": profile.handle}
    if "profile_image_url" in listed(call, "user.fields"):
        user["profile_image_url"] = profile.picture or _NO_PICTURE
    if "subscription_type" in listed(call, "user.fields"):
        user["subscription_type"] = "Premium" if is_premium(call, account) else "None"
    return 200, {"data": user}


def is_premium(call: Call, account: SandboxAccount) -> bool:
    """Whether an account may post long texts."""
    if call.changed(XFault.NO_PREMIUM):
        return False
    return account.is_premium or bool(call.changed(XFault.PREMIUM))


async def timeline(store: Store, call: Call, _account: SandboxAccount) -> tuple[int, object]:
    user_id = call.parts["id"]
    if not POST_ID.fullmatch(user_id):
        raise problems.invalid("The `id` path parameter is no user id", "id", user_id)
    owner = next((account for account in store.accounts if account.user_id == user_id), None)
    if owner is None:
        raise problems.not_found("user", user_id)
    size, fields, start, before = size_of(call), fields_of(call), _start(call), before_of(call)
    rest = [
        entry
        for entry in store.timeline(owner.name, call.delay(What.LAG))
        if (start is None or entry.created_at >= start)
        and (before is None or int(entry.id) < before)
    ]
    page = rest[:size]
    meta: dict[str, Any] = {"result_count": len(page)}
    if not page:
        return 200, {"meta": meta}
    meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if len(rest) > size:
        meta["next_token"] = f"b{page[-1].id}"
    mentions = bool(call.changed(XFault.SELF_MENTION))
    if call.changed(XFault.SHORTENED):
        fields -= {"note_post", "note_tweet"}
    data = [as_post(store, entry, fields, mentions=mentions) for entry in page]
    return 200, {"data": data, "meta": meta}


def find_post(store: Store, post_id: str) -> StoredPost:
    """Find a post by its id. Raises a 400 or 404."""
    if not POST_ID.fullmatch(post_id):
        raise problems.invalid("The `id` path parameter is no post id", "id", post_id)
    entry = store.find("twitter", post_id)
    if entry is None:
        raise problems.not_found("post", post_id)
    return entry


def size_of(call: Call) -> int:
    text = call.query.get("max_results", str(_DEFAULT_PAGE))
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 5 <= int(text) <= 100:
        raise problems.invalid("`max_results` must be from 5 to 100", "max_results", text)
    return int(text)


def before_of(call: Call) -> int | None:
    """The id before which a page begins, from the sandbox's pagination token."""
    token = call.query.get("pagination_token")
    if token is None:
        return None
    found = _TOKEN.fullmatch(token)
    if not found:
        raise problems.invalid("`pagination_token` is not valid", "pagination_token", token)
    return int(found[1])


def _start(call: Call) -> datetime | None:
    text = call.query.get("start_time")
    try:
        return None if text is None else parse_instant(text)
    except ValueError:
        raise problems.invalid("`start_time` is no RFC 3339 instant", "start_time", text) from None


def listed(call: Call, name: str) -> list[str]:
    return [item for item in call.query.get(name, "").split(",") if item]


def fields_of(call: Call) -> set[str]:
    """The fields of each post: `post.fields` in OpenAPI 2.167, `tweet.fields` in tweepy."""
    wanted = listed(call, "post.fields") + listed(call, "tweet.fields")
    for name in wanted:
        if name not in _FIELDS:
            raise problems.invalid(f"[{name}] is no field of a post", "post.fields", name)
    expansions = {name.partition(".")[0] for name in listed(call, "expansions")}
    return {*_ALWAYS, *wanted, *(expansions & _FIELDS)}


def as_post(
    store: Store, entry: StoredPost, fields: set[str], *, mentions: bool = False
) -> dict[str, Any]:
    """A post's JSON: each field has the name by which it was requested."""
    text, entities = shown_text.rendered(entry)
    author = next(account for account in store.accounts if account.name == entry.account)
    begin = 0
    if mentions and entry.in_reply_to:
        text, entities, begin = shown_text.answering(author.handle, text, entities)
    # X puts the name of whoever is answered before the text.
    elif comment := store.comments.get(("twitter", entry.in_reply_to or "")):
        text, entities, begin = shown_text.answering(comment.author, text, entities)
    note = None
    if text_length.length(entry.text, "weighted") > limits.TEXT:
        whole, urls = shown_text.shown(unicodedata.normalize("NFC", entry.text))
        note = {"text": whole, "entities": {"urls": urls}}
        text = f"{whole[: limits.TEXT - 4]}…{text[len(whole) :]}"  # with the link of the pictures
    parent = [{"type": "replied_to", "id": entry.in_reply_to}] if entry.in_reply_to else None
    played = counts_of(store, entry)
    values: dict[str, Any] = {
        "id": entry.id,
        "text": text,
        "edit_history_post_ids": [entry.id],
        "edit_history_tweet_ids": [entry.id],
        "author_id": author.user_id,
        "conversation_id": entry.conversation,
        "created_at": iso(entry.created_at),
        "display_text_range": [begin, len(text)],
        "entities": entities or None,
        "in_reply_to_user_id": author.user_id if parent else None,
        "lang": entry.lang or "und",
        "possibly_sensitive": False,
        "public_metrics": {
            "repost_count": played.shares,
            "quote_count": played.quotes,
            "reply_count": played.replies,
            "like_count": played.reactions,
            "bookmark_count": 0,
            "impression_count": played.views,
        },
        "referenced_posts": parent,
        "referenced_tweets": parent,
        "reply_settings": "everyone",
        "note_post": note,
        "note_tweet": note,
        "attachments": {"media_keys": [upload.media_key for upload in entry.media]}
        if entry.media
        else None,
    }
    return {name: value for name, value in values.items() if name in fields and value is not None}
