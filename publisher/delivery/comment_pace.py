"""Comment pace: how often readers' comments are asked for, and looked for again.

Often after a post, and later less often. Where the posts of an account take a request each, they
share those of an hour. Where a platform rations requests, an account rests after each, so that
those of a day last for the day: recent posts come first, and older ones take turns. A part of them
asks whether stored comments are still there.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

from publisher.channels.comments import CommentPage
from publisher.channels.spec import CommentSupport
from publisher.ledger.comments.comment_readings import CommentReading, WatchedPost
from publisher.settings.schema import CommentSettings

_FRESH = timedelta(days=2)
_LATER = 20
"""How many times less often the comments of an older post are read."""
_DAY = timedelta(days=1)
_AGAIN = timedelta(minutes=1)
_SKEW = timedelta(minutes=5)
"""How far a platform's clock may be behind: a comment that seems older than its post counts."""
_FOR_OLDER = 0.5
"""The most of an account's rationed requests that older posts have while there are recent ones."""
_FOR_READING = 0.75
"""The share of the requests of a day that reads comments."""


class CommentPace:
    """Says when something is due again, for the posts whose comments are read at present."""

    def __init__(self, settings: CommentSettings, posts: Collection[WatchedPost] = ()) -> None:
        self._settings = settings
        self._posts = posts

    def rest_for_one(self) -> timedelta:
        """How long an account whose requests are rationed rests for a request."""
        return self._between(_FOR_READING)

    def recent(self, now: datetime) -> list[WatchedPost]:
        return [one for one in self._posts if now - one.published_at <= _FRESH]

    def knows(self, reading: CommentReading) -> bool:
        """Whether it is of a post that is known, or of an account as a whole."""
        return not reading.post_id or bool(self._posts_of(reading))

    def begin(self, reading: CommentReading, now: datetime) -> datetime:
        """The time of the oldest comments that count: that of the oldest post."""
        return min((one.published_at for one in self._posts_of(reading)), default=now) - _SKEW

    def unknown_since(
        self, reading: CommentReading, support: CommentSupport, now: datetime
    ) -> datetime:
        """The time since when a comment that is not stored was never read.

        One from before that was there when all was read last, and was kept for as long as it may
        be: it does not come again. After an outage, however long, what nobody read is stored.
        """
        begin = self.begin(reading, now)
        if reading.read_at is None:
            return begin
        keep = min(self._settings.keep, support.keep or self._settings.keep)
        return max(begin, min(now - keep, reading.read_at - _SKEW))

    def _posts_of(self, reading: CommentReading) -> list[WatchedPost]:
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
        if support.is_rationed:
            at = max(at, now + self._share(reading, now) * page.requests)
        return at

    def after_failure(
        self, reading: CommentReading, support: CommentSupport, requests: int, now: datetime
    ) -> datetime:
        """When these comments are read again after a failure.

        At once for the first time, as most failures are over then; what is rationed is made up for.
        """
        if not support.is_rationed or self._is_first_failure(reading):
            return now + _AGAIN
        rest, _owed = self.rest(reading, requests, has_failed=True)
        return now + max(rest, self._share(reading, now) * requests)

    def rest(
        self, reading: CommentReading, requests: int, *, has_failed: bool
    ) -> tuple[timedelta, int]:
        """How long an account whose requests are rationed rests after a reading.

        For a day at most; and for how many requests it has still to rest then.
        """
        owed = reading.owed + requests
        if has_failed and self._is_first_failure(reading):
            return _AGAIN, owed
        one = self.rest_for_one()
        if one * owed <= _DAY:
            return one * owed, 0
        return _DAY, owed - int(_DAY / one)

    @staticmethod
    def _is_first_failure(reading: CommentReading) -> bool:
        return not (reading.owed or reading.troubled_at)

    def _share(self, reading: CommentReading, now: datetime) -> timedelta:
        """The time between two requests about a post where they are rationed.

        An older one has a twentieth of what a recent one has, and one a day at the least, unless
        this takes too many.
        """
        recent = [one for one in self.recent(now) if one.account == reading.account]
        number = len(recent)
        older = sum(one.account == reading.account for one in self._posts) - number
        a_day = _DAY / self.rest_for_one()
        for_older = a_day
        if number:
            fair = a_day * older / (older + number * _LATER)
            for_older = min(a_day * _FOR_OLDER, max(fair, older))
        if any(one in recent for one in self._posts_of(reading)):
            return _DAY * number / (a_day - for_older)
        return _DAY * older / for_older if older else _DAY

    def check_pause(self, support: CommentSupport) -> timedelta:
        """The pause after some stored comments of an account were looked for."""
        every = self._settings.every
        return max(every, self._between(1 - _FOR_READING)) if support.is_rationed else every

    def _usual(self, reading: CommentReading, now: datetime) -> datetime:
        every = self._settings.every
        if not any(now - one.published_at <= _FRESH for one in self._posts_of(reading)):
            return now + every * _LATER
        if reading.post_id:  # each takes a request: they share those of an hour
            number = Counter(one.account for one in self.recent(now))[reading.account]
            return now + max(every, timedelta(hours=1) * number / self._settings.requests_per_hour)
        return now + every

    def _between(self, share: float) -> timedelta:
        """The time between two requests that are a share of those of a day."""
        return _DAY / (self._settings.requests_per_day * share)
