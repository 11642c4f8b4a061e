"""Replies, mentions and quotes of an account on Bluesky, by its notifications; replies are hidden.

One list shows all of the account, the newest first. It is in the order of the posts' own dates,
which their authors write: so what is dated in the minute before the last reading is read again, and
all once an hour. What somebody dates before our oldest post is not found.

Sources: lexicon app.bsky.notification.listNotifications; the reference app view (packages/bsky,
getNotifications: ordered by `sortAt`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels.answers import credible, mapping, parsed
from publisher.channels.comments import (
    PAGES,
    CommentPage,
    CommentsUnavailable,
    gone_among,
    unreadable,
    used_share,
    whole_answer,
)
from publisher.model.outcomes import Answer
from publisher.model.reader_comments import JUDGED, ReaderComment, kept_name
from publisher.platforms.bluesky import threadgates
from publisher.platforms.bluesky.answers import ANSWERS, address, post_of
from publisher.platforms.bluesky.others_posts import AT_ONCE, checked, is_gone, shown_records
from publisher.platforms.bluesky.repo import Repo
from publisher.platforms.bluesky.sessions import login_server
from publisher.platforms.bluesky.spec import ADDRESS
from publisher.platforms.bluesky.xrpc import Way

if TYPE_CHECKING:
    from publisher.channels.spec import ChannelOptions
    from publisher.model.accounts import Account

_REASONS = ("reply", "mention", "quote")
_LATE = timedelta(minutes=1)
"""How long after its date a post may still arrive."""
_WHOLE = timedelta(hours=1)
"""How often all are read again."""
_LONGEST_CURSOR = 500


@dataclass(slots=True)
class _Place:
    """How far the notifications of an account are read."""

    newest: datetime | None = None
    """The time of the newest one that was seen."""
    floor: datetime | None = None
    """How far down a reading goes; None: to the end."""
    before: str = ""
    """The server's cursor from which a reading that ended early goes on."""
    read: datetime | None = None
    """When the newest ones were read for the last time, and nothing was left; by our clock."""
    whole: datetime | None = None
    """When all were read for the last time."""

    @classmethod
    def of(cls, cursor: str) -> "_Place":
        told = mapping(parsed(cursor))
        before = told.get("before")
        return cls(
            _instant(told.get("newest")),
            _instant(told.get("floor")),
            before if isinstance(before, str) else "",
            _instant(told.get("read")),
            _instant(told.get("whole")),
        )

    def spans(self, now: datetime, since: datetime | None) -> list[tuple[str, datetime | None]]:
        """What is read now: from which cursor on, and down to which time.

        What is left of a reading that ended early is read after the newest ones.
        """
        if self.before:
            return [("", self.newest), (self.before, self.floor)]
        is_recent = self.whole and timedelta(0) <= now - self.whole < _WHOLE
        if self.newest and self.read and is_recent:
            self.floor = min(self.newest, self.read - _LATE)
        else:
            self.floor, self.whole = since, now
        self.read = now
        return [("", self.floor)]

    def __str__(self) -> str:
        names = ("newest", "floor", "read", "whole")
        told = {name: getattr(self, name) for name in names}
        return json.dumps(
            {"before": self.before, **{k: v.isoformat() for k, v in told.items() if v}}
        )


class AccountNotifications:
    """Reads what others write to one account, and hides replies in its threads."""

    def __init__(self, repo: Repo, clock: Clock) -> None:
        self._repo = repo
        self._clock = clock

    @classmethod
    def open(
        cls, _account: "Account", credentials: Mapping[str, str], options: "ChannelOptions"
    ) -> "AccountNotifications":
        from publisher.platforms.bluesky.spec import SPEC  # noqa: PLC0415 - it imports this

        server = login_server(credentials.get("server") or ADDRESS)
        way = Way(
            options.servers.get(SPEC.name),
            options.request_timeout,
            options.clock,
            options.heard(SPEC),
            public_only=options.public_only(SPEC.name, server),
        )
        return cls(Repo(credentials, way), options.clock)

    def read(
        self,
        post_id: str,  # noqa: ARG002 - all in one
        cursor: str,
        most: int | None = None,  # noqa: ARG002 - nothing is charged
        since: datetime | None = None,
    ) -> CommentPage:
        """What was written since the cursor, the newest first; see `CommentReader.read`."""
        place, did = _Place.of(cursor), self._did()
        found: dict[str, ReaderComment] = {}
        used, pages = 0.0, PAGES
        for start, floor in place.spans(self._clock.now(), since):
            before, reached = start, False
            while not reached and pages:
                pages -= 1
                try:
                    listed, following, used = self._listed(before)
                except CommentsUnavailable:
                    if not found:
                        raise
                    # The rest waits for the next reading.
                    place.before = before or place.before
                    return CommentPage(tuple(found.values()), str(place), used=used)
                times = [time for one in listed if (time := _instant(one.get("indexedAt")))]
                place.newest = max([*times, *filter(None, [place.newest])], default=None)
                for comment in filter(None, (_comment(one, did) for one in listed)):
                    if floor is None or comment.written_at > floor:
                        found[comment.id] = comment
                is_below = floor is not None and any(time <= floor for time in times)
                reached = is_below or not following or following == before
                before = following
            if not reached:
                place.before = before
                return CommentPage(tuple(found.values()), str(place), is_complete=False, used=used)
        place.before = ""
        return CommentPage(tuple(found.values()), str(place), used=used)

    def _listed(self, before: str) -> tuple[list[dict[str, Any]], str, float]:
        """A page of notifications, the cursor of the next one, and the used share of the limit."""
        answer = whole_answer(partial(self._repo.notifications, _REASONS, before))
        checked(answer)
        body = mapping(parsed(answer.body))
        listed, following = body.get("notifications"), body.get("cursor")
        if not isinstance(listed, list):
            raise unreadable(ANSWERS)
        is_usable = isinstance(following, str) and len(following) <= _LONGEST_CURSOR
        return (
            [mapping(one) for one in listed],
            str(following) if is_usable else "",
            used_share(ANSWERS, answer),
        )

    def hide(self, comment_id: str) -> bool:
        """Hide a reply in a thread that the account began; see `CommentReader.hide`."""
        shown = shown_records(self._repo, [comment_id]).get(comment_id)
        if shown is None:
            if is_gone(self._repo, comment_id):
                return False
            raise unreadable(ANSWERS)
        root, did = _root(shown), self._did()
        if post_of(root)[0] != did:
            told = _(
                "On Bluesky, only replies in threads that the account began can be hidden. Block "
                "or report the author in the app."
            )
            raise CommentsUnavailable(told, needs_person=True)
        threadgates.hide(self._repo, root, comment_id, self._clock.now())
        return True

    def delete(self, comment_id: str) -> bool:  # noqa: ARG002 - of the contract
        raise CommentsUnavailable(
            _("On Bluesky, only the author can delete a post."), needs_person=True
        )

    def gone(self, comment_ids: Sequence[str]) -> frozenset[str]:
        """Those that Bluesky names as not found; see `CommentReader.gone`.

        A list leaves out also what an author of another one blocks: what it lacks is asked for
        alone.
        """
        asked = [one for one in comment_ids if post_of(one)[1]]
        lacking: list[str] = []
        for start in range(0, len(asked), AT_ONCE):
            some = asked[start : start + AT_ONCE]
            shown = shown_records(self._repo, some)
            lacking += [one for one in some if one not in shown]
        return gone_among(lacking, lambda one: is_gone(self._repo, one))

    def _did(self) -> str:
        """The account's permanent id; CommentsUnavailable if it cannot log in."""
        session = self._repo.session()
        if isinstance(session, Answer):
            checked(session)
            raise unreadable(ANSWERS)
        return session.did


def _comment(notification: Mapping[str, Any], own: str) -> ReaderComment | None:
    """The post of a notification; None for what is none, and for the account's own."""
    uri, written_at = str(notification.get("uri")), _instant(notification.get("indexedAt"))
    author, _key = post_of(uri)
    if notification.get("reason") not in _REASONS or not (author and written_at) or author == own:
        return None
    record = mapping(notification.get("record"))
    handle = mapping(notification.get("author")).get("handle")
    return ReaderComment(
        id=uri,
        under=_ours(record, own),
        author=kept_name(f"@{handle}" if isinstance(handle, str) and handle else ""),
        text=_text(record)[:JUDGED],
        written_at=written_at,
        url=address(uri),
    )


def _text(record: Mapping[str, Any]) -> str:
    """The words of a post, with the addresses that its words and its card lead to."""
    said = record.get("text")
    text = said if isinstance(said, str) else ""
    led = [
        feature.get("uri")
        for facet in map(mapping, _list(record.get("facets")))
        for feature in map(mapping, _list(facet.get("features")))
    ]
    led.append(mapping(mapping(record.get("embed")).get("external")).get("uri"))
    links = [one for one in dict.fromkeys(led) if isinstance(one, str) and one not in text]
    return "\n".join([text, *links]) if links else text


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _root(record: Mapping[str, Any]) -> str:
    """The `at://` address of the post that a thread begins with; empty for no reply."""
    return str(mapping(mapping(record.get("reply")).get("root")).get("uri") or "")


def _ours(record: Mapping[str, Any], own: str) -> str:
    """The key of our post that a post is under, or quotes; empty if there is none."""
    named = map(post_of, _named(record))
    return next((key for author, key in named if author == own), "")


def _named(record: Mapping[str, Any]) -> Iterator[str]:
    yield _root(record)
    yield str(mapping(mapping(record.get("reply")).get("parent")).get("uri"))
    quoted = mapping(mapping(record.get("embed")).get("record"))
    # With pictures of its own, a quote is one level deeper.
    yield str(quoted.get("uri") or mapping(quoted.get("record")).get("uri"))


def _instant(value: Any) -> datetime | None:
    try:
        told = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return credible(told.astimezone(UTC)) if told.tzinfo else None
