"""Posts of the simulated LinkedIn: create, change, read, find, delete. Source: Posts API."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from publisher.platforms.linkedin.stand_in import text_format
from publisher.platforms.linkedin.stand_in.errors import (
    LinkedInError,
    denied,
    duplicate,
    invalid,
    not_found,
)
from publisher.platforms.linkedin.stand_in.media import author, usable
from publisher.platforms.linkedin.stand_in.schema import (
    CreatePost,
    PostContent,
    ShownMedia,
    UpdatePost,
    read,
)
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store, StoredMedia, StoredPost

TEXT = 3_000  # characters that people see
DUPLICATE_AGE = timedelta(minutes=10)  # UGC Post API
MOST = 100  # posts on a page of a finder
_DEFAULT_PAGE = 10
_POST = re.compile(r"urn:li:(share|ugcPost):[0-9]{1,20}")


async def create(store: Store, call: Call, account: SandboxAccount) -> Response:
    wish = read(call, CreatePost)
    if wish.author != author(account):
        raise denied()
    text = _text(store, wish.commentary, account)
    content = wish.content or PostContent()
    media = _media(store, content, account)
    link = content.article.source if content.article else None
    if not (text.strip() or media or link):
        raise invalid("/commentary can't be blank", "INVALID_VALUE_BLANK_FIELD")
    _check_duplicate(store, text, media, account)
    now = store.clock.now()
    kind = "ugcPost" if any(upload.category == "video" for upload in media) else "share"
    entry = StoredPost(
        channel="linkedin",
        account=account.name,
        id=f"urn:li:{kind}:{store.new_id()}",
        text=text,
        created_at=now,
        received_at=call.received_at,
        media=media,
        link=link,
        lang=account.language,
    )
    entry.publish(now)
    for upload in media:
        upload.used_by = entry.id
    store.add(entry)
    return Response(status_code=201, headers={"x-restli-id": entry.id})


async def update(store: Store, call: Call, account: SandboxAccount) -> Response:
    """Change the words of a post (Posts API, update posts)."""
    wish = read(call, UpdatePost)
    entry = _found(store, call)
    if entry.account != account.name:
        raise denied("partnerApiPostsExternal.PARTIAL_UPDATE")
    text = _text(store, wish.patch.set.commentary, account)
    if not (text.strip() or entry.media or entry.link):
        raise invalid("/commentary can't be blank", "INVALID_VALUE_BLANK_FIELD")
    if not call.changed(What.IGNORED):
        store.edit(entry, text)
    return Response(status_code=204)


async def get(store: Store, call: Call, account: SandboxAccount) -> Response:
    entry = _found(store, call)
    if entry.account != account.name:
        raise denied("partnerApiPostsExternal.GET")
    return JSONResponse(_as_post(entry, account, call.delay(What.EDIT_LATE)))


async def find(store: Store, call: Call, account: SandboxAccount) -> Response:
    """The finder by author: posts, newest first, from `start` on."""
    if call.query.get("q") != "author":
        raise invalid("The finder must be `author`")
    if call.query.get("author") != author(account):
        raise denied("partnerApiPostsExternal.FINDER-author")
    if call.query.get("sortBy", "LAST_MODIFIED") not in ("LAST_MODIFIED", "CREATED"):
        raise invalid("`sortBy` must be LAST_MODIFIED or CREATED")
    start, count = _number(call, "start", 0), _number(call, "count", _DEFAULT_PAGE)
    if not 1 <= count <= MOST:
        raise invalid(f"`count` must be from 1 to {MOST}")
    shown = store.timeline(account.name, call.delay(What.LAG))[start : start + count]
    return JSONResponse(
        {
            "elements": [_as_post(entry, account) for entry in shown],
            "paging": {"start": start, "count": count, "links": []},
        }
    )


async def delete(store: Store, call: Call, account: SandboxAccount) -> Response:
    """Delete a post; to delete one that is deleted already is a success."""
    urn = call.parts["id"]
    known = next((one for one in store.entries if (one.channel, one.id) == ("linkedin", urn)), None)
    if known is None:
        raise not_found(urn)
    if known.account != account.name:
        raise denied("partnerApiPostsExternal.DELETE")
    known.deleted = known.deleted or not call.changed(What.IGNORED)
    return Response(status_code=204)


def _text(store: Store, commentary: str, account: SandboxAccount) -> str:
    """The words that people will see. Raises a 400 if they are too many."""
    text, is_whole = text_format.shown(commentary)
    if not is_whole:
        store.note("text-cut", account.name, f"at a reserved character, after {len(text)}")
    if len(text) > TEXT:
        message = f"/commentary length {len(text)} can't exceeded maximum {TEXT} length"
        raise invalid(message, "FIELD_LENGTH_TOO_LONG")
    return text


def _found(store: Store, call: Call) -> StoredPost:
    urn = call.parts["id"]
    if not _POST.fullmatch(urn):
        raise invalid("The URN ID provided is invalid", "INVALID_URN_ID")
    entry = store.find("linkedin", urn)
    if entry is None:
        raise not_found(urn)
    return entry


def _media(store: Store, content: PostContent, account: SandboxAccount) -> list[StoredMedia]:
    if sum(one is not None for one in (content.media, content.multiImage, content.article)) > 1:
        raise invalid("/content :: it is a union, of which one member may be there")
    shown: list[ShownMedia] = [content.media] if content.media else []
    if content.multiImage:
        shown = content.multiImage.images
    media = []
    for one in shown:
        upload = usable(store, one.id, account)
        if content.multiImage and upload.category in ("video", "document"):
            raise LinkedInError(400, "INVALID_URN_TYPE", f"{one.id} must be an image URN")
        if upload.category == "document" and not one.title:
            raise invalid("/content/media/title :: a document needs a title", "MISSING_FIELD")
        upload.alt, upload.title = one.altText or None, one.title
        media.append(upload)
    return media


def _check_duplicate(
    store: Store, text: str, media: list[StoredMedia], account: SandboxAccount
) -> None:
    shown = [upload.sha256 for upload in media]
    for entry in store.saying("linkedin", text, store.clock.now() - DUPLICATE_AGE):
        if entry.account != account.name:
            detail = f"{entry.account} has it as post {entry.id}"
            store.note("same-text-on-two-accounts", account.name, detail)
        elif text.strip() or [upload.sha256 for upload in entry.media] == shown:
            store.note("duplicate-refused", account.name, f"the text of post {entry.id} again")
            raise duplicate(entry.id)


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise invalid(f"`{name}` must be a number")
    return int(text)


def _as_post(entry: StoredPost, account: SandboxAccount, behind: float = 0.0) -> dict[str, Any]:
    """A post; `behind`: real seconds for which it is seen without its edits."""
    changed_at = entry.edits[-1].at if entry.edits else entry.dated
    body: dict[str, Any] = {
        "id": entry.id,
        "author": author(account),
        "commentary": text_format.returned(entry.text_seen(behind)),
        "createdAt": _milliseconds(entry.created_at),
        "publishedAt": _milliseconds(entry.dated),
        "lastModifiedAt": _milliseconds(changed_at),
        "lifecycleState": "PUBLISHED",
        "visibility": "PUBLIC",
        "isReshareDisabledByAuthor": False,
        "distribution": {"feedDistribution": "MAIN_FEED", "thirdPartyDistributionChannels": []},
    }
    shown = [
        {"id": upload.id, "altText": upload.alt or "", **_titled(upload)} for upload in entry.media
    ]
    if len(shown) > 1:
        body["content"] = {"multiImage": {"images": shown}}
    elif shown:
        body["content"] = {"media": shown[0]}
    elif entry.link:
        body["content"] = {"article": {"source": entry.link}}
    return body


def _milliseconds(instant: datetime) -> int:
    return int(instant.astimezone(UTC).timestamp() * 1000)


def _titled(upload: StoredMedia) -> dict[str, str]:
    return {"title": upload.title} if upload.title else {}
