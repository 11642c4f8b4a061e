"""Comment pace: how often readers' comments are asked for, and looked for again.

Often after a post, and later less often. Where the posts of an account take a request each, they
share those of an hour; where a platform rations requests, those of a day, and a part of these asks
whether stored comments are still there.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

from publisher.channels.comments import CommentPage
from publisher.channels.spec import CommentSupport
from publisher.ledger.comment_readings import CommentReading, WatchedPost
from publisher.settings.schema import CommentSettings

_FRESH = timedelta(days=2)
_LATER = 20
"""How many times less often the comments of an older post are read."""
_FOR_READING = 0.75
"""The share of the requests of a day that reads comments."""


class CommentPace:
    """Says when something is due again, for the posts whose comments are read at present."""

    def __init__(self, settings: CommentSettings, posts: Collection[WatchedPost] = ()) -> None:
        self._settings = settings
        self._posts = posts

    def posts_of(self, reading: CommentReading) -> list[WatchedPost]:
        return [
            one
            for one in self._posts
            if one.account == reading.account and reading.post_id in ("", one.remote_id)
        ]

    def next(
        self, reading: CommentReading, support: CommentSupport, page: CommentPage, now: datetime
    ) -> datetime:
        """When these comments are read again after a page of them."""
        at = self._usual(reading, now) if page.is_complete else now
        if page.is_gone:
            at = now + self._settings.every * _LATER
        return max(at, now + self.pause(reading, support, now) * page.requests)

    def pause(self, reading: CommentReading, support: CommentSupport, now: datetime) -> timedelta:
        """The pause after a request; none where they are not rationed."""
        if not support.is_rationed:
            return timedelta(0)
        times = {
            one: 1 if now - one.published_at <= _FRESH else _LATER
            for one in self._posts
            if one.account == reading.account
        }
        own = min((times[one] for one in self.posts_of(reading)), default=_LATER)
        return self._between(_FOR_READING) * own * sum(1 / one for one in times.values())

    def check_pause(self, support: CommentSupport) -> timedelta:
        """The pause after some stored comments of an account were looked for."""
        every = self._settings.every
        return max(every, self._between(1 - _FOR_READING)) if support.is_rationed else every

    def _usual(self, reading: CommentReading, now: datetime) -> datetime:
        every = self._settings.every
        if not any(now - one.published_at <= _FRESH for one in self.posts_of(reading)):
            return now + every * _LATER
        if reading.post_id:  # each takes a request: they share those of an hour
            number = Counter(
                one.account for one in self._posts if now - one.published_at <= _FRESH
            )[reading.account]
            return now + max(every, timedelta(hours=1) * number / self._settings.requests_per_hour)
        return now + every

    def _between(self, share: float) -> timedelta:
        """The time between two requests that are a share of those of a day."""
        return timedelta(days=1) / (self._settings.requests_per_day * share)
