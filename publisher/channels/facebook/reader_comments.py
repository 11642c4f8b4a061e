"""Readers' comments under a Page's posts: read with `filter=stream`, hidden, and deleted.

The comments of a post are read from the oldest on, from the time of the newest one that is known:
so a flood is read piece by piece, and nothing of it is skipped. Who wrote a comment is shown only
with pages_read_user_content; to hide and delete takes pages_manage_engagement.

Sources: Meta's own spec of PagePost (edge `comments`, with `filter`, `order` and `since`), its
reference of Comment (`is_hidden`, DELETE) and its reference of permissions.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from publisher.channels.answers import mapping, parsed, whole
from publisher.channels.comments import (
    PAGES,
    CommentPage,
    check,
    unreadable,
    used_share,
    whole_answer,
)
from publisher.channels.facebook.answers import ANSWERS, object_id
from publisher.channels.facebook.graph import PageGraph
from publisher.channels.facebook.posts import made_at
from publisher.channels.facebook.spec import PERMISSIONS
from publisher.model.outcomes import Answer
from publisher.model.reader_comments import ReaderComment, kept_address, kept_name, kept_text

if TYPE_CHECKING:
    from publisher.channels.spec import ChannelOptions
    from publisher.model.accounts import Account

_FIELDS = "id,message,created_time,from{id,name},is_hidden,permalink_url"
_OVERLAP = timedelta(minutes=1)
"""Read again before the newest known comment: `since` has whole seconds, and clocks differ."""
_MISSING_OBJECT = 33


class PageComments:
    """Reads and moderates the comments on one Page's posts."""

    def __init__(self, page: PageGraph) -> None:
        self._page = page

    @classmethod
    def open(
        cls, account: "Account", credentials: Mapping[str, str], options: "ChannelOptions"
    ) -> "PageComments":
        from publisher.channels.facebook.spec import SPEC  # noqa: PLC0415 - it imports this

        return cls(
            PageGraph(
                account.page_id or "",
                credentials,
                graph_url=options.servers.get(SPEC.name),
                timeout=options.request_timeout,
                clock=options.clock,
                heard=options.heard(SPEC),
            )
        )

    def read(self, post_id: str, cursor: str) -> CommentPage:
        """The comments on one post; see `CommentReader.read`."""
        told = mapping(parsed(cursor))
        since, after = whole(told.get("since")), _text(told.get("after")) or None
        newest = whole(told.get("newest")) or since or 0
        found: dict[str, ReaderComment] = {}
        used = 0.0
        for _page in range(PAGES):
            ask = partial(self._page.reader_comments, post_id, _FIELDS, since, after)
            answer = whole_answer(ask)
            if _is_missing(answer):  # of the post: withdrawn, or the cursor's comment is deleted
                break
            check(answer, ANSWERS, PERMISSIONS)
            body = mapping(parsed(answer.body))
            listed, paging = body.get("data"), mapping(body.get("paging"))
            if not isinstance(listed, list):
                raise unreadable(ANSWERS)
            used = used_share(ANSWERS, answer)
            for comment in filter(None, (self._comment(one, post_id) for one in listed)):
                found[comment.id] = comment
                newest = max(newest, int(comment.written_at.timestamp()))
            after = mapping(paging.get("cursors")).get("after")
            if not (paging.get("next") and isinstance(after, str) and after):
                after = None
                break
        if after:  # from here on, the next time
            kept = json.dumps({"since": since or 0, "after": after[:500], "newest": newest})
            return CommentPage(tuple(found.values()), kept, is_complete=False, used=used)
        later = max(newest - int(_OVERLAP.total_seconds()), 0)
        return CommentPage(tuple(found.values()), json.dumps({"since": later}), used=used)

    def hide(self, comment_id: str) -> bool:
        return self._changed(self._page.hide(comment_id))

    def delete(self, comment_id: str) -> bool:
        return self._changed(self._page.delete(comment_id))

    def gone(self, comment_ids: Sequence[str]) -> frozenset[str]:
        """Those that Facebook does not find for the Page's own token; see `CommentReader.gone`."""
        found = set()
        for comment_id in comment_ids:
            answer = self._page.get(comment_id, "id")
            if _is_missing(answer):
                found.add(comment_id)
            else:
                check(answer, ANSWERS, PERMISSIONS)
        return frozenset(found)

    def _changed(self, answer: Answer) -> bool:
        if _is_missing(answer):
            return False
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
            text=kept_text(_text(told.get("message"))),
            written_at=written_at,
            url=kept_address(_text(told.get("permalink_url"))),
            is_hidden=told.get("is_hidden") is True,
        )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_missing(answer: Answer) -> bool:
    """Whether Facebook says that the object is not there, or not the Page's to see."""
    error = mapping(mapping(parsed(answer.body)).get("error"))
    return whole(error.get("code")) == 100 and whole(error.get("error_subcode")) == _MISSING_OBJECT
