"""Posts: drafts that were read, with their times and media.

Instants are aware datetimes in UTC.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from publisher.base.text import first_words
from publisher.model.content import Captions
from publisher.model.values import Frozen, Position

LinkPlace = Literal["post", "comment"]
"""Where a link is: in the post, or in the first comment below it."""


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


class Statement(Frozen):
    """A statement that people are in a picture, from a draft that shows it."""

    draft: str
    """The draft's file, relative to the workspace."""
    consent: str | None
    is_recorded: bool = False
    """Whether the ledger has it; the draft may be gone, or say something else by now."""


class MediaItem(Frozen):
    """A picture, animated GIF, video or document as a draft names it."""

    path: Path
    """Absolute, inside posts/ unless its draft is not saved yet."""
    alt: str
    credit: str | None = None
    people: bool = False
    consent: str | None = None
    elsewhere: tuple[Statement, ...] = ()
    """What is said of the people in this very picture, in other places."""
    is_denied: bool = False
    """Whether the draft itself says that no people are in it."""
    motion: Motion | None = None
    """None: it does not move."""
    document: Document | None = None
    """None: it is no document."""
    captions: Captions | None = None
    """Of a video, from the file beside it."""
    position: Position = Position()

    @property
    def consents(self) -> tuple[str, ...]:
        """The consent that the draft names, then those that others name."""
        named = (self.consent, *(one.consent for one in self.elsewhere))
        return tuple(dict.fromkeys(filter(None, named)))

    @property
    def denied(self) -> tuple[str, ...]:
        """The consents that others name, where the draft says that no people are in it."""
        return tuple(sorted(self.consents)) if self.is_denied and not self.consent else ()


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
    corrects: str | None = None
    """The post that it corrects, by its id."""
    reason: str | None = None
    """Why it corrects that."""
    answers: str | None = None
    """The reader's comment that it answers: its id at the platform, or its address."""
    ignore: tuple[str, ...] = ()
    """Codes of advice that the draft ignores on purpose."""
    media: tuple[MediaItem, ...] = ()
    texts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Parts of the text by channel or account name; the common text is under ""."""
    positions: dict[str, Position] = Field(default_factory=dict)
    """Where the front matter's keys (`at`) and the text's sections (`text:twitter`) begin."""

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
