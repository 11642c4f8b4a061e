"""Repositories of the simulated Bluesky: files, commits of posts, reading and deleting them."""

import asyncio
import dataclasses
import hashlib
import json
import re
from typing import Any

from publisher.platforms.bluesky.stand_in import lexicon, replies
from publisher.platforms.bluesky.stand_in.cids import (
    COLLECTION,
    file_cid,
    own_post,
    record_cid,
    reference,
)
from publisher.platforms.bluesky.stand_in.errors import XrpcError, internal, invalid, invalid_record
from publisher.platforms.bluesky.stand_in.lexicon import (
    VIDEO_BYTES,
    LexiconMedium,
    LexiconPost,
)
from publisher.platforms.bluesky.stand_in.video_service import file_place
from publisher.sandbox import videos
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.pictures import NotAPicture, look
from publisher.sandbox.store import Store, StoredMedia, StoredPost

UPLOAD_BYTES = 5 * 1024**2
"""Of a picture; Bluesky's own servers take bigger videos."""
_CREATE = "com.atproto.repo.applyWrites#create"
_TID = re.compile(r"[234567a-j][234567a-z]{12}")
_MOST_WRITES = 200


async def upload(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    if len(call.body) > (VIDEO_BYTES if call.content_type == "video/mp4" else UPLOAD_BYTES):
        raise XrpcError(413, "PayloadTooLarge", "request entity too large")
    cid, media_type = file_cid(call.body), call.content_type
    new = StoredMedia(cid, account.name, "image", store.clock.now(), media_type, call.body)
    betrays: tuple[str, ...] = ()
    if media_type == "text/vtt":
        new.category = "captions"
    elif media_type == "video/mp4":
        new.category, new.sha256 = "video", hashlib.sha256(call.body).hexdigest()
        film = await asyncio.to_thread(videos.look, call.body)
        if film:
            new.width, new.height = film.width, film.height
        else:
            store.note("no-video", account.name, f"file {cid} is no video")
        betrays = film.betrays if film else ()
    else:
        betrays = await asyncio.to_thread(_take_picture, store, new)
    for kind in betrays:
        store.note("metadata-in-picture", account.name, f"file {cid} carries {kind}")
    store.uploads[file_place(account, cid)] = new
    ref = {"$type": "blob", "ref": {"$link": cid}, "mimeType": new.media_type}
    return {"blob": {**ref, "size": len(call.body)}}


def _take_picture(store: Store, new: StoredMedia) -> tuple[str, ...]:
    """Note what the file is; returns the metadata that it reveals."""
    try:
        seen = look(new.content)
    except NotAPicture as reason:
        store.note("no-picture", new.account, f"file {new.id}: {reason}")
        return ()
    new.media_type, new.sha256 = seen.media_type, seen.sha256
    new.width, new.height = seen.width, seen.height
    return seen.betrays


async def apply(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """Create posts: all of a commit, or none."""
    wish = json_of(call)
    own(wish.get("repo"), account)
    writes = wish.get("writes")
    if not isinstance(writes, list) or not 0 < len(writes) <= _MOST_WRITES:
        raise invalid(f"writes must be a list of at most {_MOST_WRITES}")
    made: list[StoredPost] = []
    for number, write in enumerate(writes):
        made.append(_created(store, call, account, write, f"writes.{number}", made))
    keys = [entry.id for entry in made]
    if len(set(keys)) < len(keys) or any(own_post(store, account, key) for key in keys):
        raise internal()  # as the reference server: its tree has a value at the key
    for entry in made:
        entry.publish(store.clock.now())
        store.add(entry)
    results = [
        {"$type": f"{_CREATE}Result", "validationStatus": "valid", **reference(account, entry)}
        for entry in made
    ]
    commit = {"cid": record_cid({"posts": keys}), "rev": keys[-1]}
    return {"commit": commit, "results": results}


async def get(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    own(call.query.get("repo"), account)
    key, collection = call.query.get("rkey", ""), call.query.get("collection")
    if other := store.records.get((account.name, f"{collection}/{key}")):
        place = f"at://{account.user_id}/{collection}/{key}"
        return {"uri": place, "cid": record_cid(other), "value": other}
    entry = own_post(store, account, key)
    if collection != COLLECTION or entry is None:
        where = f"at://{account.user_id}/{collection}/{key}"
        raise XrpcError(400, "RecordNotFound", f"Could not locate record: {where}")
    return _shown(account, entry)


async def listing(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """The posts by their keys, newest first."""
    own(call.query.get("repo"), account)
    wished = call.query.get("limit", "50")
    limit = int(wished) if re.fullmatch(r"\d{1,3}", wished) else 0
    if not 1 <= limit <= 100:
        raise invalid("limit must be from 1 to 100")
    posts = store.timeline(account.name, call.delay(What.LAG))
    before = call.query.get("cursor", "~")
    found = sorted((one for one in posts if one.id < before), key=lambda one: one.id, reverse=True)
    page: dict[str, Any] = {"records": [_shown(account, entry) for entry in found[:limit]]}
    if found[:limit]:
        page["cursor"] = found[:limit][-1].id
    return page


async def delete(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """Delete a post; where there is none, that is confirmed as well."""
    wish = json_of(call)
    own(wish.get("repo"), account)
    entry = own_post(store, account, str(wish.get("rkey")))
    if entry is None or wish.get("collection") != COLLECTION:
        return {}
    entry.deleted = not call.changed(What.IGNORED)
    return {"commit": {"cid": record_cid({"deleted": entry.id}), "rev": entry.id}}


def _created(
    store: Store,
    call: Call,
    account: SandboxAccount,
    write: Any,
    place: str,
    before: list[StoredPost],
) -> StoredPost:
    """The post of one write; `before` are those of the same commit. Raises XrpcError."""
    if not isinstance(write, dict) or write.get("$type") != _CREATE:
        raise invalid("The sandbox takes posts to create: nobody sends anything else")
    if write.get("collection") != COLLECTION:
        raise invalid(f"Unknown collection: {write.get('collection')}")
    key, record = str(write.get("rkey", "")), write.get("value")
    if not _TID.fullmatch(key):
        raise invalid_record("Invalid record key: must be a TID", f"{place}.rkey")
    post = lexicon.read(record, f"{place}.record")
    media = [_medium(store, account, medium) for medium in post.media]
    for caption in post.captions:
        if file_place(account, caption.file.ref.ref) not in store.uploads:
            raise _not_found(caption.file.ref.ref)
    if not post.text.strip() and not media:
        store.note("empty-post", account.name, f"post {key} has neither text nor picture")
    parent, conversation = (
        replies.place(store, account, post.reply, before) if post.reply else (None, key)
    )
    now = store.clock.now()
    return StoredPost(
        channel="bluesky",
        account=account.name,
        id=key,
        text=post.text,
        created_at=now,
        received_at=call.received_at,
        media=media,
        in_reply_to=parent,
        conversation=conversation,
        link=post.link,
        lang=_language(post, account),
        record=record,
    )


def _language(post: LexiconPost, account: SandboxAccount) -> str | None:
    return post.langs[0] if post.langs else account.language


def _not_found(cid: str) -> XrpcError:
    return XrpcError(400, "BlobNotFound", f"Could not find blob: {cid}")


def _medium(store: Store, account: SandboxAccount, medium: LexiconMedium) -> StoredMedia:
    """The picture or video of a post, with its text: a file may stand in several posts."""
    cid = medium.blob.ref.ref
    upload = store.uploads.get(file_place(account, cid))
    if upload is None:
        raise _not_found(cid)
    # What the video service processed has another size than what was uploaded.
    named, stored = medium.blob.size, upload.total_bytes or len(upload.content)
    if named != stored:
        message = "Referenced Size does not match stored blob"
        raise XrpcError(400, "InvalidSize", f"{message}. Expected: {stored}, Got: {named}")
    stored_type = "video/mp4" if upload.category == "gif" else upload.media_type
    if medium.blob.mime_type != stored_type:
        message = "Referenced Mimetype does not match stored blob"
        expected = f"Expected: {stored_type}, Got: {medium.blob.mime_type}"
        raise XrpcError(400, "InvalidMimeType", f"{message}. {expected}")
    ratio = medium.aspect_ratio
    if ratio and ratio.width * upload.height != ratio.height * upload.width:
        store.note("wrong-aspect-ratio", account.name, f"{ratio.width}:{ratio.height} of {cid}")
    return dataclasses.replace(upload, alt=medium.alt)


def _shown(account: SandboxAccount, entry: StoredPost) -> dict[str, Any]:
    return {**reference(account, entry), "value": entry.record}


def own(repo: object, account: SandboxAccount) -> None:
    if repo not in (account.user_id, account.handle):
        raise XrpcError(403, "AccountNotFound", "Account not found")


def json_of(call: Call) -> dict[str, Any]:
    try:
        wish = json.loads(call.body)
    except ValueError:
        wish = None
    if call.content_type != "application/json" or not isinstance(wish, dict):
        raise invalid("Request encoding must be application/json")
    return wish
