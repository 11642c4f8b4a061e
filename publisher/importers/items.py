"""Rows of a spreadsheet, before they are drafts; and the options of an import."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from publisher.importers.dates import DateOrder


@dataclass(frozen=True)
class Item:
    """One post as the spreadsheet has it."""

    line: int
    where: str
    """The place in words, such as `plan.csv, line 6`."""
    text: str
    at: datetime | None = None
    """In UTC; None where the row has no time."""
    link: str | None = None
    picture: str = ""
    """The address of a picture, which is not fetched."""
    to: tuple[str, ...] = ()
    """Accounts and channels; empty where the row names none."""
    lang: str | None = None

    @cached_property
    def words(self) -> str:
        """Its text without spacing."""
        return " ".join(self.text.split())

    @property
    def mark(self) -> str:
        """The same for the same post, from any file and however often it is imported."""
        at = None if self.at is None else self.at.isoformat()
        # The empty list was for pictures: marks in drafts of earlier imports are made with it.
        parts: list[object] = [self.words, at, self.link, [], *self.to]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Options:
    """What the person who imports says about the file."""

    to: tuple[str, ...]
    """Accounts, channels or `all`; empty: as the rows say, else the session's default."""
    zone: ZoneInfo
    """Of times without an offset."""
    now: datetime
    lang: str | None = None
    """None: as the rows say, else the session's or the workspace's."""
    folder: str = ""
    """Below posts/, for the drafts."""
    order: DateOrder | None = None
    """How dates such as 03/04/2016 are meant; None: as other dates of the file prove."""
    split: bool = False
    """Whether a text that is too long for X becomes a thread."""
    preset: str | None = None
    """The service that the file is for, one of `columns.PRESETS`."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Titles by role, for columns with other titles; an empty title: no column has this role."""
    sheet: str | None = None
    """Of a workbook; None: the only one that holds anything."""
