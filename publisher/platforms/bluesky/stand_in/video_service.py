"""Simulated video service of Bluesky: uploads, their processing, and the limit of each account.

Sources: docs.bsky.app/docs/tutorials/video, the lexicons app.bsky.video, and Bluesky's app.
"""

import asyncio
import hashlib
import time
from typing import Any

from publisher.platforms.bluesky.stand_in.cids import file_cid
from publisher.platforms.bluesky.stand_in.errors import BlueskyFault, XrpcError, invalid
from publisher.platforms.bluesky.stand_in.lexicon import VIDEO_BYTES
from publisher.sandbox import videos
from publisher.sandbox.accounts import SandboxAccount, invented
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.pictures import NotAPicture, look
from publisher.sandbox.store import Store, StoredMedia

_DAILY_VIDEOS = 25
_TYPES = frozenset({"video/mp4", "video/mpeg", "video/webm", "video/quicktime", "image/gif"})
REAL_PROCESSING_SECONDS = 1.0
_OF_ANOTHER_SIZE = b"\x00\x00\x00\x08free"
"""Stands for what makes the processed video another file than the one that was uploaded."""


class VideoInJob(XrpcError):
    """The video was uploaded before: an error that names its job."""

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(409, "already_exists", "Video already processed")
        self.more = job


async def limits(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    used = sum(_job_place(account, "") in place for place in store.uploads)
    if call.changed(BlueskyFault.VIDEO_LIMIT) or used >= _DAILY_VIDEOS:
        told = "You have reached your limit of videos for today"
        return {"canUpload": False, "error": "DailyLimit", "message": told}
    left = _DAILY_VIDEOS - used
    return {
        "canUpload": True,
        "remainingDailyVideos": left,
        "remainingDailyBytes": left * VIDEO_BYTES,
    }


async def upload(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """Take a video, and begin to process it."""
    if call.query.get("did") != account.user_id or not call.query.get("name"):
        raise invalid("did and name are required")
    if call.content_type not in _TYPES:
        raise invalid(f"{call.content_type} is no video")
    if not 0 < len(call.body) <= VIDEO_BYTES:
        raise invalid("The video is too big")
    digest = hashlib.sha256(call.body).hexdigest()
    job_id = invented(f"video {digest} of {account.name}", 20)
    place = _job_place(account, job_id)
    known = store.uploads.get(place)
    if known and not known.failed:
        raise VideoInJob(_status(store, known, account))
    new = StoredMedia(job_id, account.name, "video", store.clock.now(), call.content_type)
    new.content, new.sha256 = call.body, digest
    betrays = await asyncio.to_thread(_examine, new)
    for kind in betrays:
        store.note("metadata-in-picture", account.name, f"video {job_id} carries {kind}")
    new.failed = new.failed or bool(call.changed(What.PROCESSING_FAILED))
    new.finalized_at = time.monotonic() + call.delay(BlueskyFault.PROCESSING_SLOW)
    store.uploads[place] = new
    return _status(store, new, account)


def job(store: Store, call: Call) -> dict[str, Any]:
    """The state of a job; everybody may ask for it."""
    job_id = call.query.get("jobId", "")
    for place, found in store.uploads.items():
        if place.endswith(f" job {job_id}"):
            owner = next(one for one in store.accounts if one.name == found.account)
            return {"jobStatus": _status(store, found, owner)}
    raise invalid("Job not found")


def _examine(new: StoredMedia) -> tuple[str, ...]:
    """Note what the file is; returns the metadata that it reveals."""
    if new.media_type == "image/gif":
        try:
            picture = look(new.content)
        except NotAPicture:
            new.failed = True
            return ()
        new.category, new.width, new.height = "gif", picture.width, picture.height
        return picture.betrays
    video = videos.look(new.content)
    if video is None:
        new.failed = True
        return ()
    new.width, new.height = video.width, video.height
    return video.betrays


def _status(store: Store, media: StoredMedia, account: SandboxAccount) -> dict[str, Any]:
    told = {"jobId": media.id, "did": account.user_id}
    if time.monotonic() - (media.finalized_at or 0) < REAL_PROCESSING_SECONDS:
        return {**told, "state": "JOB_STATE_ENCODING", "progress": 50}
    if media.failed:
        message = "Failed to process video"
        failure = {"error": message, "message": message, "failureCode": "encoding_failure"}
        return {**told, "state": "JOB_STATE_FAILED", **failure}
    processed = media.content + _OF_ANOTHER_SIZE
    cid, media.total_bytes = file_cid(processed), len(processed)
    store.uploads[file_place(account, cid)] = media
    ref = {"$type": "blob", "ref": {"$link": cid}, "mimeType": "video/mp4"}
    return {**told, "state": "JOB_STATE_COMPLETED", "blob": {**ref, "size": len(processed)}}


def _job_place(account: SandboxAccount, job_id: str) -> str:
    return f"{account.name} job {job_id}"


def file_place(account: SandboxAccount, cid: str) -> str:
    """Where the store has a file of an account's own server."""
    return f"{account.name} {cid}"
