"""Processing of videos by the simulated Facebook.

Source: Meta's own spec of VideoStatus: `video_status`, and the phases uploading, processing and
publishing. What it looks at is what a person sees; Meta names no limits that an app can rely on.
"""

import time
from typing import Any

from publisher.sandbox.store import StoredMedia, StoredPost

REAL_PROCESSING_SECONDS = 1.0
"""How long Facebook works on a video; minutes, in truth."""


def is_video(entry: StoredPost) -> bool:
    """Whether a post is a video: its id is a number alone, that of other posts has two."""
    return "_" not in entry.id


def status(upload: StoredMedia) -> str:
    """`uploading`, `processing`, `ready` or `error`."""
    if upload.finalized_at is None:
        return "uploading"
    if time.monotonic() - upload.finalized_at < REAL_PROCESSING_SECONDS:
        return "processing"
    return "error" if upload.failed else "ready"


def shown(upload: StoredMedia, *, published: bool) -> dict[str, Any]:
    """The `status` of a video."""
    now = status(upload)
    told: dict[str, Any] = {
        "video_status": now,
        "uploading_phase": {"status": "in_progress" if now == "uploading" else "complete"},
        "processing_phase": {"status": _PROCESSING[now]},
        "publishing_phase": {
            "status": "complete" if published else "not_started",
            "publish_status": "published" if published else "draft",
        },
    }
    if now == "error":
        message = "The video file you tried to upload is not supported."
        told["processing_phase"]["errors"] = [{"code": 1363019, "message": message}]
    return told


_PROCESSING = {
    "uploading": "not_started",
    "processing": "in_progress",
    "ready": "complete",
    "error": "error",
}
