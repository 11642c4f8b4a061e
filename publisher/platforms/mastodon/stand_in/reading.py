"""Read calls of the simulated Mastodon: accounts, statuses, the app and the server."""

import re
from typing import Any

from publisher.platforms.mastodon.stand_in import limits
from publisher.platforms.mastodon.stand_in.entities import as_mention, as_status, domain_of
from publisher.platforms.mastodon.stand_in.errors import not_found
from publisher.platforms.mastodon.stand_in.refusals import MastodonFault
from publisher.platforms.mastodon.stand_in.statuses import own
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.profiles import profile_of
from publisher.sandbox.store import Store, iso

_VERSION = "4.7.3"
_MOST_IDS = 20  # the default of MAX_STATUSES, Mastodon 4.3
_ID = re.compile(r"[0-9]{1,19}")


async def account(_store: Store, call: Call, owner: SandboxAccount) -> tuple[int, Any]:
    profile = profile_of(call, owner)
    name = profile.handle.partition("@")[0]
    return 200, {
        "id": owner.user_id,
        "username": name,
        "acct": name,
        "display_name": profile.name,
        "url": f"https://{domain_of(owner)}/@{name}",
        "avatar": profile.picture or f"https://{domain_of(owner)}/avatars/original/missing.png",
        "avatar_static": profile.picture
        or f"https://{domain_of(owner)}/avatars/original/missing.png",
        "locked": False,
        "bot": False,
        "source": {"privacy": "public", "sensitive": False, "language": owner.language},
    }


async def app(_store: Store, _call: Call, _owner: SandboxAccount) -> tuple[int, Any]:
    return 200, {"id": "1", "name": "Publisher", "website": None, "scopes": ["read", "write"]}


async def instance(_store: Store, call: Call, owner: SandboxAccount) -> tuple[int, Any]:
    return 200, {
        "domain": domain_of(owner),
        "title": "Sandbox",
        "version": _VERSION,
        "configuration": {
            "statuses": {
                "max_characters": limits.text(call),
                "max_media_attachments": limits.ATTACHMENTS,
                "characters_reserved_per_url": 23,
            },
            "media_attachments": {
                "supported_mime_types": sorted(limits.IMAGE_TYPES | limits.VIDEO_TYPES),
                "description_limit": limits.ALT_TEXT,
                "image_size_limit": limits.IMAGE_BYTES,
                "video_size_limit": limits.VIDEO_BYTES,
                "video_frame_rate_limit": limits.VIDEO_RATE,
                "video_matrix_limit": limits.VIDEO_PIXELS,
            },
        },
    }


async def status(store: Store, call: Call, owner: SandboxAccount) -> tuple[int, Any]:
    if comment := store.comment("mastodon", call.parts["id"]):
        return 200, as_mention(comment)
    entry = own(store, call.parts["id"], owner)
    return 200, as_status(store, entry, call.delay(What.EDIT_LATE))


async def history(store: Store, call: Call, owner: SandboxAccount) -> tuple[int, Any]:
    """All versions of a status, the first one first."""
    entry = own(store, call.parts["id"], owner)
    texts = [*(edit.before for edit in entry.edits), entry.text]
    times = [entry.created_at, *(edit.at for edit in entry.edits)]
    shown = as_status(store, entry)
    return 200, [
        {**shown, "content": text, "created_at": iso(at)}
        for text, at in zip(texts, times, strict=True)
    ]


async def several(store: Store, call: Call, _owner: SandboxAccount) -> tuple[int, Any]:
    """Those of some statuses that are there (GET /api/v1/statuses)."""
    if call.changed(MastodonFault.NO_LIST):
        raise not_found()
    found = [store.find("mastodon", one) for one in call.query.getlist("id[]")[:_MOST_IDS]]
    return 200, [as_status(store, entry) for entry in found if entry]


async def source(store: Store, call: Call, owner: SandboxAccount) -> tuple[int, Any]:
    entry = own(store, call.parts["id"], owner)
    text = entry.text_seen(call.delay(What.EDIT_LATE))
    return 200, {"id": entry.id, "text": text, "spoiler_text": entry.content_warning}


async def statuses(store: Store, call: Call, _owner: SandboxAccount) -> tuple[int, Any]:
    account_id = call.parts["id"]
    owner = next((one for one in store.accounts if one.user_id == account_id), None)
    if owner is None or owner.channel != "mastodon":
        raise not_found()
    told, before = call.query.get("limit", ""), call.query.get("max_id", "")
    size = min(int(told), limits.LONGEST_PAGE) if told.isdecimal() else limits.PAGE
    found = [
        entry
        for entry in store.timeline(owner.name, call.delay(What.LAG))
        if not _ID.fullmatch(before) or int(entry.id) < int(before)
    ]
    return 200, [as_status(store, entry) for entry in found[:size]]
