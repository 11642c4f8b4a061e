"""Read calls of the simulated X: one post, a user's posts, the authenticated user."""

import re
from datetime import datetime
from typing import Any

from publisher.sandbox import problems, x_text
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.store import Store, StoredMedia, StoredPost, iso, parse_instant

_ID = re.compile(r"[0-9]{1,19}")
_DEFAULT_PAGE = 10  # docs.x.com/x-api/users/get-posts
_TOKEN = re.compile(r"b([0-9]{1,19})")
_ALWAYS = ("id", "text", "edit_history_post_ids", "edit_history_tweet_ids")
_FIELDS = frozenset(
    {
        "article",
        "article_title",
        "attachments",
        "author_id",
        "card_uri",
        "community_id",
        "context_annotations",
        "conversation_id",
        "created_at",
        "display_text_range",
        "edit_controls",
        "edit_history_post_ids",
        "edit_history_tweet_ids",
        "entities",
        "geo",
        "id",
        "in_reply_to_user_id",
        "lang",
        "matched_media_notes",
        "media_metadata",
        "non_public_metrics",
        "note_post",
        "note_request_suggestions",
        "note_tweet",
        "organic_metrics",
        "paid_partnership",
        "possibly_sensitive",
        "promoted_metrics",
        "public_metrics",
        "referenced_posts",
        "referenced_tweets",
        "reply_settings",
        "scopes",
        "source",
        "suggested_source_links",
        "suggested_source_links_with_counts",
        "text",
        "withheld",
    }
)
"""The post.fields of OpenAPI 2.167, and the names that tweepy and older descriptions use."""


async def get(store: Store, call: Call, _account: SandboxAccount) -> tuple[int, object]:
    entry, fields = find_post(store, call.parts["id"]), _fields(call)
    return 200, {"data": _as_post(store, entry, fields), **_includes(store, [entry], call)}


async def me(_store: Store, call: Call, account: SandboxAccount) -> tuple[int, object]:
    user = _as_user(account)
    wanted = {"id", "name", "username", *_listed(call, "user.fields")}
    return 200, {"data": {name: value for name, value in user.items() if name in wanted}}


async def timeline(store: Store, call: Call, _account: SandboxAccount) -> tuple[int, object]:
    user_id = call.parts["id"]
    if not _ID.fullmatch(user_id):
        raise problems.invalid("The `id` path parameter is no user id", "id", user_id)
    owner = next((account for account in store.accounts if account.user_id == user_id), None)
    if owner is None:
        raise problems.not_found("user", user_id)
    size, fields, start, before = _size(call), _fields(call), _start(call), _before(call)
    rest = [
        entry
        for entry in store.timeline(owner.name, call.lag)
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
    data = [_as_post(store, entry, fields, mentions=call.mentions) for entry in page]
    return 200, {"data": data, "meta": meta, **_includes(store, page, call)}


def find_post(store: Store, post_id: str) -> StoredPost:
    """Find a post by its id. Raises a 400 or 404."""
    if not _ID.fullmatch(post_id):
        raise problems.invalid("The `id` path parameter is no post id", "id", post_id)
    entry = store.find("twitter", post_id)
    if entry is None:
        raise problems.not_found("post", post_id)
    return entry


def _size(call: Call) -> int:
    text = call.query.get("max_results", str(_DEFAULT_PAGE))
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 5 <= int(text) <= 100:
        raise problems.invalid("`max_results` must be from 5 to 100", "max_results", text)
    return int(text)


def _before(call: Call) -> int | None:
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


def _listed(call: Call, name: str) -> list[str]:
    return [item for item in call.query.get(name, "").split(",") if item]


def _fields(call: Call) -> set[str]:
    """The fields of each post: `post.fields` in OpenAPI 2.167, `tweet.fields` in tweepy."""
    wanted = _listed(call, "post.fields") + _listed(call, "tweet.fields")
    for name in wanted:
        if name not in _FIELDS:
            raise problems.invalid(f"[{name}] is no field of a post", "post.fields", name)
    expansions = {name.partition(".")[0] for name in _listed(call, "expansions")}
    return {*_ALWAYS, *wanted, *(expansions & _FIELDS)}


def _as_post(
    store: Store, entry: StoredPost, fields: set[str], *, mentions: bool = False
) -> dict[str, object]:
    """A post's JSON: each field has the name by which it was requested."""
    text, entities = x_text.rendered(entry)
    author = next(account for account in store.accounts if account.name == entry.account)
    begin = 0
    if mentions and entry.in_reply_to:
        text, entities, begin = x_text.answering(author.handle, text, entities)
    parent = [{"type": "replied_to", "id": entry.in_reply_to}] if entry.in_reply_to else None
    values: dict[str, object] = {
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
        "public_metrics": _metrics(store, entry) if "public_metrics" in fields else None,
        "referenced_posts": parent,
        "referenced_tweets": parent,
        "reply_settings": "everyone",
        "attachments": {"media_keys": [upload.media_key for upload in entry.media]}
        if entry.media
        else None,
    }
    return {name: value for name, value in values.items() if name in fields and value is not None}


def _metrics(store: Store, entry: StoredPost) -> dict[str, int]:
    nothing = ("repost", "retweet", "like", "quote", "bookmark", "impression")
    return {"reply_count": store.replies_to(entry), **{f"{name}_count": 0 for name in nothing}}


def _as_user(account: SandboxAccount) -> dict[str, object]:
    return {
        "id": account.user_id,
        "name": account.title,
        "username": account.handle,
        "created_at": "2011-01-01T00:00:00.000Z",
        "description": "An account of Publisher's sandbox.",
        "protected": False,
        "verified": False,
        "verified_type": "none",
    }


def _includes(store: Store, entries: list[StoredPost], call: Call) -> dict[str, object]:
    expansions = _listed(call, "expansions")
    includes: dict[str, object] = {}
    if "attachments.media_keys" in expansions:
        wanted = {"media_key", "type", *_listed(call, "media.fields")}
        media = [_as_media(upload, wanted) for entry in entries for upload in entry.media]
        if media:
            includes["media"] = media
    if "author_id" in expansions:
        names = {entry.account for entry in entries}
        users = [_as_user(account) for account in store.accounts if account.name in names]
        includes["users"] = [
            {key: user[key] for key in ("id", "name", "username")} for user in users
        ]
    return {"includes": includes} if includes else {}


def _as_media(upload: StoredMedia, wanted: set[str]) -> dict[str, object]:
    values: dict[str, object] = {
        "media_key": upload.media_key,
        "type": {"image": "photo", "gif": "animated_gif", "video": "video"}[upload.category],
        "alt_text": upload.alt,
        "width": upload.width,
        "height": upload.height,
        "url": f"https://pbs.twimg.com/media/{upload.sha256}",
    }
    return {name: value for name, value in values.items() if name in wanted and value is not None}
