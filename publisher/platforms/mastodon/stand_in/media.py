"""Media of the simulated Mastodon: uploaded in one request, and processed on the side.

Source: app/controllers/api/v2/media_controller.rb and v1/media_controller.rb.
"""

import asyncio
import hashlib
import time
from typing import Any

from starlette.datastructures import UploadFile

from publisher.platforms.mastodon.stand_in import errors, limits
from publisher.platforms.mastodon.stand_in.entities import as_media
from publisher.platforms.mastodon.stand_in.errors import ApiError, invalid, not_found
from publisher.sandbox import videos
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.pictures import NotAPicture, look
from publisher.sandbox.store import Store, StoredMedia

_UNVERIFIED = "File type of uploaded media could not be verified"
_FAILED = "Error processing thumbnail for uploaded media"


async def upload(store: Store, call: Call, account: SandboxAccount) -> tuple[int, Any]:
    source = call.form.get("file")
    if not isinstance(source, UploadFile):
        raise invalid("File can't be blank")
    alt = str(call.form.get("description") or "") or None
    if alt and len(alt) > limits.ALT_TEXT:
        raise invalid("Description is too long (maximum is 1500 characters)")
    content = await source.read()
    claimed = (source.content_type or "").partition(";")[0]
    new = StoredMedia(store.new_id(), account.name, "image", store.clock.now(), alt=alt)
    new.content, new.sha256 = content, hashlib.sha256(content).hexdigest()
    if claimed in limits.VIDEO_TYPES:
        betrays = await _take_video(new, content, claimed)
    else:
        betrays = await _take_picture(new, content)
    for kind in betrays:
        store.note("metadata-in-picture", account.name, f"media {new.id} carries {kind}")
    new.failed = new.failed or bool(call.changed(What.PROCESSING_FAILED))
    new.finalized_at = time.monotonic()
    store.uploads[new.id] = new
    ready = new.category == "image"
    return (200 if ready else 202), as_media(new, ready=ready)


async def status(store: Store, call: Call, account: SandboxAccount) -> tuple[int, Any]:
    found = _own(store, call.parts["id"], account)
    if _is_processed(found) and found.failed:
        raise ApiError(422, _FAILED)
    ready = _is_processed(found)
    return (200 if ready else 206), as_media(found, ready=ready)


def usable(store: Store, media_id: str, account: SandboxAccount) -> StoredMedia:
    """An upload that a status of this account may show. Raises a 422."""
    found = store.uploads.get(media_id)
    if found is None or found.account != account.name or found.used_by or _is_old(store, found):
        raise ApiError(422, f"Media {media_id} not found or already attached to another post")
    if not _is_processed(found) or found.failed:
        raise ApiError(422, errors.NOT_READY)
    return found


def _own(store: Store, media_id: str, account: SandboxAccount) -> StoredMedia:
    found = store.uploads.get(media_id)
    if found is None or found.account != account.name or found.used_by or _is_old(store, found):
        raise not_found()
    return found


def _is_old(store: Store, upload: StoredMedia) -> bool:
    return store.clock.now() - upload.created_at >= limits.MEDIA_LIFE


def _is_processed(upload: StoredMedia) -> bool:
    if upload.category == "image":
        return True
    age = time.monotonic() - (upload.finalized_at or 0)
    return age >= limits.REAL_PROCESSING_SECONDS


async def _take_picture(new: StoredMedia, content: bytes) -> tuple[str, ...]:
    if len(content) > limits.IMAGE_BYTES:
        raise invalid("File file size must be less than 16 MB")
    try:
        seen = await asyncio.to_thread(look, content)
    except NotAPicture:
        raise ApiError(422, _UNVERIFIED) from None
    if seen.media_type not in limits.IMAGE_TYPES:
        raise ApiError(422, _UNVERIFIED)
    new.category = "gif" if seen.media_type == "image/gif" and seen.animated else "image"
    new.media_type, new.width, new.height = seen.media_type, seen.width, seen.height
    return seen.betrays


async def _take_video(new: StoredMedia, content: bytes, claimed: str) -> tuple[str, ...]:
    if len(content) > limits.VIDEO_BYTES:
        raise invalid("File file size must be less than 99 MB")
    seen = await asyncio.to_thread(videos.look, content)
    if seen is None:
        raise ApiError(422, _UNVERIFIED)
    new.category, new.media_type = "video", claimed
    new.width, new.height, new.failed = seen.width, seen.height, not _is_fit(seen)
    return seen.betrays


def _is_fit(video: videos.VideoLook) -> bool:
    """Whether Mastodon would process a video."""
    return (
        video.width * video.height <= limits.VIDEO_PIXELS
        and video.frames <= limits.VIDEO_FRAMES
        and video.frames <= limits.VIDEO_RATE * 1.01 * video.seconds
    )
