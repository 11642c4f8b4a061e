"""Read calls of the simulated Facebook: a Page, its posts, and one post, video, photo or comment.

Each has the fields that Publisher asks for; to ask for others is refused like nonsense.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from publisher.platforms.facebook.stand_in import comments, graph, video_status
from publisher.platforms.facebook.stand_in.fields import Edge, Enclosed, Node, show, wanted
from publisher.platforms.facebook.stand_in.graph import GraphError
from publisher.platforms.facebook.stand_in.posts import own_page
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.sandbox.accounts import SandboxAccount, number
from publisher.sandbox.comments import StoredComment
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.profiles import ShownProfile, profile_of
from publisher.sandbox.store import Store, StoredMedia, StoredPost

READ_LIMIT = 100  # reference/page/feed: "a maximum of 100"

_DEFAULT_PAGE = 25  # developers.facebook.com/docs/graph-api/results
_POST = ("created_time", "message", "id")
_COMMENT = ("created_time", "from", "message", "id")
_NO_PICTURE = "https://scontent.xx.fbcdn.net/silhouette.png"
_ADDRESS = "https://www.facebook.com"

Entry = TypeVar("Entry", StoredPost, StoredPost | StoredComment)


async def feed(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """`/feed`: the Page's posts, newest first; unpublished ones too, for its own token."""
    return _listed(store, call, account, with_unpublished=True)


async def published_posts(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """`/published_posts`: the public posts, newest first."""
    return _listed(store, call, account, with_unpublished=False)


def _listed(
    store: Store, call: Call, account: SandboxAccount, *, with_unpublished: bool
) -> dict[str, Any]:
    own_page(call.parts["page"], account, "get")
    posts = store.timeline(account.name, call.delay(What.LAG), with_unpublished=with_unpublished)
    shown = [
        entry
        for entry in posts
        # A video is a post of the Page once it is public; a comment is none.
        if not entry.in_reply_to and (entry.published or not video_status.is_video(entry))
    ]
    return _paged(call, shown, lambda entry: _post(entry, account), _POST)


async def comments_on(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """`/comments`: those on a post."""
    shown = comments.on(store, call, account)
    is_nameless = bool(call.changed(FacebookFault.NAMELESS))
    return _paged(
        call, shown, lambda entry: _comment(entry, account, is_nameless=is_nameless), _COMMENT
    )


def _paged(
    call: Call,
    shown: Sequence[Entry],
    node_of: Callable[[Entry], Node],
    default: Sequence[str],
) -> dict[str, Any]:
    size = graph.number(call, "limit")
    if size is not None and not 1 <= size <= READ_LIMIT:
        raise GraphError(100, "(#100) Param limit must be from 1 to 100")
    size, fields = size or _DEFAULT_PAGE, wanted(call.query.get("fields", ""), default)
    start = _start(call, shown)
    page = shown[start : start + size]
    body: dict[str, Any] = {"data": [show(node_of(entry), fields) for entry in page]}
    if page:
        paging: dict[str, Any] = {"cursors": {"before": page[0].id, "after": page[-1].id}}
        if start + size < len(shown):
            paging["next"] = _next(call, page[-1].id)
        body["paging"] = paging
    return body


async def get(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """Return a Page, a post, video, photo or comment, by its id."""
    behind = call.delay(What.EDIT_LATE)
    node, default = found(store, call.parts["id"], account, profile_of(call, account), behind)
    shown: dict[str, Any] = show(node, wanted(call.query.get("fields", ""), default))
    return shown


def after_write(
    store: Store, call: Call, account: SandboxAccount, body: dict[str, Any]
) -> dict[str, Any]:
    """The `fields` that a writing request asked for (read-after-write)."""
    fields = graph.parameter(call, "fields")
    if not fields or call.changed(FacebookFault.NO_FIELDS):
        return {}
    if call.changed(FacebookFault.FIELDS_DENIED):
        raise GraphError(10)
    node, _default = found(store, body.get("id") or call.parts["id"], account)
    shown: dict[str, Any] = show(node, wanted(fields, ()))
    return shown


def found(
    store: Store,
    wished: str,
    account: SandboxAccount,
    profile: ShownProfile | None = None,
    behind: float = 0.0,
) -> tuple[Node, Sequence[str]]:
    """The object with an id, and its default fields; `behind`: real seconds without its edits."""
    if wished in (account.page_id, "me"):
        return _page(account, profile), ("name", "id")
    entry = store.find("facebook", wished)
    if entry and entry.account == account.name and entry.in_reply_to:
        return _comment(entry, account), _COMMENT
    upload = store.uploads.get(wished)
    if upload and upload.account == account.name:
        node = (
            _video(upload, entry, account, behind) if upload.category != "image" else _photo(upload)
        )
        return node, ("created_time", "id")
    if entry and entry.account == account.name:
        return _post(entry, account, behind), _POST
    if comment := comments.readers(store, wished, account):
        return _comment(comment, account), _COMMENT
    raise graph.no_object(wished)


def _start(call: Call, shown: Sequence[StoredPost | StoredComment]) -> int:
    ids, after = [entry.id for entry in shown], call.query.get("after")
    if after is None:
        return 0
    return ids.index(after) + 1 if after in ids else len(ids)


def _next(call: Call, after: str) -> str:
    query = {**dict(call.query.multi_items()), "after": after}
    version = call.headers["facebook-api-version"]
    bare = call.operation.path.format(**call.parts)
    return f"https://graph.facebook.com/{version}{bare}?{urlencode(query)}"


def _page(account: SandboxAccount, profile: ShownProfile | None = None) -> Node:
    names = {"id": account.page_id, "name": account.title, "username": account.handle}
    if profile is None:  # in a post
        return Node("Page", names)
    picture = {"url": profile.picture or _NO_PICTURE, "is_silhouette": not profile.picture}
    shown = {"name": profile.name, "username": profile.handle}
    return Node(
        "Page", {**names, **shown, "picture": Enclosed(Node("ProfilePictureSource", picture))}
    )


def _post(entry: StoredPost, account: SandboxAccount, behind: float = 0.0) -> Node:
    scheduled = None if entry.published else entry.scheduled_for
    post_id = f"{account.page_id}_{entry.id}" if video_status.is_video(entry) else entry.id
    values = {
        "id": post_id,
        "message": entry.text_seen(behind) or None,
        "created_time": _facebook_time(entry.dated),
        "is_published": entry.published,
        "from": _page(account),
        "application": Node("Application", {"id": entry.app}) if entry.app else None,
        "permalink_url": f"{_ADDRESS}/{post_id.replace('_', '/posts/')}",
        "scheduled_publish_time": scheduled.timestamp() if scheduled else None,
        "attachments": _attachments(entry),
    }
    return Node("PagePost", values)


def _attachments(entry: StoredPost) -> Edge | None:
    if video_status.is_video(entry):
        url = f"{_ADDRESS}/watch/?v={entry.id}"
        return Edge([_attachment("video_inline", url, entry.id)])
    photos = [
        _attachment("photo", f"{_ADDRESS}/photo/?fbid={photo.id}", photo.id)
        for photo in entry.media
    ]
    if len(photos) > 1:
        first = photos[0].values
        return Edge(
            [Node("StoryAttachment", {**first, "type": "album", "subattachments": Edge(photos)})]
        )
    if photos:
        return Edge(photos)
    return Edge([_attachment("share", entry.link)]) if entry.link else None


def _attachment(
    kind: str, url: str, target_id: str | None = None, subattachments: Edge | None = None
) -> Node:
    target = Node("StoryAttachmentTarget", {"id": target_id, "url": url})
    values = {
        "type": kind,
        "target": target,
        "unshimmed_url": url,
        "subattachments": subattachments,
    }
    return Node("StoryAttachment", values)


def _photo(photo: StoredMedia) -> Node:
    values = {
        "id": photo.id,
        "created_time": _facebook_time(photo.created_at),
        "alt_text": photo.alt,
        "width": photo.width,
        "height": photo.height,
        "link": f"{_ADDRESS}/photo/?fbid={photo.id}",
        "page_story_id": photo.used_by,
    }
    return Node("Photo", values)


def _video(
    upload: StoredMedia, entry: StoredPost | None, account: SandboxAccount, behind: float = 0.0
) -> Node:
    """A video; before its upload is finished, it has no post."""
    published = bool(entry and entry.published)
    values = {
        "id": upload.id,
        "created_time": _facebook_time(entry.dated if entry else upload.created_at),
        "description": (entry.text_seen(behind) or None) if entry else None,
        "from": _page(account),
        # The reference has a whole address; the answer has its path alone (seen).
        "permalink_url": f"/{account.page_id}/videos/{upload.id}/",
        "published": published,
        "scheduled_publish_time": None,
        "status": Node("VideoStatus", video_status.shown(upload, published=published)),
    }
    return Node("Video", values)


def _comment(
    comment: StoredPost | StoredComment, account: SandboxAccount, *, is_nameless: bool = False
) -> Node:
    if isinstance(comment, StoredComment):
        return _readers_comment(comment, is_nameless=is_nameless)
    values = {
        "id": comment.id,
        "created_time": _facebook_time(comment.dated),
        "from": None if is_nameless else _page(account),
        "message": comment.text,
        "permalink_url": f"{_ADDRESS}/{comment.in_reply_to}?comment_id={comment.id}",
        "is_hidden": False,
        "parent": None,
    }
    return Node("Comment", values)


def _readers_comment(comment: StoredComment, *, is_nameless: bool) -> Node:
    author = Node("User", {"id": number(f"reader {comment.author}"), "name": comment.author})
    values = {
        "id": comment.id,
        "created_time": _facebook_time(comment.written_at),
        "from": None if is_nameless else author,
        "message": comment.text,
        "permalink_url": f"{_ADDRESS}/{comment.under}?comment_id={comment.id}",
        "is_hidden": comment.is_hidden,
        "parent": Node("Comment", {"id": comment.parent}) if comment.parent else None,
    }
    return Node("Comment", values)


def _facebook_time(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
