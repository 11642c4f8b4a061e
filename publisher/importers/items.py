"""What is read from another tool's files: posts before they are drafts."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from publisher.importers.dates import Order
from publisher.importers.problems import Place


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture that lies on this machine."""

    path: Path
    alt: str


@dataclass(frozen=True)
class Item:
    """One post as the other tool has it."""

    place: Place
    where: str
    """The place in words, such as `plan.csv, line 6`."""
    parts: tuple[str, ...]
    """Its text; a thread has several parts."""
    hashtags: tuple[str, ...] = ()
    """Without their sign; they go to the end of the text."""
    at: datetime | None = None
    """In UTC; None where the tool has no time for it."""
    link: str | None = None
    name: str = ""
    """What its file was called, without the ending; empty for the row of a table."""
    profiles: tuple[str, ...] = ()
    """The service's names for where it goes; empty where it has none."""
    pictures: tuple[PictureFile, ...] = ()
    absent: tuple[str, ...] = ()
    """Addresses of pictures that are not fetched, each with its alternative text, if any."""

    @cached_property
    def words(self) -> str:
        """Its text without spacing and hashtags at the end."""
        return " ".join(word for part in self.parts for word in part.split())

    @property
    def texts(self) -> tuple[str, ...]:
        """Its parts, with the hashtags."""
        if not self.hashtags:
            return self.parts
        tags = " ".join(f"#{tag}" for tag in self.hashtags)
        return (*self.parts[:-1], f"{self.parts[-1]}\n\n{tags}")

    @property
    def mark(self) -> str:
        """The same for the same post, from whatever file and however often it is imported."""
        at = None if self.at is None else self.at.isoformat()
        told = json.dumps([self.words, at, self.link, [p.path.name for p in self.pictures]])
        return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Options:
    """What the person who imports says about it."""

    to: tuple[str, ...]
    """Accounts, channels or `all`; empty: the service's profiles, else the session's default."""
    zone: ZoneInfo
    """Of times without an offset."""
    lang: str
    now: datetime
    folder: str = ""
    """Below posts/, for the drafts."""
    order: Order | None = None
    """How dates such as 03/04/2016 are meant; None: as other dates of the file prove."""
    split: bool = False
    """Whether a text that is too long for X becomes a thread."""
