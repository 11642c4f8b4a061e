"""Posts: drafts that were read, with their times and media.

Instants are aware datetimes in UTC.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from pydantic import Field

from publisher.base.text import first_words
from publisher.model.content import Captions
from publisher.model.values import Frozen, Position

DRAFT_KEYS = (
    "at", "to", "lang", "title", "content_warning", "media", "link", "link_in", "expires", "embargo",
    "author", "repeat", "until", "made_with_ai", "ignore",
)  # fmt: skip
"""The keys of a draft's front matter."""
LinkPlace = Literal["post", "comment"]
"""Where a link is: in the post, or in the first comment below it."""
LINK_PLACES: tuple[LinkPlace, ...] = ("post", "comment")


class Motion(Frozen):
    """The motion in a GIF or video, from the file's headers."""

    kind: Literal["gif", "video"]
    width: int
    height: int
    """The size is that of the upright picture."""
    seconds: float
    frames: int


class Document(Frozen):
    """The pages of a PDF."""

    kind: Literal["document"] = "document"
    pages: int
    width: int
    height: int
    """The size of the first page, upright, in points."""


Inspected = Motion | Document | None
"""What is known of a media file; None: it is a still picture."""


class MediaItem(Frozen):
    """A picture, animated GIF, video or document as a draft names it."""

    path: Path
    """Absolute, inside posts/ unless its draft is not saved yet."""
    alt: str
    credit: str | None = None
    people: bool = False
    consent: str | None = None
    motion: Motion | None = None
    """None: it does not move."""
    document: Document | None = None
    """None: it is no document."""
    captions: Captions | None = None
    """Of a video, from the file beside it."""
    position: Position = Position()


_DAY = re.compile(r"@\d{4}-\d{2}-\d{2}", re.ASCII)


def draft_of(post_id: str) -> str:
    """The id of a post's draft: an occurrence is called as its draft, with its day behind an @."""
    return post_id[:-11] if is_occurrence(post_id) else post_id


def is_occurrence(post_id: str) -> bool:
    """Whether the post is one of those of a draft that repeats: `reminder.fr@2016-03-07`."""
    return _DAY.fullmatch(post_id[-11:]) is not None


class Occurrence(Frozen):
    """One of the posts of a draft that repeats. It is identified by its day, not by its time."""

    day: date
    due_at: datetime
    held: str | None = None
    """As `Post.held`."""
    words: Mapping[str, str] = {}
    """What stands in its texts in place of `{{day}}` and the like."""

    def filled(self, text: str) -> str:
        for name, word in self.words.items():
            text = text.replace("{{" + name + "}}", word)
        return text


def not_before(due_at: datetime, embargo_until: datetime | None) -> datetime:
    return max(due_at, embargo_until or due_at)


class Post(Frozen):
    """A draft that was read, with its times resolved against the session."""

    id: str
    """Its path under posts/ without `.md`."""
    file: str
    """Its path relative to the workspace, for messages."""
    lang: str | None = None
    title: str | None = None
    author: str | None = None
    to: tuple[str, ...] = ()
    """Accounts, channels or `all`, as written; planning resolves it."""
    due_at: datetime | None = None
    """None: unfinished, checked but never queued; or `at_once`."""
    at_once: bool = False
    """`at: now`: due when it is queued."""
    in_slot: bool = False
    """`at: next free slot`: due at the slot that each account has free when it is queued."""
    occurrences: tuple[Occurrence, ...] | None = None
    """Its posts, if it is a draft that repeats, and so is no post itself."""
    next_at: datetime | None = None
    """When the next occurrence of its draft is due, and this one has expired at the latest."""
    anchor: str | None = None
    """The agenda item that `at` refers to."""
    embargo_anchor: str | None = None
    """The agenda item that `embargo` refers to."""
    expires_after: timedelta | None = None
    embargo_until: datetime | None = None
    held: str | None = None
    """Why it must not go out although it is due: its agenda item is cancelled."""
    shown_until: datetime | None = None
    """When the first consent to one of its pictures ends."""
    link: str | None = None
    content_warning: str | None = None
    """Stands before the post on channels that can do that; readers open it."""
    link_in: LinkPlace | None = None
    """Where the link is, on channels that let it be chosen; None: where the account has it."""
    repeat: bool = False
    made_with_ai: bool = False
    """Whether its pictures were made with AI, which some platforms can show."""
    ignore: tuple[str, ...] = ()
    """Codes of advice that the draft ignores on purpose."""
    media: tuple[MediaItem, ...] = ()
    texts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Parts of the text by channel or account name; the common text is under ""."""
    positions: dict[str, Position] = Field(default_factory=dict)
    """Where the front matter's keys (`at`) and the text's sections (`text:twitter`) begin."""

    @property
    def draft(self) -> str:
        """The id of its draft: its own, unless it is an occurrence."""
        return draft_of(self.id)

    @property
    def is_occurrence(self) -> bool:
        return is_occurrence(self.id)

    @property
    def timed_by_queue(self) -> bool:
        """Whether it gets its time when it is queued, and keeps it then."""
        return self.at_once or self.in_slot

    @property
    def is_dated(self) -> bool:
        """Whether it says when it goes out; else it is unfinished."""
        return self.due_at is not None or self.timed_by_queue or self.occurrences is not None

    def each(self) -> "Iterator[Post]":
        """Its occurrences, if it repeats; else itself."""
        if self.occurrences is None:
            yield self
            return
        following = [one.due_at for one in self.occurrences[1:]]
        for one, next_at in zip_longest(self.occurrences, following):
            texts = {name: tuple(map(one.filled, parts)) for name, parts in self.texts.items()}
            occurrence = {
                "id": f"{self.id}@{one.day.isoformat()}",
                "title": self.title and one.filled(self.title),
                "due_at": one.due_at,
                "next_at": next_at,
                "held": one.held,
                "texts": texts,
                "occurrences": None,
            }
            yield self.model_copy(update=occurrence)

    @property
    def not_before(self) -> datetime | None:
        """When it is to go out: at its time, or when its embargo ends; None: unfinished."""
        return self.due_at and not_before(self.due_at, self.embargo_until)

    @property
    def first_words(self) -> str:
        """Its title, or its first words, in one line; empty if it has none."""
        return first_words(self.title, (part for parts in self.texts.values() for part in parts))

    def position(self, key: str) -> Position:
        return self.positions.get(key) or Position()
