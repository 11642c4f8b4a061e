"""The archives: files with steps that left the history, because their deliveries ended long ago.

One is JSON Lines, compressed by gzip: a line for each step, in the order of deliveries and of their
steps. It has all that the step says, its hash too, and the post and account that it is about. A
step of the history, about all accounts, tells of each archive: its name, its SHA-256, and which ids
its steps have. That step is chained and sealed like any other, so a file that is changed or
exchanged shows. `archived` has for each delivery how far its steps are in which archive.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, Select, select

from publisher.base.errors import StorageError
from publisher.base.i18n import _
from publisher.ledger.tables import EVERYTHING, archived, history
from publisher.model.events import Event

ARCHIVED = Event.ARCHIVED
"""The event of the step that tells of an archive."""
LOST = "not at hand"
"""What stands for the steps of an archive that cannot be read."""
FOLDER = "archive"
"""Its name in var/."""
_OF_HISTORY = tuple(history.c.keys())


@dataclass(frozen=True, slots=True)
class Archive:
    """What the history tells of one archive."""

    step: int
    """The id of the step that tells it."""
    at: datetime
    actor: str
    file: str
    sha256: str
    deliveries: int
    steps: int
    first: int
    """The lowest id of its steps."""
    last: int
    """The highest."""
    oldest: datetime
    """When the first of them was."""
    newest: datetime


_ARCHIVE = TypeAdapter(Archive)


def on_record(connection: Connection) -> list[Archive]:
    """All archives that were ever made of this ledger's history, oldest first."""
    query = select(history.c.id, history.c.at, history.c.actor, history.c.detail).where(
        history.c.delivery.is_(None),
        history.c.account == EVERYTHING,
        history.c.event == ARCHIVED,
    )
    rows = connection.execute(query.order_by(history.c.seq))
    return [archive for row in rows if (archive := _archive_of(row))]


def _archive_of(step: Row[int, datetime, str, str]) -> Archive | None:
    """None for a step that somebody changed by hand, which its chain tells."""
    try:
        detail = json.loads(step.detail)
        return _ARCHIVE.validate_python(
            {**detail, "step": step.id, "at": step.at, "actor": step.actor}
        )
    except (TypeError, ValueError):
        return None


def ends() -> Select[Any]:
    """How far the steps of deliveries are in archives: what stands for them in a chain."""
    return select(
        archived.c.delivery, archived.c.through.label("seq"), archived.c.head.label("hash")
    )


class Archives:
    """The folder in which the archives lie."""

    def __init__(self, folder: Path | None) -> None:
        """`folder` None: none is at hand."""
        self._folder = folder

    def flaw(self, archive: Archive) -> str | None:
        """What is wrong with its file, and what to do about it; None when it is as written."""
        try:
            found = digest(self._path(archive))
        except OSError as error:
            return _(
                "cannot be read ({reason}): put a copy of it back into var/archive",
                reason=error.strerror,
            )
        if found != archive.sha256:
            return _("is not as it was written: put a copy that is into var/archive")
        return None

    def steps(self, archive: Archive) -> Iterator[dict[str, Any]]:
        """Its steps, each a row of the history with `post`, `account` and `channel` of its delivery."""
        return read(self._path(archive))

    def _path(self, archive: Archive) -> Path:
        # The name comes from the ledger: no part of it may lead out of the folder.
        return (self._folder or Path()) / Path(archive.file).name


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path: Path, steps: Iterable[Mapping[str, Any]]) -> None:
    """Fill the empty file `path`; the same steps always make the same bytes.

    `steps` are rows of the history with `post`, `account` and `channel` of their delivery.
    """
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
    ):
        for step in steps:
            line = {**step, "at": step["at"].isoformat()}
            packed.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")


def read(path: Path) -> Iterator[dict[str, Any]]:
    """What `write` wrote, one step after the other; StorageError where it cannot be read."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                step = json.loads(line)
                yield {**step, "at": datetime.fromisoformat(step["at"])}
    except (OSError, EOFError, LookupError, TypeError, ValueError, zlib.error):
        raise not_as_written(path) from None


def not_as_written(path: Path) -> StorageError:
    return StorageError(_("{path} does not hold what was written into it.", path=path))


def as_chained(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step of an archive as the row of the history that its hash covers."""
    return {**{name: step.get(name) for name in _OF_HISTORY}, "account": None}
