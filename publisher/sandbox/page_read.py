"""Reading at Facebook: a Page, its posts, one post, one photo."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from publisher.sandbox import graph, limits
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.graph import GraphError
from publisher.sandbox.operations import Call
from publisher.sandbox.page_posts import own_page
from publisher.sandbox.store import Entry, Store, Upload

_DEFAULT_PAGE = 25  # developers.facebook.com/docs/graph-api/results
_POST = ("created_time", "message", "id")
_ADDRESS = "https://www.facebook.com"


async def posts(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """`/feed` and `/published_posts`: what is public, newest first."""
    own_page(call.parts["page"], account, "get")
    size = graph.number(call, "limit")
    if size is not None and not 1 <= size <= limits.PAGE_READ_LIMIT:
        raise GraphError(100, "(#100) Param limit must be from 1 to 100")
    size, wanted = size or _DEFAULT_PAGE, graph.fields(call, _POST)
    since, until = _instant(call, "since"), _instant(call, "until")
    shown = [
        entry
        for entry in store.timeline(account.name, call.lag)
        if (since is None or _public_at(entry) >= since)
        and (until is None or _public_at(entry) < until)
    ]
    start = _start(call, shown, size)
    page = shown[start : start + size]
    body: dict[str, Any] = {"data": [_as_post(entry, account, wanted) for entry in page]}
    if page:
        paging: dict[str, Any] = {"cursors": {"before": page[0].id, "after": page[-1].id}}
        if start + size < len(shown):
            paging["next"] = _next(call, page[-1].id)
        body["paging"] = paging
    return body


async def get(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """A Page, a post or a photo, by its id."""
    wanted = call.parts["id"]
    if wanted in (account.page_id, "me"):
        return _as_page(account, graph.fields(call, ("name", "id")))
    entry = store.find("facebook", wanted)
    if entry and entry.account == account.name:
        return _as_post(entry, account, graph.fields(call, _POST))
    photo = store.uploads.get(wanted)
    if photo and photo.account == account.name:
        return _as_photo(photo, graph.fields(call, ("created_time", "id")))
    raise graph.no_object(wanted)


def _public_at(entry: Entry) -> datetime:
    return entry.published_at or entry.created_at


def _instant(call: Call, name: str) -> datetime | None:
    """`since` and `until`: seconds since 1970, or an ISO date."""
    text = graph.parameter(call, name)
    if text is None:
        return None
    try:
        if re.fullmatch(r"[0-9]+", text):
            return datetime.fromtimestamp(int(text), UTC)
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise GraphError(100, f"(#100) Param {name} is no date") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _start(call: Call, shown: list[Entry], size: int) -> int:
    ids = [entry.id for entry in shown]
    after, before = call.query.get("after"), call.query.get("before")
    if after is not None:
        return ids.index(after) + 1 if after in ids else len(ids)
    if before is not None:
        return max(0, ids.index(before) - size) if before in ids else 0
    return 0


def _next(call: Call, after: str) -> str:
    query = {**dict(call.query.multi_items()), "after": after}
    version = call.headers["facebook-api-version"]
    bare = call.operation.path.format(page=call.parts["page"])
    return f"https://graph.facebook.com/{version}{bare}?{urlencode(query)}"


def _select(values: dict[str, Any], wanted: list[str], kind: str) -> dict[str, Any]:
    for name in wanted:
        if name not in values:
            raise GraphError(
                100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({kind})"
            )
    return {name: values[name] for name in wanted if values[name] is not None}


def _as_page(account: SandboxAccount, wanted: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": account.page_id,
        "name": account.title,
        "username": account.handle,
        "link": f"{_ADDRESS}/{account.handle}",
        "about": "A Page of Publisher's sandbox.",
        "category": "Non-Governmental Organization (NGO)",
        "can_post": True,
        "fan_count": 0,
        "followers_count": 0,
        "is_published": True,
        "access_token": account.credentials["page_token"],
    }
    return _select(values, wanted, "Page")


def _as_post(entry: Entry, account: SandboxAccount, wanted: list[str]) -> dict[str, Any]:
    scheduled = None if entry.published else entry.scheduled_for
    values: dict[str, Any] = {
        "id": entry.id,
        "message": entry.text or None,
        # Of a post that was created unpublished, the time at which it became public.
        "created_time": _facebook_time(_public_at(entry)),
        "updated_time": _facebook_time(_public_at(entry)),
        "is_published": entry.published,
        "is_hidden": False,
        "is_expired": False,
        "from": {"name": account.title, "id": account.page_id},
        "permalink_url": f"{_ADDRESS}/{entry.id.replace('_', '/posts/')}",
        "status_type": "added_photos" if entry.media else "mobile_status_update",
        "scheduled_publish_time": scheduled.timestamp() if scheduled else None,
        "full_picture": _source(entry.media[0]) if entry.media else None,
        "picture": _source(entry.media[0]) if entry.media else None,
        "attachments": _attachments(entry),
    }
    return _select(values, wanted, "PagePost")


def _attachments(entry: Entry) -> dict[str, Any] | None:
    photos = [_attachment(photo) for photo in entry.media]
    if len(photos) > 1:
        album = {"type": "album", "title": "Photos", "subattachments": {"data": photos}}
        return {"data": [{**photos[0], **album}]}
    if photos:
        return {"data": photos}
    if entry.link:
        return {"data": [{"type": "share", "url": entry.link, "unshimmed_url": entry.link}]}
    return None


def _attachment(photo: Upload) -> dict[str, Any]:
    image = {"src": _source(photo), "width": photo.width, "height": photo.height}
    address = f"{_ADDRESS}/photo/?fbid={photo.id}"
    return {
        "type": "photo",
        "description": photo.alt or "",
        "media": {"image": image},
        "target": {"id": photo.id, "url": address},
        "url": address,
    }


def _as_photo(photo: Upload, wanted: list[str]) -> dict[str, Any]:
    image = {"source": _source(photo), "width": photo.width, "height": photo.height}
    values: dict[str, Any] = {
        "id": photo.id,
        "created_time": _facebook_time(photo.created_at),
        "updated_time": _facebook_time(photo.created_at),
        "alt_text": photo.alt,
        "alt_text_custom": photo.alt,
        "width": photo.width,
        "height": photo.height,
        "images": [image],
        "link": f"{_ADDRESS}/photo/?fbid={photo.id}",
        "picture": _source(photo),
        "page_story_id": photo.used_by,
    }
    return _select(values, wanted, "Photo")


def _source(photo: Upload) -> str:
    return f"https://scontent.xx.fbcdn.net/{photo.sha256}"


def _facebook_time(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
