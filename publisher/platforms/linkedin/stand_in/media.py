"""Uploads of the simulated LinkedIn: pictures and documents at once, videos in parts; their states.

Sources: Images API, Videos API, Documents API. Size and length of a video are not checked.
"""

import asyncio
import hashlib
import time
from typing import Any

from starlette.responses import JSONResponse, Response

from publisher.platforms.linkedin.stand_in.errors import LinkedInError, denied, invalid, not_found
from publisher.platforms.linkedin.stand_in.schema import (
    FinalizeVideo,
    InitializeFile,
    InitializeVideo,
    read,
)
from publisher.sandbox import documents
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.pictures import NotAPicture, is_video, look
from publisher.sandbox.profiles import profile_of
from publisher.sandbox.store import Store, StoredMedia

PIXELS = 36_152_320  # Images API: "less than"
GIF_FRAMES = 250
PAGES, DOCUMENT_BYTES = 300, 100_000_000
PART_BYTES = 4_194_304
REAL_PROCESSING_SECONDS = 0.3
"""The processing time of a video or document, in real seconds."""
LOGO = "urn:li:image:logo-"
_TYPES = frozenset({"image/jpeg", "image/png", "image/gif"})
_WEBSITE = "https://www.linkedin.com"


async def initialize_image(store: Store, call: Call, account: SandboxAccount) -> Response:
    return _initialize(store, call, account, "image", "uploaded-image")


async def initialize_document(store: Store, call: Call, account: SandboxAccount) -> Response:
    return _initialize(store, call, account, "document", "ads-uploadedDocument")


def _initialize(
    store: Store, call: Call, account: SandboxAccount, category: str, place: str
) -> Response:
    _action(call, "initializeUpload")
    wish = read(call, InitializeFile).initializeUploadRequest
    new = _new(store, account, category, wish.owner)
    address = f"{_WEBSITE}/dms-uploads/{_number(new)}/{place}"
    return _value({category: new.id, "uploadUrl": address, "uploadUrlExpiresAt": _soon(store)})


async def upload_image(store: Store, call: Call, account: SandboxAccount) -> Response:
    target = _own(store, f"urn:li:image:{call.parts['id']}", account)
    try:
        seen = await asyncio.to_thread(look, call.body)
    except NotAPicture:
        target.failed = True
    else:
        is_small = seen.width * seen.height < PIXELS and seen.frames <= GIF_FRAMES
        target.failed = not is_small or seen.media_type not in _TYPES
        for kind in seen.betrays:
            store.note("metadata-in-picture", account.name, f"{target.id} carries {kind}")
        target.media_type, target.sha256 = seen.media_type, seen.sha256
        target.width, target.height = seen.width, seen.height
        target.category = "gif" if seen.animated else "image"
    target.content, target.finalized_at = call.body, time.monotonic()
    target.failed = target.failed or bool(call.changed(What.PROCESSING_FAILED))
    return Response(status_code=201)


async def upload_document(store: Store, call: Call, account: SandboxAccount) -> Response:
    target = _own(store, f"urn:li:document:{call.parts['id']}", account)
    seen = await asyncio.to_thread(documents.look, call.body)
    if seen is None or seen.pages > PAGES or len(call.body) > DOCUMENT_BYTES:
        target.failed = True
    else:
        target.width, target.height, target.pages = seen.width, seen.height, seen.pages
        for kind in seen.betrays:
            store.note("metadata-in-document", account.name, f"{target.id} carries {kind}")
    target.media_type, target.sha256 = "application/pdf", hashlib.sha256(call.body).hexdigest()
    target.content, target.finalized_at = call.body, time.monotonic()
    target.failed = target.failed or bool(call.changed(What.PROCESSING_FAILED))
    return Response(status_code=201)


async def act_on_video(store: Store, call: Call, account: SandboxAccount) -> Response:
    """Begin the upload of a video, or end it: the action is in the query."""
    if call.query.get("action") == "finalizeUpload":
        return _finalize_video(store, call, account)
    _action(call, "initializeUpload")
    wish = read(call, InitializeVideo).initializeUploadRequest
    new = _new(store, account, "video", wish.owner)
    new.total_bytes = wish.fileSizeBytes
    starts = range(0, new.total_bytes, PART_BYTES)
    instructions = [
        {
            "uploadUrl": f"{_WEBSITE}/dms-uploads/{_number(new)}/part/{index}",
            "firstByte": start,
            "lastByte": min(start + PART_BYTES, new.total_bytes) - 1,
        }
        for index, start in enumerate(starts)
    ]
    return _value(
        {
            "video": new.id,
            "uploadUrlsExpireAt": _soon(store),
            "uploadInstructions": instructions,
            "uploadToken": "",
        }
    )


async def upload_part(store: Store, call: Call, _account: SandboxAccount) -> Response:
    if "authorization" in call.request.headers:
        raise invalid("The upload call of a video does not accept an OAuth token")
    target = store.uploads.get(f"urn:li:video:{call.parts['id']}")
    if target is None or target.finalized_at is not None:
        raise LinkedInError(400, "EXPIRED_UPLOAD_URL", "The Video upload URL is expired")
    target.segments[int(call.parts["number"])] = call.body
    return Response(headers={"etag": _etag(call.body)})


def _finalize_video(store: Store, call: Call, account: SandboxAccount) -> Response:
    wish = read(call, FinalizeVideo).finalizeUploadRequest
    target = _own(store, wish.video, account)
    parts = [target.segments[index] for index in sorted(target.segments)]
    content = b"".join(parts)
    if [_etag(part) for part in parts] != wish.uploadedPartIds:
        raise invalid("uploadedPartIds are not those of the parts that came")
    if len(content) != target.total_bytes or target.finalized_at is not None:
        raise invalid("The parts are not the whole video")
    target.content, target.media_type = content, "video/mp4"
    target.sha256 = hashlib.sha256(content).hexdigest()
    target.width, target.height = 640, 360  # only for the page; the file is not decoded
    target.failed = not is_video(content) or bool(call.changed(What.PROCESSING_FAILED))
    target.finalized_at = time.monotonic()
    target.segments.clear()
    return Response()


async def get(store: Store, call: Call, account: SandboxAccount) -> Response:
    """The state of a picture, video or document; of the logo, its address."""
    urn = call.parts["id"]
    if urn.startswith(LOGO):
        picture = profile_of(call, account).picture
        return JSONResponse({"id": urn, "status": "AVAILABLE", "downloadUrl": picture})
    target = _own(store, urn, account)
    body: dict[str, Any] = {"id": urn, "owner": author(account), "status": state(target)}
    if target.failed:
        body["processingFailureReason"] = "Unsupported file format"
    return JSONResponse(body)


def usable(store: Store, urn: str, account: SandboxAccount) -> StoredMedia:
    """An upload that a post of this account may show. Raises a 400 or 403."""
    target = store.uploads.get(urn)
    if target is None:
        raise invalid(f"This Image ID is invalid: {urn}", "INVALID_IMAGE_ID")
    if target.account != account.name:
        raise LinkedInError(403, "FORBIDDEN", "All assets must be owned by the author")
    now = state(target)
    if now == "PROCESSING_FAILED":
        raise invalid("Media asset failed processing", "MEDIA_ASSET_PROCESSING_FAILED")
    if now != "AVAILABLE":
        raise invalid("Media asset is waiting upload", "MEDIA_ASSET_WAITING_UPLOAD")
    return target


def state(target: StoredMedia) -> str:
    if target.finalized_at is None:
        return "WAITING_UPLOAD"
    is_long = target.category in ("video", "document")
    if is_long and time.monotonic() - target.finalized_at < REAL_PROCESSING_SECONDS:
        return "PROCESSING"
    return "PROCESSING_FAILED" if target.failed else "AVAILABLE"


def author(account: SandboxAccount) -> str:
    """The URN of the account's organisation."""
    return f"urn:li:organization:{account.page_id}"


def _new(store: Store, account: SandboxAccount, category: str, owner: str) -> StoredMedia:
    if owner != author(account):
        raise denied(f"{category}s.ACTION")
    urn = f"urn:li:{category}:{store.new_id()}"
    new = StoredMedia(urn, account.name, category, store.clock.now())
    store.uploads[urn] = new
    return new


def _own(store: Store, urn: str, account: SandboxAccount) -> StoredMedia:
    target = store.uploads.get(urn)
    if target is None:
        raise not_found(urn)
    if target.account != account.name:
        message = "Accessing this image resource is forbidden. Please check your permissions"
        raise LinkedInError(403, "FORBIDDEN", message)
    return target


def _action(call: Call, name: str) -> None:
    if call.query.get("action") != name:
        raise invalid(f"The action must be {name}")


def _number(target: StoredMedia) -> str:
    return target.id.rpartition(":")[2]


def _etag(part: bytes) -> str:
    return f"/ambry-video/signedId/{hashlib.sha256(part).hexdigest()[:32]}.bin"


def _soon(store: Store) -> int:
    return int(store.clock.now().timestamp() * 1000) + 3_600_000


def _value(told: dict[str, Any]) -> Response:
    return JSONResponse({"value": told})
