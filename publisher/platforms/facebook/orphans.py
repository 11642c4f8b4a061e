"""Orphans on a Page: posts of earlier attempts whose ids were not recorded.

The answer to a request that creates an unpublished post can get lost, and its worker can die before
it records the id. The next attempt reads what is on the Page (`/feed` with `is_published`). Meta
has no way to mark a post as our own, so a post counts as ours only if it is unpublished and not
scheduled, was created by our app, at the time of our attempts, and has exactly our text, our link
and as many pictures. Any other post with our text is left alone, and recorded. A post that looks
like ours and is public is found as well: Facebook may publish at once what should stay unpublished.
So is a post that was created as public, on Pages where that was seen.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from publisher.base.clock import Clock
from publisher.base.i18n import _, later
from publisher.channels.answers import Lately, identifier, mapping, parsed
from publisher.channels.base import NotPrepared
from publisher.model.content import Content
from publisher.model.deliveries import BegunAttempts, Prepared
from publisher.model.outcomes import Absent, Accepted, Answer, Sighting, Step, Unknown, Wire
from publisher.platforms.facebook.answers import ANSWERS, object_id
from publisher.platforms.facebook.graph import PageGraph
from publisher.platforms.facebook.posts import address, made_at

NEWEST = 100
"""The number of posts that are read; Meta lists no more at once (reference of Page feed)."""
SKEW = timedelta(minutes=1)
"""The largest difference between Facebook's clock and ours."""
FIELDS = (
    "id,message,created_time,is_published,permalink_url,scheduled_publish_time,application{id},"
    "attachments{type,target{id},unshimmed_url,subattachments{target{id}}}"
)
UNREAD = later(
    "Publisher could not read the Page: an unpublished post of an earlier attempt may remain on it."
)


class OrphanSearch:
    """Looks for orphans of earlier attempts on one Page."""

    def __init__(self, page: PageGraph, clock: Clock, longest: timedelta) -> None:
        """`longest`: the longest time between an attempt and its post, by our clock."""
        self._page = page
        self._longest = longest
        self._app_id = ""
        self._lately: Lately[Answer] = Lately(clock)

    def find(self, content: Content, prepared: Prepared) -> Prepared | None:
        """`prepared` with the orphans of what was `begun`: `leftovers`, and a draft among them.

        None when the Page cannot be read. Reads only. Raises `NotPrepared` when Facebook cannot be
        reached.
        """
        resolved = prepared.model_copy(update={"begun": (), "note": None})
        listed = self._listed()
        if listed is None:
            return None
        words = {preparation.content.joined.strip() for preparation in prepared.begun}
        alike = sorted(
            (
                post
                for post in map(_made, listed)
                if post and post.message and post.message in words
            ),
            key=lambda post: post.made_at,
        )
        ours = [post for post in alike if self._is_ours(post, prepared.begun)]
        others = [post for post in alike if post not in ours and not post.is_public]
        found: dict[str, Any] = {
            "leftovers": tuple(post.id for post in ours),
            "note": _told([post for post in ours if not post.is_public], others),
        }
        # It is not certain which pictures a post shows; one with pictures is created again.
        whole = [
            post
            for post in ours
            if not post.pictures and not post.is_public and _is_of(post, content)
        ]
        if whole:
            found |= {"draft_id": whole[0].id, "digest": content.digest}
        return resolved.model_copy(update=found)

    def published(
        self, content: Content, since: datetime, taken: Collection[str], *, lately: bool
    ) -> Sighting:
        """Look for a post that was created as public at `since` or later, by its text and its time.

        `lately`: a recent reading is good enough. Not every post is listed (reference of Page
        feed), so an absence proves nothing.
        """
        kept = self._lately.read if lately else None
        answer = kept or self._lately.keep(self._page.published(FIELDS, NEWEST))
        outcome = ANSWERS.judge(answer, Step.READ)
        posts = mapping(parsed(answer.body)).get("data")
        if not isinstance(posts, list):
            return ANSWERS.unreadable() if isinstance(outcome, Accepted | Unknown) else outcome
        found = [
            post
            for post in map(_made, posts)
            if post
            and post.is_public
            and _has_words_of(post, content)
            and post.made_at >= since - SKEW
            and post.id not in taken
            and post.app_id in ("", self._own_app())
        ]
        if not found:
            return Absent(lists_all=False, limits=outcome.limits)
        first = min(found, key=lambda post: post.made_at)
        return Accepted(first.id, url=first.url, made_at=first.made_at, limits=outcome.limits)

    def _is_ours(self, post: "_Post", begun: Sequence[BegunAttempts]) -> bool:
        fits = any(
            preparation.first - SKEW <= post.made_at <= preparation.last + self._longest + SKEW
            and _is_of(post, preparation.content)
            for preparation in begun
        )
        return fits and bool(post.app_id) and post.app_id == self._own_app()

    def _listed(self) -> list[Any] | None:
        """The newest posts on the Page; None when they cannot be read."""
        answer = self._page.feed(FIELDS, NEWEST)
        if answer.wire is Wire.NOT_SENT:
            raise NotPrepared(ANSWERS.judge(answer, Step.PREPARE))
        posts = mapping(parsed(answer.body)).get("data")
        return posts if isinstance(posts, list) else None

    def _own_app(self) -> str:
        """The id of the app that the token belongs to; empty when Facebook does not say."""
        if not self._app_id:
            told = mapping(mapping(parsed(self._page.debug_token().body)).get("data"))
            self._app_id = identifier(told.get("app_id"))
        return self._app_id


@dataclass(frozen=True, slots=True)
class _Post:
    """A post as Facebook lists it."""

    id: str
    message: str
    made_at: datetime
    app_id: str
    """Empty when no app made it."""
    link: str | None
    pictures: int
    is_public: bool
    url: str


def _made(item: Any) -> _Post | None:
    """The post of a list's item; None if it is scheduled, or cannot be read."""
    post = mapping(item)
    post_id, message = object_id(post.get("id")), post.get("message", "")
    is_public, instant = post.get("is_published"), made_at(post)
    is_scheduled = post.get("scheduled_publish_time") is not None and is_public is False
    if not isinstance(is_public, bool) or not isinstance(message, str):
        return None
    if instant is None or not post_id or is_scheduled:
        return None
    attachment = mapping(next(iter(_data(post.get("attachments"))), None))
    album = _data(attachment.get("subattachments"))
    is_link = attachment.get("type") == "share"
    return _Post(
        id=post_id,
        message=message.strip(),
        made_at=instant,
        app_id=identifier(mapping(post.get("application")).get("id")),
        link=str(attachment.get("unshimmed_url")) if is_link else None,
        pictures=0 if is_link else len(album) or bool(attachment),
        is_public=is_public,
        url=address(post, post_id),
    )


def _data(edge: Any) -> list[Any]:
    items = mapping(edge).get("data")
    return items if isinstance(items, list) else []


def _has_words_of(post: _Post, content: Content) -> bool:
    """Whether a post has this content's text or, without text, its link and pictures."""
    words = content.joined.strip()
    return post.message == words if words else _is_of(post, content)


def _is_of(post: _Post, content: Content) -> bool:
    """Whether a post has this content's text, link and number of pictures."""
    pictures = sum(len(part.pictures) for part in content.parts)
    wanted = (content.joined.strip(), content.link, pictures)
    return (post.message, post.link, post.pictures) == wanted


def _told(ours: Sequence[_Post], others: Sequence[_Post]) -> str | None:
    """The message for the history about posts with the same text."""
    sentences = []
    if ours:
        sentences.append(
            _("Earlier attempts left these unpublished on the Page: {ids}.", ids=_named(ours))
        )
    if others:
        sentences.append(
            _(
                "Unpublished on the Page, with the same words: {ids}. Nothing proves that "
                "earlier attempts made it, so Publisher left it alone; delete it there if nobody "
                "needs it.",
                ids=_named(others),
            )
        )
    return " ".join(sentences) or None


def _named(posts: Sequence[_Post]) -> str:
    return ", ".join(post.id for post in posts)
