"""Archive files: steps that were moved out of the history, of deliveries that ended long ago.

A file is JSON Lines, compressed by gzip: one line for each step, in the order of deliveries and of
their steps. A line has all fields of the step, including its hash, and the post and account that it
is about. A step of the history, about all accounts, records each archive: its name, its SHA-256,
and the ids of its steps. That step is chained and sealed like any other, so a file that is changed
or replaced is detected. `archived` records for each delivery how far its steps are in which
archive.
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

from publisher.base.errors import StorageError, why
from publisher.base.i18n import _
from publisher.ledger.tables import EVERYTHING, about, archived, history
from publisher.model.events import Event

LOST = "not at hand"
"""The event shown in place of the steps of an archive that cannot be read."""
FOLDER = "archive"
"""Its name in var/."""
_OF_HISTORY = tuple(history.c.keys())


@dataclass(frozen=True, slots=True)
class Archive:
    """The history's record of one archive."""

    step: int
    """The id of the step that records it."""
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
    """The instant of its first step."""
    newest: datetime


_ARCHIVE = TypeAdapter(Archive)


def on_record(connection: Connection) -> list[Archive]:
    """All archives on record in this ledger's history, oldest first."""
    query = select(history.c.id, history.c.at, history.c.actor, history.c.detail).where(
        about(EVERYTHING), history.c.event == Event.ARCHIVED
    )
    rows = connection.execute(query.order_by(history.c.seq))
    return [archive for row in rows if (archive := _archive_of(row))]


def _archive_of(step: Row[int, datetime, str, str]) -> Archive | None:
    """None for a step that was changed by hand; its chain shows that."""
    try:
        detail = json.loads(step.detail)
        return _ARCHIVE.validate_python(
            {**detail, "step": step.id, "at": step.at, "actor": step.actor}
        )
    except (TypeError, ValueError):
        return None


def ends() -> Select[Any]:
    """The last archived step of each delivery, which replaces the archived ones in a chain."""
    return select(
        archived.c.delivery, archived.c.through.label("seq"), archived.c.head.label("hash")
    )


class Archives:
    """The folder of the archives."""

    def __init__(self, folder: Path | None) -> None:
        """`folder`: None when there is none."""
        self._folder = folder

    def flaw(self, archive: Archive) -> str | None:
        """What is wrong with the archive's file, and what to do; None when it is as written."""
        try:
            found = digest(self._path(archive))
        except OSError as error:
            return _(
                "cannot be read ({reason}): restore a copy of it into var/archive",
                reason=why(error),
            )
        if found != archive.sha256:
            return _("has changed since it was written: restore an unchanged copy into var/archive")
        return None

    def steps(self, archive: Archive) -> Iterator[dict[str, Any]]:
        """The archive's steps as rows of the history, with `post`, `account` and `channel`."""
        return read(self._path(archive))

    def _path(self, archive: Archive) -> Path:
        # The name comes from the ledger: no part of it may lead out of the folder.
        return (self._folder or Path()) / Path(archive.file).name


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path: Path, steps: Iterable[Mapping[str, Any]]) -> None:
    """Write the steps into the empty file `path`; the same steps always make the same bytes.

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
    """Read the steps that `write` wrote, one by one; StorageError when that fails."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                step = json.loads(line)
                yield {**step, "at": datetime.fromisoformat(step["at"])}
    except (OSError, EOFError, LookupError, TypeError, ValueError, zlib.error):
        raise not_as_written(path) from None


def not_as_written(path: Path) -> StorageError:
    return StorageError(_("{path} does not contain what was written into it.", path=path))


def as_chained(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step of an archive as the row of the history that its hash covers."""
    return {**{name: step.get(name) for name in _OF_HISTORY}, "account": None}
