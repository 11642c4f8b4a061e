"""Import items: the rows of a spreadsheet before they become drafts; and import options."""

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
    """One post of the spreadsheet."""

    line: int
    where: str
    """The position for people, such as `plan.csv, line 6`."""
    text: str
    at: datetime | None = None
    """In UTC; None if the row has no time."""
    link: str | None = None
    picture: str = ""
    """The address of a picture, which is not fetched."""
    to: tuple[str, ...] = ()
    """Accounts and channels; empty if the row names none."""
    lang: str | None = None

    @cached_property
    def words(self) -> str:
        """Its text with single spaces."""
        return " ".join(self.text.split())

    @property
    def mark(self) -> str:
        """A hash that is the same for the same post, from any file and at every import."""
        at = None if self.at is None else self.at.isoformat()
        # The empty list was for pictures: the marks of earlier imports include it.
        parts: list[object] = [self.words, at, self.link, [], *self.to]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Options:
    """The options of an import, from the person who imports."""

    to: tuple[str, ...]
    """Accounts, channels or `all`; empty: those of the rows, else the session's default."""
    zone: ZoneInfo
    """The zone of times without an offset."""
    now: datetime
    lang: str | None = None
    """None: that of the row, else of the session or the workspace."""
    folder: str = ""
    """The drafts' folder below posts/."""
    order: DateOrder | None = None
    """The order in dates such as 03/04/2016; None: proven by other dates of the file."""
    split: bool = False
    """Whether a text that is too long for a channel with threads becomes a thread."""
    preset: str | None = None
    """The service whose file format it is, one of `columns.PRESETS`."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Titles by role, for columns with unknown titles; empty: no column has this role."""
    sheet: str | None = None
    """The sheet of a workbook; None: the only one that is not empty."""
