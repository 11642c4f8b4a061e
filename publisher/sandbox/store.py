"""In-memory store of the sandbox. Only the server's event loop uses it."""

import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from publisher.base.clock import Clock
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.comments import StoredComment
from publisher.sandbox.limits import Meter

_SNOWFLAKE_EPOCH = 1_288_834_974_657  # ms; docs.x.com/fundamentals/x-ids
_SNOWFLAKE_SHIFT = 22


@dataclass(slots=True)
class StoredMedia:
    """An uploaded file: a media id of X, or a photo or video of Facebook."""

    id: str
    account: str
    category: str
    """`image`, `gif`, `video`, `document`, or `subtitles` of a video."""
    created_at: datetime
    media_type: str = ""
    content: bytes = b""
    sha256: str = ""
    width: int = 0
    height: int = 0
    alt: str | None = None
    title: str = ""
    """Of a document."""
    pages: int | None = None
    """The same."""
    captions: dict[str, bytes] = field(default_factory=dict)
    """Of a video: files in SubRip, by the platform's code of their language."""
    segments: dict[int, bytes] = field(default_factory=dict)
    total_bytes: int = 0
    finalized_at: float | None = None
    """When processing began, in monotonic real seconds; None during the upload."""
    failed: bool = False
    used_by: str | None = None
    """The post that shows it."""

    @property
    def media_key(self) -> str:
        # The prefix is the kind of media: 3 a photo, 16 an animated GIF, 7 a video, 29 subtitles.
        kinds = {"image": 3, "gif": 16, "video": 7, "subtitles": 29}
        return f"{kinds[self.category]}_{self.id}"


@dataclass(frozen=True, slots=True)
class StoredEdit:
    """An edit of a post that was public."""

    at: datetime
    before: str
    """The text that it replaced."""
    made_at: float
    """In monotonic real seconds, like `StoredPost.shown_since`."""


@dataclass(slots=True)
class StoredPost:
    """A post on a platform."""

    channel: str
    account: str
    id: str
    text: str
    """The text as sent."""
    created_at: datetime
    received_at: datetime
    media: list[StoredMedia] = field(default_factory=list)
    in_reply_to: str | None = None
    conversation: str = ""
    """The id of the thread's first post; its own id for a first post."""
    link: str | None = None
    lang: str | None = None
    published: bool = True
    published_at: datetime | None = None
    scheduled_for: datetime | None = None
    """When a person at Facebook wants it to be public."""
    deleted: bool = False
    content_warning: str = ""
    """What readers see before the post, on platforms that fold it behind a warning."""
    made_with_ai: bool = False
    """Whether it is marked as showing what was made with AI."""
    visibility: str = ""
    """Who sees it, on platforms where that can be chosen."""
    key: str = ""
    """The idempotency key that it was made with, once it is kept."""
    app: str | None = None
    """Facebook's id of the app that created it; None for a post by a person."""
    record: dict[str, Any] | None = None
    """The post as Bluesky keeps it, in JSON."""
    edits: list["StoredEdit"] = field(default_factory=list)
    """Its edits, the first one first, on platforms that keep them."""
    shown_since: float = field(default_factory=time.monotonic)
    """When it was created, or became public, in monotonic real seconds: the reference of a lagging
    timeline."""

    @property
    def dated(self) -> datetime:
        """When it became public; for an unpublished one, when it was created."""
        return self.published_at or self.created_at

    def publish(self, instant: datetime) -> None:
        self.published, self.published_at = True, instant
        self.shown_since = time.monotonic()

    def text_seen(self, lag: float) -> str:
        """The text as it is seen `lag` real seconds late."""
        latest = time.monotonic() - lag
        return next((one.before for one in self.edits if one.made_at > latest), self.text)

    def as_state(self) -> dict[str, Any]:
        return {
            "channel": self.channel,
            "account": self.account,
            "id": self.id,
            "text": self.text,
            "content_warning": self.content_warning,
            "in_reply_to": self.in_reply_to,
            "link": self.link,
            "media": [
                {
                    "sha256": upload.sha256,
                    "media_type": upload.media_type,
                    "alt": upload.alt,
                    "width": upload.width,
                    "height": upload.height,
                }
                for upload in self.media
            ],
            "created_at": iso(self.created_at),
            "received_at": iso(self.received_at),
            "published": self.published,
            "published_at": iso(self.published_at) if self.published_at else None,
            "deleted": self.deleted,
            **({"edits": [iso(edit.at) for edit in self.edits]} if self.edits else {}),
            **({"made_with_ai": True} if self.made_with_ai else {}),
        }


class Store:
    """The posts, uploads, counters and violations of one sandbox."""

    def __init__(self, accounts: Sequence[SandboxAccount], clock: Clock) -> None:
        self.accounts = tuple(accounts)
        self.clock = clock
        self.clear()

    def clear(self) -> None:
        """Delete everything except the accounts."""
        self.entries: list[StoredPost] = []
        self.uploads: dict[str, StoredMedia] = {}
        self.requests: Counter[str] = Counter()
        self.meter = Meter()
        self.violations: list[dict[str, str]] = []
        self._by_id: dict[tuple[str, str], StoredPost] = {}
        self._by_account: defaultdict[str, list[StoredPost]] = defaultdict(list)
        self._by_words: defaultdict[tuple[str, str], list[StoredPost]] = defaultdict(list)
        self._last_id = 0
        self.comments: dict[tuple[str, str], StoredComment] = {}
        """Of readers, by channel and id."""
        self.records: dict[tuple[str, str], dict[str, Any]] = {}
        """What accounts keep besides posts, by account and place."""

    def new_id(self) -> str:
        """The next id: it contains the clock's milliseconds, as X's snowflakes, and increases."""
        milliseconds = int(self.clock.now().timestamp() * 1000) - _SNOWFLAKE_EPOCH
        self._last_id = max(milliseconds << _SNOWFLAKE_SHIFT, self._last_id + 1)
        return str(self._last_id)

    def add(self, entry: StoredPost) -> None:
        self.entries.append(entry)
        self._by_id[entry.channel, entry.id] = entry
        self._by_account[entry.account].append(entry)
        self._by_words[entry.channel, words(entry.text)].append(entry)

    def change_text(self, entry: StoredPost, text: str) -> None:
        self._by_words[entry.channel, words(entry.text)].remove(entry)
        entry.text = text
        self._by_words[entry.channel, words(text)].append(entry)

    def edit(self, entry: StoredPost, text: str) -> None:
        """Change the text of a public post, and keep what it was."""
        entry.edits.append(StoredEdit(self.clock.now(), entry.text, time.monotonic()))
        self.change_text(entry, text)

    def forget(self, photo: StoredMedia) -> None:
        """Delete a photo, and remove it from its post."""
        del self.uploads[photo.id]
        channel = next(one.channel for one in self.accounts if one.name == photo.account)
        if entry := self._by_id.get((channel, photo.used_by or "")):
            entry.media.remove(photo)

    def find(self, channel: str, entry_id: str) -> StoredPost | None:
        """Find a post that is not deleted."""
        entry = self._by_id.get((channel, entry_id))
        return entry if entry and not entry.deleted else None

    def timeline(
        self, account: str, lag: float = 0.0, *, with_unpublished: bool = False
    ) -> list[StoredPost]:
        """The public posts of an account, newest first, as seen `lag` real seconds late."""
        latest = time.monotonic() - lag
        # Of the same instant, the last one comes first: sorting keeps the order of equals.
        shown = [
            entry
            for entry in reversed(self._by_account[account])
            if (entry.published or with_unpublished)
            and not entry.deleted
            and entry.shown_since <= latest
        ]
        return sorted(shown, key=lambda entry: entry.dated, reverse=True)

    def replies(
        self, account: str, above: str, lag: float = 0.0, *, nested: bool = False
    ) -> list[StoredPost]:
        """An account's replies to a post or a comment, oldest first, `lag` real seconds late.

        `nested`: those to its comments, too.
        """
        latest = time.monotonic() - lag
        return [
            reply
            for reply in self._by_account[account]
            if reply.in_reply_to
            and (reply.in_reply_to == above or (nested and reply.conversation == above))
            and not reply.deleted
            and reply.shown_since <= latest
        ]

    def comment(self, channel: str, comment_id: str) -> StoredComment | None:
        """A reader's comment that is not deleted."""
        found = self.comments.get((channel, comment_id))
        return found if found and not found.is_deleted else None

    def conversation_of(self, comment: "StoredComment") -> str:
        """The thread that a reader's comment is in: that of our post, or one of its own."""
        entry = self.find(comment.channel, comment.under) if comment.under else None
        in_ours = entry is not None and not comment.is_quote
        return entry.conversation if entry and in_ours else comment.id

    def comments_for(self, account: str) -> list[StoredComment]:
        """The comments of readers for an account that are not deleted, oldest first."""
        return [
            one for one in self.comments.values() if one.account == account and not one.is_deleted
        ]

    def saying(self, channel: str, text: str, since: datetime) -> list[StoredPost]:
        """All accounts' posts with the same words that became public at `since` or later."""
        return [
            entry
            for entry in self._by_words[channel, words(text)]
            if entry.published_at and entry.published_at >= since and not entry.deleted
        ]

    def note(self, kind: str, account: str, detail: str) -> None:
        """Record a violation: something that a platform would object to."""
        self.violations.append(
            {"kind": kind, "account": account, "detail": detail, "at": iso(self.clock.now())}
        )

    def state(self) -> dict[str, Any]:
        return {
            "now": iso(self.clock.now()),
            "posts": [entry.as_state() for entry in self.entries],
            "comments": [one.as_state() for one in self.comments.values()],
            "uploads": [
                {"id": upload.id, "account": upload.account, "sha256": upload.sha256}
                for upload in self.uploads.values()
            ],
            "requests": dict(sorted(dict(self.requests).items())),
            "violations": list(self.violations),
        }


def words(text: str) -> str:
    """Normalise a text as platforms do to find duplicates: spacing and Unicode form."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def iso(instant: datetime) -> str:
    """Format an instant as X does: `2016-03-07T07:30:00.120Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """Parse an ISO 8601 instant. Raises ValueError without an offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return instant
