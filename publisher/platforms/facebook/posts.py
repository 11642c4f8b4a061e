"""Posts of a Page, read from Facebook: whether one is public, and whether one is deleted.

A video is a post with fields of its own (Meta's spec of AdVideo).

Facebook's answer to a request is always verified: according to one report, unpublished posts with
photos or links are public at once, and “does not exist” (error 100, subcode 33) is also the answer
for what the token may not see.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from publisher.base.i18n import _
from publisher.channels.answers import credible, identifier, mapping, parsed
from publisher.model.content import Content
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Limit,
    Outcome,
    Step,
    Unknown,
)
from publisher.platforms.facebook import health
from publisher.platforms.facebook.answers import ANSWERS, object_id
from publisher.platforms.facebook.graph import PageGraph, is_video

FIELDS = "id,is_published,permalink_url,created_time"
"""Requested with every request that creates a post or makes it public (Graph API guide,
read-after-write), so that no second request is needed if Facebook returns them.
"""
_VIDEO_FIELDS = "id,published,permalink_url,created_time"
_AT_ONCE = 100
"""Posts in one list; Meta returns no more (reference of Page feed)."""
_LISTED = "id,attachments{target{id}}"
_PAGES = 10
"""The most lists that are read to find a post among the public ones."""


@dataclass(frozen=True, slots=True)
class PagePost:
    """An existing post of a Page."""

    id: str
    is_public: bool
    url: str
    made_at: datetime
    """`created_time`, or when the answer came if it lacks that."""
    message: str | None
    """None when it was not requested, or there is none; a video's description."""
    limits: tuple[Limit, ...] = ()
    """The account's limits from the answer."""

    def says(self, content: Content) -> bool:
        """Whether it has this content's text."""
        return self.has_words(content.joined)

    def has_words(self, text: str) -> bool:
        return (self.message or "").strip() == text.strip()

    def as_early(self, outcome: Accepted) -> Accepted:
        """`outcome`, for a post that Facebook made public without a request."""
        return replace(self.as_out(outcome), public_since=self.made_at)

    def as_out(self, outcome: Accepted) -> Accepted:
        limits = outcome.limits or self.limits
        return replace(outcome, remote_id=self.id, url=self.url, limits=limits)


def fields_of(post_id: str) -> str:
    """The fields to request of a post, as `FIELDS`."""
    return _VIDEO_FIELDS if is_video(post_id) else FIELDS


def shown(answer: Answer) -> PagePost | None:
    """The post in an answer; None when the answer does not say whether it is public."""
    node = mapping(parsed(answer.body))
    post_id, is_public = object_id(node.get("id")), node.get("is_published", node.get("published"))
    if not post_id or not isinstance(is_public, bool):
        return None
    message = node.get("message", node.get("description"))
    return PagePost(
        post_id, is_public, address(node, post_id), made_at(node) or answer.received_at,
        message if isinstance(message, str) else None,
    )  # fmt: skip


def address(node: dict[str, Any], post_id: str) -> str:
    """The URL of the post: Facebook's, if it is an address of its own; of a video, it is a path."""
    told = node.get("permalink_url")
    if isinstance(told, str) and told.startswith("/"):
        told = f"https://www.facebook.com{told}"
    if isinstance(told, str) and told.startswith("https://www.facebook.com/") and len(told) < 500:
        return told
    return f"https://www.facebook.com/{post_id}"


def made_at(node: dict[str, Any]) -> datetime | None:
    """`created_time` as an instant; None when it cannot be parsed."""
    try:
        instant = datetime.fromisoformat(str(node.get("created_time")))
    except ValueError:
        return None
    return credible(instant) if instant.tzinfo else None


class PagePosts:
    """Reads the posts of one Page."""

    def __init__(self, page: PageGraph) -> None:
        self._page = page

    def look(self, post_id: str) -> PagePost | Deferred | AccountSuspended | Unknown:
        """Read a post; `Unknown` when Facebook does not show it to this token."""
        text = "description" if is_video(post_id) else "message"
        answer = self._page.get(post_id, fields=f"{fields_of(post_id)},{text}")
        outcome = ANSWERS.judge(answer, Step.READ)
        if isinstance(outcome, Accepted):
            post = shown(answer)
            return replace(post, limits=outcome.limits) if post else ANSWERS.unreadable()
        return outcome

    def fate(
        self, post_id: str, *, lately: bool = False
    ) -> PagePost | Absent | Deferred | AccountSuspended | Unknown:
        """As `look`, but `Absent` when it is certainly deleted, `Unknown` when that is not certain.

        A post is deleted if Facebook does not show it, the token is the Page's own, and Facebook
        does not list it among the public posts. `lately`: it was created not long ago, so it would
        be among the newest of these.
        """
        seen = self.look(post_id)
        if not isinstance(seen, Unknown):
            return seen
        if obstacle := self.no_access():
            return obstacle
        listed = self._is_listed(post_id, lately=lately)
        if isinstance(listed, bool):
            return Unknown(_listed(post_id)) if listed else Absent(limits=seen.limits)
        return listed

    def no_access(self) -> Deferred | AccountSuspended | None:
        """Why the token may not see all of the Page; None when it is the Page's own.

        Either it belongs to another owner, or Facebook does not say to which.
        """
        answer = self._page.me()
        owner_id = identifier(mapping(parsed(answer.body)).get("id"))
        if not owner_id:
            return _unread(answer)
        flaw = health.flaw_of_owner(owner_id, self._page.page_id)
        return Deferred(Kind.AUTH, flaw) if flaw else None

    def _is_listed(self, post_id: str, *, lately: bool) -> bool | Deferred | AccountSuspended:
        """Whether the post is listed as public; not known if it may be older than the list."""
        after = None
        for _page in range(_PAGES):
            answer = self._page.published(fields=_LISTED, limit=_AT_ONCE, after=after)
            body = mapping(parsed(answer.body))
            posts, paging = body.get("data"), mapping(body.get("paging"))
            if not isinstance(posts, list):
                return _unread(answer)
            if any(post_id in _ids(mapping(post)) for post in posts):
                return True
            after = mapping(paging.get("cursors")).get("after")
            if not paging.get("next") or not isinstance(after, str):
                return False
        if lately:
            return False
        return replace(ANSWERS.unreadable(), kind=Kind.UNAVAILABLE)  # it may be older than these


def _ids(post: dict[str, Any]) -> tuple[object, object]:
    """The ids of a listed post, and of the video that it shows."""
    attachments = mapping(post.get("attachments")).get("data")
    first = mapping(attachments[0]) if isinstance(attachments, list) and attachments else {}
    return post.get("id"), mapping(first.get("target")).get("id")


def _unread(answer: Answer) -> Deferred | AccountSuspended:
    """The outcome of an answer that shows nothing."""
    outcome: Outcome | Absent = ANSWERS.judge(answer, Step.READ)
    if isinstance(outcome, AccountSuspended | Deferred):
        return outcome
    return replace(ANSWERS.unreadable(), kind=Kind.UNAVAILABLE)


def _listed(post_id: str) -> str:
    return _(
        "Facebook says that {post_id} is not there, but still lists it on the Page: it is out. "
        "Look at the Page.",
        post_id=post_id,
    )
