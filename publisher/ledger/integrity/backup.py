"""Backup and restore of an SQLite ledger: backup while everything runs, restore while nothing does.

A backup is one file with all that the ledger has, including the pictures. Archives of its history,
drafts, settings and secrets are not in it.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from publisher.base.clock import Clock
from publisher.base.errors import AlreadyRunning, BackupUnusable, StorageError, UsageError
from publisher.base.files import create_private, file_errors, sync
from publisher.base.i18n import _, plural
from publisher.ledger.database import Database
from publisher.ledger.integrity import triggers
from publisher.ledger.integrity.after_restore import Aftermath, face
from publisher.ledger.integrity.seals import Audit, Verdict

_COMPANIONS = ("-wal", "-shm", "-journal")
_NAMED = re.compile(r"\d{4}-\d\d-\d\d-\d{4}\.db")
_PATIENCE = 5.0  # seconds that the ledger may be locked
_TABLES = {"alembic_version", "deliveries", "history", "accounts", "media"}


@dataclass(frozen=True, slots=True)
class Restored:
    """What `restore` did."""

    aftermath: Aftermath
    kept: Path | None
    """The path of the ledger that was there before."""


def back_up(database: Database, clock: Clock, target: Path, archive: Path | None = None) -> Verdict:
    """Back up a running ledger, sealed, into the new file `target`; returns its history's verdict.

    A ledger of an older version is copied as it is, for that version, and verified in a second
    copy. The archives in the folder `archive` are verified, but not copied. Raises UsageError when
    the file is there already, and StorageError when it cannot be written.
    """
    if target.exists():
        raise UsageError(
            _("{target} already exists.", target=target),
            hint=_("Choose another name for the backup."),
        )
    if not (is_old := database.is_old()):
        Audit(database, clock).seal(always=True)
    draft, trial = (target.with_name(f"{target.name}.{end}") for end in ("part", "trial"))
    try:
        _copy(Path(database.engine.url.database or ""), draft)
        if is_old:
            _copy(draft, trial)
        with closing(Database(f"sqlite:///{trial if is_old else draft}")) as copy:
            copy.migrate()
            verdict = Audit(copy, clock, archive).verify()
        _into_one_file(draft)
        _publish(draft, target)
    finally:
        _remove(draft)
        _remove(trial)
    return verdict


def backup_name(now: datetime) -> str:
    """The name of a backup among others in a folder: `2016-03-08-0317.db`, in UTC."""
    return f"{now.astimezone(UTC):%Y-%m-%d-%H%M}.db"


def delete_older(folder: Path, limit: datetime) -> None:
    """Delete the backups in `folder` that `backup_name` named before `limit`."""
    oldest = backup_name(limit)
    for path in folder.glob("[0-9]*.db"):
        if _NAMED.fullmatch(path.name) and path.name < oldest:
            with file_errors(path):
                path.unlink()


def restore(
    source: Path,
    ledger: Path,
    clock: Clock,
    actor: str,
    *,
    archive: Path | None = None,
    despite_breaks: bool = False,
) -> Restored:
    """Replace `ledger` with the backup `source`; the old ledger is kept beside it.

    `archive` is the folder of the archives that belong to it, which must be in place already.
    `ledger` is not touched until the copy is complete, verified and migrated. Raises BackupUnusable
    when the file is not a ledger or, unless `despite_breaks`, its history was changed;
    LedgerTooNew; AlreadyRunning when another process has the ledger open; and StorageError.
    """
    if not source.is_file():
        raise BackupUnusable(_("{source} is not a file.", source=source))
    if ledger.exists() and source.samefile(ledger):
        raise BackupUnusable(_("{source} is the ledger itself.", source=source))
    draft = ledger.with_name(f"{ledger.name}.restoring")
    try:
        with file_errors(ledger.parent):
            ledger.parent.mkdir(parents=True, exist_ok=True)
        _copy(source, draft)
        _look_at(draft, source)
        with closing(Database(f"sqlite:///{draft}")) as copy:
            copy.migrate()
            verdict = Audit(copy, clock, archive).verify()
            _insist_on_an_unbroken_history(verdict, source, despite_breaks=despite_breaks)
            with copy.write() as connection:
                triggers.remove_foreign(connection)
            aftermath = face(copy, clock, actor)
            Audit(copy, clock).seal()
        _into_one_file(draft)
        kept = _set_aside(ledger, clock.now())
        _publish(draft, ledger)
    finally:
        _remove(draft)
    return Restored(aftermath, kept)


def _copy(source: Path, target: Path) -> None:
    """SQLite's online backup: the source as it is at one instant, while others write to it.

    See https://www.sqlite.org/backup.html.
    """
    _remove(target)
    with _sqlite_errors(source, target):
        create_private(target)
        with closing(_open_to_read(source)) as origin, closing(sqlite3.connect(target)) as copy:
            origin.backup(copy)


def _open_to_read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=_PATIENCE)


def _look_at(copy: Path, source: Path) -> None:
    """Raise BackupUnusable unless the copy is an undamaged database with a ledger's tables."""
    with _sqlite_errors(source, copy), closing(sqlite3.connect(copy)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if not tables >= _TABLES:
            raise BackupUnusable(_("{source} is not a ledger of Publisher.", source=source))
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise BackupUnusable(_("{source} is damaged.", source=source))


def _insist_on_an_unbroken_history(verdict: Verdict, source: Path, *, despite_breaks: bool) -> None:
    if verdict.breaks and not despite_breaks:
        first, others = verdict.breaks[0], len(verdict.breaks) - 1
        message = (
            plural(
                "The history in {source} was changed: {first}, and {number} more.",
                "The history in {source} was changed: {first}, and {number} more.",
                others,
                source=source,
                first=first,
            )
            if others
            else _("The history in {source} was changed: {first}.", source=source, first=first)
        )
        raise BackupUnusable(
            message,
            hint=_("Choose another backup. If you have none, add --despite-breaks."),
        )


def _into_one_file(path: Path) -> None:
    """Merge the write-ahead log into the file, so that it can be moved and copied alone."""
    with _sqlite_errors(path, path), closing(sqlite3.connect(path, timeout=_PATIENCE)) as database:
        database.execute("PRAGMA journal_mode = DELETE")


def _set_aside(ledger: Path, now: datetime) -> Path | None:
    """Keep the ledger under a second name, and leave it in its place until it is replaced."""
    if not ledger.exists():
        return None
    kept = ledger.with_name(f"{ledger.name}.before-restore-{now:%Y-%m-%dT%H%M%SZ}")
    if kept.exists():
        raise StorageError(
            _("{kept} already exists.", kept=kept), hint=_("Wait a second, and try again.")
        )
    if not _is_damaged(ledger):
        _close_to_others(ledger)
    # A damaged ledger is kept as it is. Its log must not be used for the new ledger.
    for suffix in _COMPANIONS:
        with file_errors(kept), suppress(FileNotFoundError):
            Path(f"{ledger}{suffix}").rename(f"{kept}{suffix}")
    with file_errors(kept):
        kept.hardlink_to(ledger)
    return kept


def _is_damaged(ledger: Path) -> bool:
    """Whether SQLite cannot read it at all; the check changes nothing."""
    try:
        with closing(_open_to_read(ledger)) as database:
            database.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        return True
    return False


def _close_to_others(ledger: Path) -> None:
    """Merge the ledger's log, which SQLite does only when no other process has it open."""
    try:
        with closing(sqlite3.connect(ledger, timeout=_PATIENCE)) as database:
            database.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise AlreadyRunning(
                _("Another process has the ledger open."),
                hint=_("End all other Publisher commands in this workspace, then restore."),
            ) from None
        raise StorageError(
            _("{ledger} cannot be closed: {error}.", ledger=ledger, error=error)
        ) from None


def _publish(draft: Path, target: Path) -> None:
    """Give the finished file its name, durably: also if the machine fails right after."""
    with file_errors(target):
        sync(draft)
        draft.replace(target)
        sync(target.parent)


def _remove(path: Path) -> None:
    for suffix in ("", *_COMPANIONS):
        with suppress(OSError):
            Path(f"{path}{suffix}").unlink()


@contextmanager
def _sqlite_errors(source: Path, target: Path) -> Iterator[None]:
    """Turn SQLite's errors while `source` is read and `target` written into ours."""
    try:
        with file_errors(target):
            yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if any(sign in text for sign in ("not a database", "malformed", "no such table")):
            raise BackupUnusable(
                _("{source} is not an SQLite database, or is damaged.", source=source)
            ) from None
        if "locked" in text:
            raise AlreadyRunning(
                _("{source} is locked by another process.", source=source),
                hint=_("Wait, and try again."),
            ) from None
        if "unable to open" in text:
            raise StorageError(
                _("{source} or {target} cannot be opened.", source=source, target=target)
            ) from None
        raise StorageError(
            _("{target} cannot be written: {text}.", target=target, text=text)
        ) from None
