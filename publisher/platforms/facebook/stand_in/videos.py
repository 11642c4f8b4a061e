"""Page videos of the simulated Facebook: uploaded in chunks, then a post of their own.

Source: Meta's own spec of the edge `videos` of Page (`upload_phase`). What a GIF or video is, is
found out while it is processed.
"""

import asyncio
import hashlib
import re
import time
from typing import Any

from starlette.datastructures import UploadFile

from publisher.platforms.facebook.stand_in import graph, video_status
from publisher.platforms.facebook.stand_in.graph import GraphError, flag, number, parameter
from publisher.platforms.facebook.stand_in.posts import check_message, make_public, own_page
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.pictures import NotAPicture, look
from publisher.sandbox.store import Store, StoredMedia, StoredPost
from publisher.sandbox.videos import is_subrip
from publisher.sandbox.videos import look as look_at_video

CHUNK = 1_048_576
"""The bytes that it asks for at once; Meta names no number, and changes it as it likes."""
VIDEO_BYTES = 10_000_000_000  # third parties' figure
CAPTION_BYTES = 200_000  # Graph API reference, video captions: "200K"
_CAPTION_FILE = re.compile(r"[^.]+\.([a-z]{2,3}_[A-Z]{2})\.srt")
_SESSION = "7"
"""Before a video's id, in the id of the session that uploads it."""


async def create(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    own_page(call.parts["page"], account, "post")
    phase = parameter(call, "upload_phase")
    if phase == "start":
        return _start(store, call, account)
    if phase == "transfer":
        return await _transfer(store, call, account)
    if phase == "finish":
        return await _finish(store, call, account)
    raise GraphError(
        100, "(#100) The sandbox takes videos in chunks: upload_phase is start, transfer or finish"
    )


def _start(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    size = number(call, "file_size")
    if not size or size > VIDEO_BYTES:
        raise GraphError(100, "(#100) Param file_size must be the number of the file's bytes")
    new = StoredMedia(store.new_id(), account.name, "video", store.clock.now(), total_bytes=size)
    store.uploads[new.id] = new
    return {"video_id": new.id, "upload_session_id": f"{_SESSION}{new.id}", **_wanted(new)}


async def _transfer(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    upload, chunk = _open(store, call, account), call.form.get("video_file_chunk")
    if not isinstance(chunk, UploadFile):
        raise GraphError(100, "(#100) Param video_file_chunk must be a file")
    content, wanted = await chunk.read(), _wanted(upload)
    fits = len(content) == int(wanted["end_offset"]) - int(wanted["start_offset"])
    if parameter(call, "start_offset") != wanted["start_offset"] or not fits:
        raise _go_on_from(wanted)
    if call.changed(FacebookFault.HALF_CHUNK):
        upload.content += content[: len(content) // 2]
        raise _go_on_from(_wanted(upload))
    upload.content += content
    return _wanted(upload)


def _go_on_from(wanted: dict[str, str]) -> GraphError:
    return GraphError(
        6001,
        "There was a problem uploading your video. Please try again.",
        subcode=1363037,
        status=400,
        data=wanted,
    )


async def _finish(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    upload = _open(store, call, account)
    description = parameter(call, "description") or ""
    check_message(description)
    if len(upload.content) != upload.total_bytes:
        raise GraphError(6000, "There was a problem uploading your video file.", subcode=1363030,
                         status=400)  # fmt: skip
    upload.sha256 = hashlib.sha256(upload.content).hexdigest()
    upload.failed = not await _take(store, upload) or bool(call.changed(What.PROCESSING_FAILED))
    upload.finalized_at = time.monotonic()
    entry = StoredPost(
        channel="facebook",
        account=account.name,
        id=upload.id,
        text=description,
        created_at=store.clock.now(),
        received_at=call.received_at,
        media=[upload],
        lang=account.language,
        published=False,
        app=graph.app_id(account),
    )
    upload.used_by = entry.id
    store.add(entry)
    on_its_own = call.changed(FacebookFault.AUTO_PUBLISH)
    if flag(call, "published") is not False or any(
        fault.shows in (None, "video") for fault in on_its_own
    ):
        make_public(store, entry, account)
    return {"success": True}


async def caption(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """Add captions to a video; those that it has in this language are replaced.

    Source: Graph API reference, video captions.
    """
    entry = store.find("facebook", call.parts["id"])
    if entry is None or entry.account != account.name or not video_status.is_video(entry):
        raise graph.no_object(call.parts["id"], "post")
    file = call.form.get("captions_file")
    name = _CAPTION_FILE.fullmatch(file.filename or "") if isinstance(file, UploadFile) else None
    if not isinstance(file, UploadFile) or name is None:
        raise GraphError(100, "(#100) The captions file must be named filename.locale.srt")
    content = await file.read()
    if len(content) > CAPTION_BYTES or not is_subrip(content):
        raise GraphError(100, "(#100) Your captions file could not be read", subcode=1363018)
    if parameter(call, "default_locale") not in (None, "none", name[1]):
        raise GraphError(100, "(#100) default_locale must be one of the video's")
    entry.media[0].captions[name[1]] = content
    return {"success": True}


def _open(store: Store, call: Call, account: SandboxAccount) -> StoredMedia:
    """The upload of a session that is not finished."""
    session = parameter(call, "upload_session_id") or ""
    upload = store.uploads.get(session.removeprefix(_SESSION))
    if upload is None or upload.account != account.name or upload.finalized_at is not None:
        raise GraphError(
            100, "(#100) The upload session has expired or does not exist", subcode=1363041
        )
    return upload


def _wanted(upload: StoredMedia) -> dict[str, str]:
    """The next bytes that Facebook asks for, as numbers in text."""
    start = len(upload.content)
    return {
        "start_offset": str(start),
        "end_offset": str(min(start + CHUNK, upload.total_bytes)),
    }


async def _take(store: Store, upload: StoredMedia) -> bool:
    """Look into a GIF or video; whether it can be processed."""
    betrays: tuple[str, ...]
    if upload.content.startswith(b"GIF8"):
        try:
            gif = await asyncio.to_thread(look, upload.content)
        except NotAPicture:
            return False
        upload.category, upload.media_type, betrays = "gif", gif.media_type, gif.betrays
        upload.width, upload.height = gif.width, gif.height
    else:
        video = await asyncio.to_thread(look_at_video, upload.content)
        if video is None:
            return False
        upload.media_type, betrays = "video/mp4", video.betrays
        upload.width, upload.height = video.width, video.height
    for kind in betrays:
        store.note("metadata-in-picture", upload.account, f"video {upload.id} carries {kind}")
    return True
