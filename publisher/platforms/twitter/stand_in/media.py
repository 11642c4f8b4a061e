"""Media calls of the simulated X: one-shot and chunked upload, processing, alt text, subtitles."""

import asyncio
import hashlib
import time
from datetime import datetime, timedelta

from publisher.platforms.twitter.stand_in import limits, problems
from publisher.platforms.twitter.stand_in.schema import (
    AppendMediaUpload,
    CreateMediaMetadata,
    CreateMediaSubtitles,
    InitializeMediaUpload,
    MediaUpload,
    read,
)
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.pictures import NotAPicture, PictureLook, is_video, look
from publisher.sandbox.store import Store, StoredMedia
from publisher.sandbox.videos import VideoLook, is_subrip
from publisher.sandbox.videos import look as look_at_video

_CATEGORIES = {
    "tweet_image": "image",
    "tweet_gif": "gif",
    "tweet_video": "video",
    "subtitles": "subtitles",
}
_TYPES = {
    "image": limits.IMAGE_TYPES,
    "gif": limits.IMAGE_TYPES,
    "video": limits.VIDEO_TYPES,
    "subtitles": limits.SUBTITLE_TYPES,
}
_MAX_BYTES = {
    "image": limits.IMAGE_BYTES,
    "gif": limits.GIF_BYTES,
    "video": limits.VIDEO_BYTES,
    "subtitles": limits.SUBTITLE_BYTES,
}


async def upload(store: Store, call: Call, account: SandboxAccount) -> tuple[int, object]:
    """One-shot upload: everything in one request."""
    wish = read(call, MediaUpload)
    new = _new(store, account, _category(wish.media_category))
    if new.category == "video":
        raise problems.invalid("A video is uploaded in pieces", "media_category")
    await _complete(store, call, new, wish.media)
    store.uploads[new.id] = new
    return 200, {"data": _as_data(store, new)}


async def initialize(store: Store, call: Call, account: SandboxAccount) -> tuple[int, object]:
    wish = read(call, InitializeMediaUpload)
    category = _category(wish.media_category)
    if wish.media_type not in _TYPES[category]:
        raise problems.invalid("media_type does not go with media_category", "media_type")
    if wish.total_bytes > _MAX_BYTES[category]:
        raise problems.invalid("File size exceeds the maximum for its category", "total_bytes")
    new = _new(store, account, category)
    new.media_type, new.total_bytes = wish.media_type, wish.total_bytes
    store.uploads[new.id] = new
    data = {"id": new.id, "media_key": new.media_key, "expires_after_secs": _life(store, new)}
    return 200, {"data": data}


async def append(store: Store, call: Call, account: SandboxAccount) -> tuple[int, object]:
    target = _own(store, call.parts["id"], account)
    wish = read(call, AppendMediaUpload)
    if target.finalized_at is not None:
        raise problems.invalid("This upload is finalized already", "id", target.id)
    if len(wish.media) > limits.SEGMENT_BYTES:
        raise problems.invalid("A segment holds 5 MB at most", "media")
    target.segments[wish.segment_index] = wish.media
    return 200, {"data": {"expires_at": int(_expiry(target).timestamp())}}


async def finalize(store: Store, call: Call, account: SandboxAccount) -> tuple[int, object]:
    target = _own(store, call.parts["id"], account)
    if target.finalized_at is not None:
        raise problems.invalid("This upload is finalized already", "id", target.id)
    if sorted(target.segments) != list(range(len(target.segments))) or not target.segments:
        raise problems.invalid("Segments are missing", "segment_index")
    content = b"".join(target.segments[index] for index in sorted(target.segments))
    if len(content) != target.total_bytes:
        raise problems.invalid(
            f"{len(content)} bytes came, {target.total_bytes} were announced", "total_bytes"
        )
    await _complete(store, call, target, content, claimed=target.media_type)
    target.segments.clear()
    return 200, {"data": _as_data(store, target)}


async def status(store: Store, call: Call, account: SandboxAccount) -> tuple[int, object]:
    if call.query.get("command", "STATUS") != "STATUS":
        raise problems.invalid("`command` must be STATUS", "command", call.query["command"])
    media_id = call.query.get("media_id")
    if not media_id:
        raise problems.invalid("`media_id` is needed", "media_id")
    return 200, {"data": _as_data(store, _own(store, media_id, account))}


async def metadata(store: Store, call: Call, account: SandboxAccount) -> tuple[int, object]:
    wish = read(call, CreateMediaMetadata)
    target = _own(store, wish.id, account)
    associated: dict[str, object] = {}
    if wish.metadata and wish.metadata.alt_text:
        target.alt = wish.metadata.alt_text.text
        associated["alt_text"] = {"text": target.alt}
    return 200, {"data": {"id": target.id, "associated_metadata": associated}}


async def subtitles(store: Store, call: Call, account: SandboxAccount) -> tuple[int, object]:
    """Associate uploaded subtitles with a video; in a language that it has, they are replaced."""
    wish = read(call, CreateMediaSubtitles)
    video, track = (_own(store, one, account) for one in (wish.id, wish.subtitles.id))
    if video.category != "video" or track.category != "subtitles" or track.finalized_at is None:
        raise problems.invalid("Subtitles that are uploaded belong to a video", "id", wish.id)
    video.captions[wish.subtitles.language_code] = track.content
    told = {"associated_subtitles": [wish.subtitles.model_dump()], **wish.model_dump()}
    del told["subtitles"]
    return 200, {"data": told}


def usable(store: Store, media_id: str, account: SandboxAccount) -> StoredMedia:
    """An upload that a post of this account may show. Raises a 400."""
    found = store.uploads.get(media_id)
    if found is None or found.account != account.name or _expiry(found) <= store.clock.now():
        raise problems.invalid("Your media IDs are invalid.", "media.media_ids", media_id)
    if found.category == "subtitles" or _state(found) != "succeeded":
        raise problems.invalid("The media is not processed yet", "media.media_ids", media_id)
    return found


def _category(name: str) -> str:
    if name not in _CATEGORIES:
        raise problems.invalid(f"{name} is not for posts", "media_category", name)
    return _CATEGORIES[name]


def _new(store: Store, account: SandboxAccount, category: str) -> StoredMedia:
    return StoredMedia(store.new_id(), account.name, category, store.clock.now())


def _own(store: Store, media_id: str, account: SandboxAccount) -> StoredMedia:
    found = store.uploads.get(media_id)
    if found is None or _expiry(found) <= store.clock.now():
        raise problems.not_found("media", media_id)
    if found.account != account.name:
        raise problems.not_permitted("This media belongs to another user.")
    return found


async def _complete(
    store: Store, call: Call, target: StoredMedia, content: bytes, claimed: str | None = None
) -> None:
    """Accept the complete file, if it has the claimed type."""
    if len(content) > _MAX_BYTES[target.category]:
        raise problems.invalid("File size exceeds the maximum for its category", "media")
    if target.category == "video":
        if not is_video(content):
            raise problems.invalid("The file is no video", "media")
        target.media_type = claimed or "video/mp4"
        target.sha256 = hashlib.sha256(content).hexdigest()
        await _take_video(store, target, content)
    elif target.category == "subtitles":
        if not is_subrip(content):
            raise problems.invalid("Invalid subtitle file", "media")
        target.sha256 = hashlib.sha256(content).hexdigest()
    else:
        await _take_picture(store, target, content, claimed)
    target.content = content
    target.finalized_at = time.monotonic()
    target.failed = target.failed or bool(call.changed(What.PROCESSING_FAILED))


async def _take_picture(
    store: Store, target: StoredMedia, content: bytes, claimed: str | None
) -> None:
    try:
        seen = await asyncio.to_thread(look, content)
    except NotAPicture as reason:
        raise problems.invalid(f"The file is no picture: {reason}", "media") from None
    if seen.media_type not in limits.IMAGE_TYPES or claimed not in (None, seen.media_type):
        raise problems.invalid(f"The file is {seen.media_type}", "media")
    if (target.category == "gif") != (seen.media_type == "image/gif" and seen.animated):
        raise problems.invalid("tweet_gif is for animated GIFs, and they are for it", "media")
    for kind in seen.betrays:
        store.note("metadata-in-picture", target.account, f"media {target.id} carries {kind}")
    target.media_type, target.sha256 = seen.media_type, seen.sha256
    target.width, target.height = seen.width, seen.height
    target.failed = target.category == "gif" and not _is_fit(seen)


async def _take_video(store: Store, target: StoredMedia, content: bytes) -> None:
    """Accept a video: X takes it in any case, and finds errors while processing it."""
    seen = await asyncio.to_thread(look_at_video, content)
    target.failed = seen is None or not _is_fit_video(seen)
    if seen:
        target.width, target.height = seen.width, seen.height
        for kind in seen.betrays:
            store.note("metadata-in-picture", target.account, f"media {target.id} carries {kind}")


def _is_fit(gif: PictureLook) -> bool:
    """Whether X can process an animated GIF; it finds out during processing."""
    is_small = gif.width <= limits.GIF_WIDTH and gif.height <= limits.GIF_HEIGHT
    pixels = gif.width * gif.height * gif.frames
    return is_small and gif.frames <= limits.GIF_FRAMES and pixels <= limits.GIF_PIXELS


def _is_fit_video(video: VideoLook) -> bool:
    """Whether X would process a video; source: docs.x.com, media best practices."""
    short, long = sorted((video.width, video.height))
    return all(
        (
            video.codec == "h264",
            video.colours in ("yuv420p", "yuvj420p"),
            video.seconds > 0,
            limits.VIDEO_SECONDS[0] <= video.seconds <= limits.VIDEO_SECONDS[1],
            limits.VIDEO_LEAST_SIDE <= short <= limits.VIDEO_SHORT_SIDE,
            long <= min(limits.VIDEO_LONG_SIDE, 3 * short),
            video.frames <= limits.VIDEO_RATE * 1.01 * video.seconds,
            all(codec == "aac" and channels <= 2 for codec, channels in video.sound),
        )
    )


def _expiry(target: StoredMedia) -> datetime:
    return target.created_at + limits.MEDIA_LIFE


def _life(store: Store, target: StoredMedia) -> int:
    return int((_expiry(target) - store.clock.now()) / timedelta(seconds=1))


def _state(target: StoredMedia) -> str:
    """The state: `arriving`, `pending`, `in_progress`, `succeeded` or `failed`."""
    if target.finalized_at is None:
        return "arriving"
    if target.category in ("image", "subtitles"):
        return "succeeded"
    age = time.monotonic() - target.finalized_at
    if age < limits.REAL_PROCESSING_SECONDS / 2:
        return "pending"
    if age < limits.REAL_PROCESSING_SECONDS:
        return "in_progress"
    return "failed" if target.failed else "succeeded"


def _as_data(store: Store, target: StoredMedia) -> dict[str, object]:
    state = _state(target)
    data: dict[str, object] = {
        "id": target.id,
        "media_key": target.media_key,
        "expires_after_secs": _life(store, target),
        "size": len(target.content),
    }
    if target.category == "video":
        data["video"] = {"video_type": target.media_type}
    elif target.category != "subtitles":
        shape = {"image_type": target.media_type, "w": target.width, "h": target.height}
        data["image"] = shape
    if target.category in ("gif", "video"):
        progress = {"arriving": 0, "pending": 0, "in_progress": 50}.get(state, 100)
        info: dict[str, object] = {"state": state, "progress_percent": progress}
        if state in ("pending", "in_progress"):
            info["check_after_secs"] = 1
        data["processing_info"] = info
    return data
