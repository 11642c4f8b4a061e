"""Posts of the simulated WordPress: create, list, read, change, publish, delete."""

import html
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from publisher.platforms.wordpress.stand_in.blocks import Body, NotBlocks, read
from publisher.platforms.wordpress.stand_in.refusals import (
    RestError,
    WordPressFault,
    invalid,
    missing,
)
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store, StoredPost

CHANNEL = "wordpress"
_STATUSES = frozenset({"draft", "publish", "pending", "private"})
SIDES = ("en", "fr", "es", "pl")
"""The languages of a site, which has Polylang Pro (polylang.pro/doc/rest-api). The first one is the
site's own, which posts without a known language get.
"""


@dataclass(slots=True)
class StoredArticle(StoredPost):
    """A post of a site."""

    title: str = ""
    slug: str = ""
    status: str = "draft"
    featured: str = ""
    """The id of its featured picture."""
    side: str = ""
    """The side of the site that it stands on: the code of a language."""
    tags: tuple[int, ...] = ()
    saved_at: datetime | None = None
    raw: str = ""
    """Its blocks."""
    before: tuple[str, str] = ("", "")
    """Its title and blocks before the last change of them."""


async def create(store: Store, call: Call, account: SandboxAccount) -> Any:
    wish = _wish(call)
    if not wish.get("title") and not wish.get("content"):
        raise RestError(400, "empty_content", "Content, title, and excerpt are empty.")
    entry = StoredArticle(
        channel=CHANNEL,
        account=account.name,
        id=store.new_id(),
        text="",
        created_at=store.clock.now(),
        received_at=call.received_at,
        lang=account.language,
        published=False,
        side=_side_of_new(call),
    )
    _change(store, entry, account, {"status": "draft", **wish})
    store.add(entry)
    return _shown(entry, account)


async def update(store: Store, call: Call, account: SandboxAccount) -> Any:
    entry = _own(store, call, account)
    if not call.changed(What.IGNORED):
        _change(store, entry, account, _wish(call))
    return _shown(entry, account)


async def get(store: Store, call: Call, account: SandboxAccount) -> Any:
    return _shown(_own(store, call, account), account, call.delay(What.EDIT_LATE))


async def listed(store: Store, call: Call, account: SandboxAccount) -> Any:
    """List posts by their slugs, newest first; of any status, except those in the trash."""
    if "include" in call.query:
        return _included(store, call, account)
    slugs = [slug for slug in call.query.get("slug", "").split(",") if slug]
    if call.query.get("status") != "any" or not slugs:
        raise invalid("status", "The sandbox lists by slug, with the status any.")
    delay = call.delay(What.LAG)
    shown = store.timeline(account.name, delay, with_unpublished=True)
    return [
        _shown(entry, account)
        for entry in shown
        if isinstance(entry, StoredArticle) and entry.slug in slugs and entry.status != "trash"
    ]


def _included(store: Store, call: Call, account: SandboxAccount) -> Any:
    """Those of some posts that are public, which is what WordPress lists."""
    found = [article(store, account, one) for one in call.query["include"].split(",")]
    return [_shown(entry, account) for entry in found if entry and entry.status == "publish"]


async def delete(store: Store, call: Call, account: SandboxAccount) -> Any:
    entry = _own(store, call, account)
    if call.query.get("force") != "true":
        entry.status, entry.published = "trash", False
        return _shown(entry, account)
    if not call.changed(What.IGNORED):
        entry.deleted = True
        for picture in store.uploads.values():
            if picture.used_by == entry.id:
                # From now on it is in the public list of pictures.
                picture.used_by = None
                if not entry.published:
                    store.note("picture-listed-early", account.name, f"media {picture.id}")
    return {"deleted": True, "previous": _shown(entry, account)}


def _side_of_new(call: Call) -> str:
    """The side of the site on which a new post stands."""
    wanted = call.query.get("lang", "")
    return (
        SIDES[0] if wanted not in SIDES or call.changed(WordPressFault.OTHER_LANGUAGE) else wanted
    )


def article(store: Store, account: SandboxAccount, post_id: str) -> StoredArticle | None:
    """A post of the account's own site."""
    entry = store.find(CHANNEL, post_id)
    is_own = isinstance(entry, StoredArticle) and entry.account == account.name
    return entry if is_own and isinstance(entry, StoredArticle) else None


def _own(store: Store, call: Call, account: SandboxAccount) -> StoredArticle:
    if not call.parts["id"].isdecimal():
        message = "No route was found matching the URL and request method."
        raise RestError(404, "rest_no_route", message)
    entry = article(store, account, call.parts["id"])
    if entry is None:
        raise missing()
    return entry


def _wish(call: Call) -> dict[str, Any]:
    try:
        wish = json.loads(call.body)
    except ValueError:
        wish = None
    if call.content_type != "application/json" or not isinstance(wish, dict):
        raise RestError(400, "rest_invalid_json", "Invalid JSON body passed.")
    return wish


def _change(
    store: Store, entry: StoredArticle, account: SandboxAccount, wish: dict[str, Any]
) -> None:
    if wish.get("status", "draft") not in _STATUSES or "date" in wish:
        raise invalid("status", "Not a status that the sandbox has; and it schedules nothing.")
    if "slug" in wish:
        entry.slug = _free_slug(store, account, entry, str(wish["slug"]))
    if "content" in wish:
        entry.before = entry.title, entry.raw
    entry.title = html.unescape(str(wish.get("title", entry.title)))
    if "content" in wish:
        _write(store, entry, account, wish)
    if "tags" in wish:
        entry.tags = tuple(int(one) for one in wish["tags"])
    entry.saved_at = store.clock.now()
    entry.status = str(wish.get("status", entry.status))
    if entry.status == "publish" and not entry.published:
        entry.publish(store.clock.now())
    elif entry.status != "publish":
        entry.published = False


def _write(
    store: Store, entry: StoredArticle, account: SandboxAccount, wish: dict[str, Any]
) -> None:
    """Give a post its blocks, and what they show."""
    body = _body(str(wish["content"]))
    if "featured_media" in wish:
        entry.featured = _featured(store, account, wish)
    entry.raw = str(wish["content"])
    if entry.published:
        store.edit(entry, body.text)
    elif entry in store.entries:
        store.change_text(entry, body.text)
    else:
        entry.text = body.text
    entry.link = body.link
    ids = [entry.featured] if entry.featured else []
    entry.media = [_attached(store, account, one) for one in (*ids, *body.pictures)]
    for upload in entry.media:
        upload.title = body.file_title if upload.category == "document" else ""


def _body(content: str) -> Body:
    try:
        return read(content)
    except NotBlocks as reason:
        raise invalid("content", str(reason)) from None


def _free_slug(store: Store, account: SandboxAccount, entry: StoredArticle, wish: str) -> str:
    """The slug, with a number if another post of the site has it."""
    taken = {
        other.slug
        for other in store.entries
        if isinstance(other, StoredArticle)
        and other.account == account.name
        and other is not entry
        and not other.deleted
    }
    slug, number = wish, 2
    while slug in taken:
        slug, number = f"{wish}-{number}", number + 1
    return slug


def _featured(store: Store, account: SandboxAccount, wish: dict[str, Any]) -> str:
    featured = str(wish.get("featured_media") or "")
    if featured and featured not in store.uploads:
        raise RestError(400, "rest_invalid_featured_media", "Invalid featured media ID.")
    if featured:
        _attached(store, account, featured)
    return featured


def _attached(store: Store, account: SandboxAccount, media_id: str) -> Any:
    picture = store.uploads.get(media_id)
    if picture is None or picture.account != account.name:
        raise invalid("content", f"There is no picture {media_id} on this site.")
    return picture


def _shown(entry: StoredArticle, account: SandboxAccount, behind: float = 0.0) -> dict[str, Any]:
    """A post; `behind`: real seconds for which it is seen without its last edit."""
    is_seen = entry.text_seen(behind) == entry.text
    title, raw = (entry.title, entry.raw) if is_seen else entry.before
    dated = entry.published_at or entry.saved_at or entry.created_at
    link = f"/archives/{entry.id}" if entry.published else f"/?p={entry.id}"
    return {
        "id": int(entry.id),
        "status": entry.status,
        "slug": entry.slug,
        "link": f"{account.credentials['server']}{link}",
        "date_gmt": dated.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "title": {
            "raw": html.escape(title, quote=False),
            "rendered": html.escape(title, quote=False),
        },
        "content": {"raw": raw},
        "featured_media": int(entry.featured or 0),
        "lang": entry.side,
    }
