"""Page photos of the simulated Facebook: upload and publish."""

import asyncio
from typing import Any

from starlette.datastructures import UploadFile

from publisher.platforms.facebook.stand_in.graph import GraphError, flag, parameter
from publisher.platforms.facebook.stand_in.posts import add, check_duplicate, make_public, own_page
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.pictures import NotAPicture, PictureLook, look
from publisher.sandbox.store import Store, StoredMedia

PICTURE_BYTES = 4_000_000
"""Meta's reference of Page photos names 10 MB; in practice it refuses photos from 4 MB on (error
100, subcode 1366046: facebookarchive/php-graph-sdk 711, ralfstx/minimal-json 124)."""
PICTURE_TYPES = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff"}
)

_TOO_BIG = (
    "Can't Read Files",
    "Your photos couldn't be uploaded. Photos should be smaller than 4 MB and saved as JPG, PNG, GIF, TIFF, HEIF or WebP files.",
)


async def create(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    own_page(call.parts["page"], account, "post")
    published = flag(call, "published") is not False
    caption = parameter(call, "caption") or parameter(call, "message") or ""
    content = await _source(call)
    seen = await _look(content)
    if published:
        check_duplicate(store, caption, account)
    photo = StoredMedia(
        id=store.new_id(),
        account=account.name,
        category="image",
        created_at=store.clock.now(),
        media_type=seen.media_type,
        content=content,
        sha256=seen.sha256,
        width=seen.width,
        height=seen.height,
        alt=parameter(call, "alt_text_custom"),
    )
    store.uploads[photo.id] = photo
    for kind in seen.betrays:
        store.note("metadata-in-picture", account.name, f"photo {photo.id} carries {kind}")
    if not published:
        return {"id": photo.id}
    entry = add(store, call, account, caption, [photo])
    make_public(store, entry, account)
    return {"id": photo.id, "post_id": entry.id}


async def _source(call: Call) -> bytes:
    source = call.form.get("source")
    if isinstance(source, UploadFile):
        return await source.read()
    if parameter(call, "url"):
        raise GraphError(
            100,
            "(#100) The sandbox fetches nothing from the network: send the photo as `source`",
        )
    raise GraphError(324, "(#324) Requires upload file")


async def _look(content: bytes) -> PictureLook:
    if len(content) >= PICTURE_BYTES:
        raise GraphError(
            100,
            "Invalid parameter",
            subcode=1366046,
            user_message=_TOO_BIG,
        )
    try:
        seen = await asyncio.to_thread(look, content)
    except NotAPicture as reason:
        raise GraphError(324, f"(#324) Missing or invalid image file: {reason}") from None
    if seen.media_type not in PICTURE_TYPES:
        raise GraphError(324, f"(#324) {seen.media_type} is no photo that Facebook takes")
    return seen
