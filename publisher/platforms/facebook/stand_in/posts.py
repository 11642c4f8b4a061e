"""Page posts of the simulated Facebook: create, publish, change, delete."""

from typing import Any
from urllib.parse import urlsplit

from publisher.platforms.facebook.stand_in import comments, graph
from publisher.platforms.facebook.stand_in.graph import GraphError, flag, parameter
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.platforms.facebook.stand_in.video_status import is_video, status
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.limits import DAY
from publisher.sandbox.store import Store, StoredMedia, StoredPost

MESSAGE = 63_206  # characters; a third party's figure, Meta documents none
DUPLICATE_AGE = DAY
_NAMES = ("message", "is_published")
"""The fields of a post with its text, and whether it is public; a video has others."""


async def create(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    own_page(call.parts["page"], account, "post")
    message, link = parameter(call, "message") or "", parameter(call, "link")
    photos = [_free_photo(store, photo, account) for photo in graph.attached(call)]
    published = flag(call, "published") is not False
    if parameter(call, "scheduled_publish_time") is not None:
        raise GraphError(100, "(#100) The sandbox has no scheduled_publish_time: nobody sends it")
    check_message(message)
    _check_link(link)
    if not message.strip() and not link and not photos:
        raise GraphError(100, "(#100) One of message, link or attached_media must be given")
    if len({photo.id for photo in photos}) != len(photos):
        raise GraphError(100, "(#100) A photo stands twice in attached_media")
    if published:
        check_duplicate(store, message, account)
    entry = add(store, call, account, message, photos, link)
    shows = "photo" if photos else "link" if link else "text"
    at_once = published and not call.changed(What.IGNORED)
    on_its_own = call.changed(FacebookFault.AUTO_PUBLISH)
    if at_once or any(fault.shows in (None, shows) for fault in on_its_own):
        make_public(store, entry, account)
    return {"id": entry.id}


async def update(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    if (hidden := comments.hide(store, call, account)) is not None:
        return hidden
    entry = _changeable(store, call.parts["id"], account, "post")
    words, is_public = ("description", "published") if is_video(entry) else _NAMES
    message, wished = parameter(call, words), flag(call, is_public)
    if message is None and wished is None:
        raise GraphError(100, "(#100) At least one parameter must be given")
    if message is not None:
        check_message(message)
    _check_wish(store, call, account, entry, wished=wished)
    if call.changed(What.IGNORED):
        return {"success": True}
    if message is not None:
        change = store.edit if entry.published else store.change_text
        change(entry, message)
    if wished and not entry.published:
        make_public(store, entry, account)
    return {"success": True}


def _check_wish(
    store: Store, call: Call, account: SandboxAccount, entry: StoredPost, *, wished: bool | None
) -> None:
    """Refuse what cannot become of a post that is public, or of a video that is not ready."""
    if wished is False and entry.published:
        raise GraphError(100, "(#100) A published post cannot be unpublished")
    if wished and entry.published and call.changed(FacebookFault.ALREADY_PUBLISHED):
        raise GraphError(100, "(#100) The post has already been published")
    if wished and is_video(entry) and status(entry.media[0]) != "ready":
        store.note("video-not-ready", account.name, f"{entry.id} was to be public")
        raise GraphError(100, "(#100) The video is not ready to be published")


async def delete(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """Delete a post with its comments but not its photos, a comment, a photo or a video.

    A photo is removed from its post; a video is the post.
    """
    if (deleted := comments.delete(store, call, account)) is not None:
        return deleted
    object_id = call.parts["id"]
    upload = store.uploads.get(object_id)
    entry = store.find("facebook", object_id)
    if upload is None or upload.account != account.name or entry:
        entry = _changeable(store, object_id, account, "delete")
    if call.changed(What.IGNORED):
        return {"success": True}
    if entry:
        entry.deleted = True
        for comment in store.replies(entry.account, entry.id):
            comment.deleted = True
    if upload:
        store.forget(upload)
    return {"success": True}


def add(
    store: Store,
    call: Call,
    account: SandboxAccount,
    message: str,
    photos: list[StoredMedia],
    link: str | None = None,
) -> StoredPost:
    """Store a new post, which is not public yet."""
    entry = StoredPost(
        channel="facebook",
        account=account.name,
        id=f"{account.page_id}_{store.new_id()}",
        text=message,
        created_at=store.clock.now(),
        received_at=call.received_at,
        media=photos,
        lang=account.language,
        link=link,
        published=False,
        app=graph.app_id(account),
    )
    for photo in photos:
        photo.used_by = entry.id
    store.add(entry)
    return entry


def make_public(store: Store, entry: StoredPost, account: SandboxAccount) -> None:
    for other in _same_text(store, entry.text):
        if other.account == account.name:
            store.note("same-text-twice", account.name, f"{entry.id} says what {other.id} says")
        else:
            detail = f"{entry.id} says what {other.account} says in {other.id}"
            store.note("same-text-on-two-accounts", account.name, detail)
    entry.publish(store.clock.now())


def check_duplicate(store: Store, message: str, account: SandboxAccount) -> None:
    if any(other.account == account.name for other in _same_text(store, message)):
        store.note("duplicate-refused", account.name, "the same message again")
        raise GraphError(
            506,
            user_message=(
                "Duplicate Status Update",
                "This status update is identical to the last one you posted. Try posting something different.",
            ),
        )


def own_page(page: str, account: SandboxAccount, verb: str) -> None:
    """Check that a path names the token's Page, by its id or as `me`."""
    if page not in (account.page_id, "me"):
        raise graph.no_object(page, verb)


def _changeable(store: Store, post_id: str, account: SandboxAccount, verb: str) -> StoredPost:
    """A post of the token's Page that its app may change: only one that the app created."""
    entry = store.find("facebook", post_id)
    if entry is None or entry.account != account.name:
        raise graph.no_object(post_id, verb)
    if entry.app != graph.app_id(account):
        raise GraphError(10)
    return entry


def _same_text(store: Store, message: str) -> list[StoredPost]:
    since = store.clock.now() - DUPLICATE_AGE
    return store.saying("facebook", message, since) if message.strip() else []


def _free_photo(store: Store, photo_id: str, account: SandboxAccount) -> StoredMedia:
    photo = store.uploads.get(photo_id)
    if photo is None or photo.account != account.name:
        raise GraphError(100, f"(#100) attached_media: photo {photo_id} is no photo of this Page")
    if photo.used_by is not None:
        raise GraphError(100, f"(#100) attached_media: photo {photo_id} is published already")
    return photo


def check_message(message: str) -> None:
    if len(message) > MESSAGE:
        raise GraphError(100, f"(#100) Param message must be at most {MESSAGE} characters long")


def _check_link(link: str | None) -> None:
    if link is None:
        return
    try:
        parts = urlsplit(link)
        reachable = parts.scheme in ("http", "https") and "." in (parts.hostname or "")
    except ValueError:
        reachable = False
    if not reachable:
        raise GraphError(1609005)
