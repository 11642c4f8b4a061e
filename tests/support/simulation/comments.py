"""First comments below posts of a Page: the request, and the list in which one is found again.

The list is read by the channel's own code: other people comment too, several pages of it, and
Facebook may sort it as it likes.
"""

import json
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from publisher.model.outcomes import Answer, Kind, Outcome, Refused, Sighting, Wire
from publisher.platforms.facebook import comments
from tests.support.simulation.plan import Act
from tests.support.simulation.platform import GONE, Platform, PublicPost
from tests.support.simulation.world import START

_AT_ONCE = 2
"""Comments in one list, so that there are several."""
_OTHERS = tuple((f"reader-{number}", 10.0 * number) for number in range(1, 5))
"""Readers who comment too, and how many real seconds after the post."""


def writing(
    platform: Platform, account: str, post_id: str, text: str
) -> Callable[[float], str | Outcome]:
    """Comments below a post, as its Page."""

    def write(lag: float) -> str | Outcome:
        post = platform.posts.get(post_id)
        if post is None or post.is_deleted:
            return Refused(Kind.CONTENT, GONE, of_post=True)
        now, comment_id = platform.world.elapsed, str(next(platform.ids))
        platform.posts[comment_id] = PublicPost(
            comment_id, account, text, post_id, now, now + lag, made_at=now
        )
        return comment_id

    return write


def find(
    platform: Platform, account: str, post_id: str, text: str, since: datetime,
    taken: Collection[str],
) -> Sighting:  # fmt: skip
    """Look for the Page's comment with this text below a post."""

    def see(at: float) -> Sighting:
        is_sorted = Act.UNSORTED not in platform.struck
        page = CommentedPage(platform, account, post_id, at, is_sorted=is_sorted)
        return comments.find(page, post_id, text, since, taken)  # type: ignore[arg-type]

    return platform.look(f"comments of {post_id}", see)


class CommentedPage:
    """A Page's Graph API, as far as its comments are read."""

    def __init__(
        self, platform: Platform, account: str, post_id: str, at: float, *, is_sorted: bool
    ) -> None:
        """`at`: of which second the list is; else than `is_sorted`, it begins with the oldest."""
        self.page_id = account
        self._platform = platform
        post = platform.posts[post_id]
        ours = [
            (each.id, account, each.text, each.public_at)
            for each in platform.public
            if each.parent == post_id and each.shown_at <= at and each.public_at is not None
        ]
        others = [
            (f"{post_id}{place}", reader, "Merci !", seconds)
            for place, (reader, after) in enumerate(_OTHERS)
            if (seconds := (post.public_at or 0.0) + after) <= at
        ]
        self._listed = sorted((*ours, *others), key=lambda one: one[3], reverse=is_sorted)

    def comments(self, _post_id: str, _fields: str, _limit: int, after: str | None) -> Answer:
        begin = int(after or 0)
        end = begin + _AT_ONCE
        data = [
            {
                "id": comment_id,
                "message": text,
                "created_time": (START + timedelta(seconds=seconds)).isoformat(),
                "from": {"id": author},
            }
            for comment_id, author, text, seconds in self._listed[begin:end]
        ]
        paging: dict[str, Any] = {"cursors": {"after": str(end)}}
        if end < len(self._listed):
            paging["next"] = "https://graph.facebook.com/next"
        body = json.dumps({"data": data, "paging": paging})
        return Answer(Wire.ANSWERED, self._platform.world.now(), 200, {}, body)
