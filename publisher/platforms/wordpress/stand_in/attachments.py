"""Pictures, videos and documents of the simulated WordPress: upload, list, read, delete."""

import asyncio
import hashlib
import html
from typing import Any

from starlette.datastructures import UploadFile

from publisher.platforms.wordpress.stand_in.articles import article
from publisher.platforms.wordpress.stand_in.refusals import RestError, missing
from publisher.sandbox import documents
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.pictures import NotAPicture, is_video, look
from publisher.sandbox.store import Store, StoredMedia

PICTURE_BYTES = 2 * 1024 * 1024
"""PHP's own `upload_max_filesize`."""
_EXTENSIONS = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
}
_NOT_ALLOWED = "Sorry, you are not allowed to upload this file type."


async def upload(store: Store, call: Call, account: SandboxAccount) -> Any:
    file, post_id = call.form.get("file"), str(call.form.get("post") or "")
    if not isinstance(file, UploadFile):
        message = "No Content-Disposition supplied."
        raise RestError(400, "rest_upload_no_content_disposition", message)
    post = article(store, account, post_id) if post_id else None
    if post_id and post is None:
        message = "Sorry, you are not allowed to upload media to this post."
        raise RestError(403, "rest_cannot_edit", message)
    content, name = await file.read(), file.filename or ""
    if len(content) > PICTURE_BYTES:
        raise _not_taken("The uploaded file exceeds the upload_max_filesize directive in php.ini.")
    picture = StoredMedia(
        id=store.new_id(),
        account=account.name,
        category="image",
        created_at=store.clock.now(),
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        alt=html.unescape(str(call.form.get("alt_text") or "")) or None,
        used_by=post_id or None,
    )
    betrays = await asyncio.to_thread(_look, picture)
    if _EXTENSIONS.get(name.rpartition(".")[2]) != picture.media_type:
        raise _not_taken(_NOT_ALLOWED)
    store.uploads[picture.id] = picture
    if post is None:  # WordPress lists it publicly
        store.note("picture-listed-early", account.name, f"media {picture.id}")
    for kind in betrays:
        store.note("metadata-in-picture", account.name, f"media {picture.id} carries {kind}")
    return _shown(picture, account)


def _look(upload: StoredMedia) -> tuple[str, ...]:
    """Note what an upload is; returns the kinds of metadata that it carries."""
    if upload.content.startswith(b"%PDF-") and (document := documents.look(upload.content)):
        upload.media_type, upload.category = "application/pdf", "document"
        upload.width, upload.height, upload.pages = document.width, document.height, document.pages
        return document.betrays
    if is_video(upload.content):
        upload.media_type, upload.category = "video/mp4", "video"
        upload.width, upload.height = 640, 360  # only for the page; the file is not decoded
        return ()
    try:
        seen = look(upload.content)
    except NotAPicture:
        raise _not_taken(_NOT_ALLOWED) from None
    upload.media_type, upload.width, upload.height = seen.media_type, seen.width, seen.height
    return seen.betrays


async def listed(store: Store, call: Call, account: SandboxAccount) -> Any:
    parent = call.query.get("parent")
    return [
        _shown(picture, account)
        for picture in reversed(store.uploads.values())
        if picture.account == account.name and picture.used_by == parent
    ]


async def get(store: Store, call: Call, account: SandboxAccount) -> Any:
    return _shown(_own(store, call, account), account)


async def delete(store: Store, call: Call, account: SandboxAccount) -> Any:
    picture = _own(store, call, account)
    if call.query.get("force") != "true":
        message = "The post does not support trashing. Set 'force=true' to delete."
        raise RestError(501, "rest_trash_not_supported", message)
    if not call.changed(What.IGNORED):
        del store.uploads[picture.id]
        if post := article(store, account, picture.used_by or ""):
            post.media = [other for other in post.media if other is not picture]
    return {"deleted": True, "previous": _shown(picture, account)}


def _own(store: Store, call: Call, account: SandboxAccount) -> StoredMedia:
    picture = store.uploads.get(call.parts["id"])
    if picture is None or picture.account != account.name:
        raise missing()
    return picture


def _not_taken(message: str) -> RestError:
    """With status 500, also where the file is at fault."""
    return RestError(500, "rest_upload_unknown_error", message)


def _shown(picture: StoredMedia, account: SandboxAccount) -> dict[str, Any]:
    kind = next(name for name, one in _EXTENSIONS.items() if one == picture.media_type)
    folder = f"{account.credentials['server']}/wp-content/uploads/{picture.created_at:%Y/%m}"
    return {
        "id": int(picture.id),
        "post": int(picture.used_by or 0),
        "source_url": f"{folder}/{picture.sha256}.{kind}",
        "alt_text": html.escape(picture.alt or "", quote=False),
    }
