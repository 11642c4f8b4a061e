"""Readers' comments on a site's posts: read, held back, and put into the trash.

Those of a post are read from the oldest on, from the time of the newest one that is known: so a
flood is read piece by piece, and one that is deleted meanwhile hides no other. An author may read
and change the comments on its own posts; on others', who has moderate_comments. Comments that wait
for approval are read too, as hidden ones: a disclosure can be among them.

Source: WordPress' own code of 6.8 (`class-wp-rest-comments-controller.php`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from publisher.base.clock import Clock
from publisher.channels.answers import identifier, mapping, numeral, parsed, whole
from publisher.channels.comments import (
    PAGES,
    CommentPage,
    CommentsUnavailable,
    check,
    gone_among,
    unreadable,
    whole_answer,
)
from publisher.model.outcomes import Answer
from publisher.model.reader_comments import JUDGED, ReaderComment, kept_address, kept_name
from publisher.platforms.wordpress import comment_html
from publisher.platforms.wordpress.answers import ANSWERS, instant, said
from publisher.platforms.wordpress.site import SiteApi, address_of
from publisher.platforms.wordpress.spec import PERMISSIONS

if TYPE_CHECKING:
    from publisher.channels.spec import ChannelOptions
    from publisher.model.accounts import Account

_HELD = "hold"
_GONE = frozenset({"trash", "post-trashed", "spam"})
"""The statuses of a comment that the site's staff has put away."""
_OVERLAP = 5
"""Seconds that are read again before the newest known comment: a site dates them itself."""
_WHOLE = timedelta(hours=1)
"""How often all comments of a post are read again: some appear late, such as from spam."""


@dataclass(slots=True)
class _Place:
    """How far the comments of a post are read, in seconds since 1970."""

    since: int
    """After which second they are asked for."""
    skip: int
    """How many of these are read."""
    newest: int
    whole: int
    """When they were read from the beginning for the last time."""

    @classmethod
    def of(cls, cursor: str, now: datetime) -> "_Place":
        told, second = mapping(parsed(cursor)), int(now.timestamp())
        since, skip, newest, whole_at = (
            whole(told.get(name)) or 0 for name in ("since", "skip", "newest", "whole")
        )
        is_within = since or skip
        if not (is_within and 0 <= second - whole_at < _WHOLE.total_seconds()):
            return cls(0, 0, newest, second)
        return cls(since, skip, newest, whole_at)

    @property
    def after(self) -> datetime | None:
        return datetime.fromtimestamp(self.since, UTC) if self.since else None

    def passed(self, asked: int, times: Sequence[int]) -> None:
        """Go on behind a page: from the second of its last one on, which may have more."""
        last = max(times, default=0) - 1
        self.newest = max(self.newest, last + 1)
        if last > self.since:
            self.since, self.skip = last, 0
        else:
            self.skip += asked

    def end(self) -> None:
        self.since, self.skip = max(self.newest - _OVERLAP, 0), 0

    def __str__(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


class SiteComments:
    """Reads and moderates the comments on one user's posts."""

    def __init__(self, site: SiteApi, clock: Clock) -> None:
        self._site = site
        self._clock = clock
        self._own: str | None = None

    @classmethod
    def open(
        cls, _account: "Account", credentials: Mapping[str, str], options: "ChannelOptions"
    ) -> "SiteComments":
        from publisher.platforms.wordpress.spec import SPEC  # noqa: PLC0415 - it imports this

        return cls(
            SiteApi(
                credentials,
                instead=options.servers.get(SPEC.name),
                timeout=options.request_timeout,
                clock=options.clock,
                heard=options.heard(SPEC),
                public_only=options.public_only(SPEC.name, address_of(credentials["server"])[0]),
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
        """The comments on one post; see `CommentReader.read`."""
        place = _Place.of(cursor, self._clock.now())
        found: dict[str, ReaderComment] = {}
        for _page in range(PAGES):
            try:
                listed, asked, total = self._listed(post_id, place)
            except CommentsUnavailable:
                if not found:
                    raise
                return CommentPage(tuple(found.values()), str(place))
            its = [comment for one in listed if (comment := self._comment(one, post_id))]
            found |= {comment.id: comment for comment in its}
            is_last = place.skip + asked >= total
            place.passed(
                asked, [int(time.timestamp()) for time in map(_written_at, listed) if time]
            )
            if is_last:
                place.end()
                return CommentPage(tuple(found.values()), str(place))
        return CommentPage(tuple(found.values()), str(place), is_complete=False)

    def _listed(self, post_id: str, place: _Place) -> tuple[list[dict[str, Any]], int, int]:
        """A page of comments, how many it was asked for, and how many there are in all."""
        asked: list[int] = []

        def ask(size: int) -> Answer:
            asked.append(size)
            return self._site.reader_comments(post_id, place.after, place.skip, size)

        answer = whole_answer(ask)
        if _code(answer) == "rest_no_route":
            return [], asked[-1], 0  # a plugin has taken comments out of the site
        check(answer, ANSWERS, PERMISSIONS)
        listed = said(answer)
        if not isinstance(listed, list):
            raise unreadable(ANSWERS)
        total = whole(answer.headers.get("x-wp-total"))
        if total is None:  # something in between removes it: until a page is empty
            total = place.skip + asked[-1] + len(listed)
        return [mapping(one) for one in listed], asked[-1], total

    def hide(self, comment_id: str) -> bool:
        """Hold a comment back; see `CommentReader.hide`.

        What is held back is not asked for again: WordPress refuses what changes nothing. What is in
        the trash would be taken out of it.
        """
        status = self._status(comment_id)
        if status is None or status == _HELD:
            return status is not None
        answer = self._site.hold(comment_id)
        if _is_missing(answer):
            return False
        check(answer, ANSWERS, PERMISSIONS)
        if mapping(said(answer)).get("status") != _HELD:
            raise unreadable(ANSWERS)
        return True

    def delete(self, comment_id: str) -> bool:
        """Put a comment into the trash; delete it for good on a site that has none."""
        answer = self._site.trash(comment_id)
        if _code(answer) == "rest_trash_not_supported":
            answer = self._site.delete("comments", comment_id)
        if _is_missing(answer) or _code(answer) == "rest_already_trashed":
            return False
        check(answer, ANSWERS, PERMISSIONS)
        told = mapping(said(answer))
        if told.get("deleted") is not True and told.get("status") != "trash":
            raise unreadable(ANSWERS)
        return True

    def gone(self, comment_ids: Sequence[str]) -> frozenset[str]:
        """Those that the site does not have, or has put away; see `CommentReader.gone`.

        What a list lacks is asked for alone.
        """
        answer = self._site.existing_comments(comment_ids)
        check(answer, ANSWERS, PERMISSIONS)
        listed = said(answer)
        if not isinstance(listed, list):
            raise unreadable(ANSWERS)
        there = {numeral(mapping(one).get("id")) for one in listed}
        lacking = [one for one in comment_ids if one not in there]
        return gone_among(lacking, lambda one: self._status(one) is None)

    def _status(self, comment_id: str) -> str | None:
        """The status of a comment; None if it is deleted or put away."""
        answer = self._site.reader_comment(comment_id)
        if _is_missing(answer):
            return None
        check(answer, ANSWERS, PERMISSIONS)
        told = mapping(said(answer))
        status = identifier(told.get("status"))
        if numeral(told.get("id")) != comment_id or not status:
            raise unreadable(ANSWERS)
        return None if status in _GONE else status

    def _comment(self, told: Mapping[str, Any], post_id: str) -> ReaderComment | None:
        """A comment of somebody else; None for the user's own, and for what is none."""
        comment_id, written_at = numeral(told.get("id")), _written_at(told)
        if not (comment_id and written_at) or self._is_own(told):
            return None
        html, link = mapping(told.get("content")).get("rendered"), told.get("link")
        name = told.get("author_name")
        return ReaderComment(
            id=comment_id,
            under=post_id,
            author=kept_name(name if isinstance(name, str) else ""),
            text=comment_html.text(html)[:JUDGED] if isinstance(html, str) else "",
            written_at=written_at,
            url=kept_address(link if isinstance(link, str) else ""),
            is_hidden=told.get("status") == _HELD,
        )

    def _is_own(self, told: Mapping[str, Any]) -> bool:
        """Whether the account's user wrote it; readers without a log-in have no number."""
        author = numeral(told.get("author"))
        if not author.strip("0"):
            return False
        if self._own is None:
            self._own = numeral(mapping(said(self._site.user())).get("id"))
        return author == self._own


def _written_at(told: Mapping[str, Any]) -> datetime | None:
    return instant(told.get("date_gmt"))


def _code(answer: Answer) -> str:
    """The code of a refusal; empty for anything else."""
    told = mapping(said(answer))
    is_refusal = (answer.status or 0) >= HTTPStatus.BAD_REQUEST and "message" in told
    return identifier(told.get("code")) if is_refusal else ""


def _is_missing(answer: Answer) -> bool:
    """Whether WordPress says that it has no such comment, or not its post any more."""
    codes = ("rest_comment_invalid_id", "rest_post_invalid_id")
    return answer.status == HTTPStatus.NOT_FOUND and _code(answer) in codes
