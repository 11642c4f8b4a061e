"""Readers' comments under a Page's posts: read with `filter=stream`, hidden, and deleted.

The comments of a post are read from the oldest on, from the time of the newest one that is known:
so a flood is read piece by piece, and nothing of it is skipped. Who wrote a comment is shown only
with pages_read_user_content; to hide and delete takes pages_manage_engagement.

Sources: Meta's own spec of PagePost (edge `comments`, with `filter`, `order` and `since`), its
reference of Comment (`is_hidden`, DELETE) and its reference of permissions.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed, whole
from publisher.channels.comments import (
    PAGES,
    CommentPage,
    CommentsUnavailable,
    check,
    gone_among,
    unreadable,
    used_share,
    whole_answer,
)
from publisher.model.outcomes import Absent, Answer
from publisher.model.reader_comments import JUDGED, ReaderComment, kept_address, kept_name
from publisher.platforms.facebook.answers import ANSWERS, is_missing, object_id
from publisher.platforms.facebook.graph import PageGraph
from publisher.platforms.facebook.posts import PagePost, PagePosts, made_at
from publisher.platforms.facebook.spec import PERMISSIONS

if TYPE_CHECKING:
    from publisher.channels.spec import ChannelOptions
    from publisher.model.accounts import Account

_FIELDS = "id,message,created_time,from{id,name},is_hidden,permalink_url"
_OVERLAP = timedelta(minutes=1)
"""Read again before the newest known comment: `since` has whole seconds, and clocks differ."""
_WHOLE = timedelta(hours=1)
"""How often all comments of a post are read again."""
_LONGEST_CURSOR = 500


@dataclass(slots=True)
class _Place:
    """How far the comments of a post are read."""

    since: int
    """Second since 1970 from which on they are asked for."""
    after: str | None
    """Facebook's cursor within a reading that is not complete."""
    newest: int
    """Second of the newest one that was seen."""
    whole: int
    """Second of the last reading from the beginning."""

    @classmethod
    def of(cls, cursor: str, now: datetime) -> "_Place":
        told, second = mapping(parsed(cursor)), int(now.timestamp())
        since, whole_at = whole(told.get("since")) or 0, whole(told.get("whole")) or 0
        newest = whole(told.get("newest")) or since
        after = _text(told.get("after")) or None
        if after is None and not 0 <= second - whole_at < _WHOLE.total_seconds():
            return cls(0, None, newest, second)
        return cls(since, after, newest, whole_at)

    def ended(self) -> "_Place":
        later = max(self.newest - int(_OVERLAP.total_seconds()), 0)
        return _Place(later, None, self.newest, self.whole)

    def restarted(self) -> "_Place":
        return _Place(self.since, None, self.newest, self.whole)

    def __str__(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


class PageComments:
    """Reads and moderates the comments on one Page's posts."""

    def __init__(self, page: PageGraph, clock: Clock) -> None:
        self._page = page
        self._posts = PagePosts(page)
        self._clock = clock

    @classmethod
    def open(
        cls, account: "Account", credentials: Mapping[str, str], options: "ChannelOptions"
    ) -> "PageComments":
        from publisher.platforms.facebook.spec import SPEC  # noqa: PLC0415 - it imports this

        return cls(
            PageGraph(
                account.page_id or "",
                credentials,
                graph_url=options.servers.get(SPEC.name),
                timeout=options.request_timeout,
                clock=options.clock,
                heard=options.heard(SPEC),
            ),
            options.clock,
        )

    def read(
        self,
        post_id: str,
        cursor: str,
        most: int | None = None,  # noqa: ARG002 - nothing is charged
        since: datetime | None = None,  # noqa: ARG002 - each post is read from its beginning
    ) -> CommentPage:
        """The comments on one post; see `CommentReader.read`.

        Once an hour from the beginning: some appear late, with the time at which they were written.
        """
        place = _Place.of(cursor, self._clock.now())
        found: dict[str, ReaderComment] = {}
        used = 0.0
        for number in range(PAGES):
            ask = partial(
                self._page.reader_comments, post_id, _FIELDS, place.since or None, place.after
            )
            answer = whole_answer(ask)
            used = max(used, used_share(ANSWERS, answer))
            if is_missing(answer):
                if place.after is None and not number:
                    return self._without(post_id, place, used)
                # The cursor's comment may be deleted: from the beginning, the next time.
                return CommentPage(tuple(found.values()), str(place.restarted()), used=used)
            try:
                check(answer, ANSWERS, PERMISSIONS)
            except CommentsUnavailable:
                if not found:
                    raise
                break
            body = mapping(parsed(answer.body))
            listed, paging = body.get("data"), mapping(body.get("paging"))
            if not isinstance(listed, list):
                raise unreadable(ANSWERS)
            for comment in filter(None, (self._comment(one, post_id) for one in listed)):
                found[comment.id] = comment
                place.newest = max(place.newest, int(comment.written_at.timestamp()))
            after = _text(mapping(paging.get("cursors")).get("after"))[:_LONGEST_CURSOR]
            if not paging.get("next") or not after or after == place.after:
                return CommentPage(tuple(found.values()), str(place.ended()), used=used)
            place.after = after
        return CommentPage(tuple(found.values()), str(place), is_complete=False, used=used)

    def _without(self, post_id: str, place: "_Place", used: float) -> CommentPage:
        """What it means that Facebook does not find the post: that it is gone, if that is certain.

        Raises CommentsUnavailable otherwise: the token may lack a permission.
        """
        if self._no_access() or not isinstance(self._posts.fate(post_id), Absent):
            raise _unseen()
        return CommentPage((), str(place.restarted()), used=used, is_gone=True)

    def hide(self, comment_id: str) -> bool:
        return self._changed(self._page.hide(comment_id), comment_id)

    def delete(self, comment_id: str) -> bool:
        return self._changed(self._page.delete(comment_id), comment_id)

    def gone(self, comment_ids: Sequence[str]) -> frozenset[str]:
        """Those that Facebook does not find for the Page's own token; see `CommentReader.gone`."""
        return gone_among(comment_ids, self._is_gone)

    def _is_gone(self, comment_id: str) -> bool:
        """Whether a comment is deleted. "Does not exist" is also said of what may not be seen.

        So it is believed only if the token is the Page's own and sees the comment's post, or the
        post is certainly gone too. Raises CommentsUnavailable if it is not certain.
        """
        answer = self._page.get(comment_id, "id")
        if not is_missing(answer):
            check(answer, ANSWERS, PERMISSIONS)
            return False
        number = comment_id.partition("_")[0]
        posts = f"{self._page.page_id}_{number}", number
        if self._no_access() or not any(
            isinstance(self._posts.look(one), PagePost) for one in posts
        ):
            raise _unseen()
        return True

    def _no_access(self) -> bool:
        return self._posts.no_access() is not None

    def _changed(self, answer: Answer, comment_id: str) -> bool:
        if is_missing(answer):
            if self._is_gone(comment_id):
                return False
            raise _unseen()
        check(answer, ANSWERS, PERMISSIONS)
        body = parsed(answer.body)
        if body is not True and mapping(body).get("success") is not True:
            raise unreadable(ANSWERS)
        return True

    def _comment(self, node: Any, post_id: str) -> ReaderComment | None:
        """A comment of somebody else; None for the Page's own, and for what is none."""
        told = mapping(node)
        comment_id, written_at = object_id(told.get("id")), made_at(told)
        author = mapping(told.get("from"))
        if not (comment_id and written_at) or author.get("id") == self._page.page_id:
            return None
        return ReaderComment(
            id=comment_id,
            under=post_id,
            author=kept_name(_text(author.get("name"))),
            text=_text(told.get("message"))[:JUDGED],
            written_at=written_at,
            url=kept_address(_text(told.get("permalink_url"))),
            is_hidden=told.get("is_hidden") is True,
        )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _unseen() -> CommentsUnavailable:
    return CommentsUnavailable(
        _(
            "Facebook says that a comment or its post is not there, or that the app may not see "
            "it. Give the app {permissions}, or look at the Page. Publisher tries again.",
            permissions=PERMISSIONS,
        )
    )
