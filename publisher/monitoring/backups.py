"""Backup checks: the age of the newest backup, and of the last one that was restored for a trial.

`publisher backup`, pg_dump and others put their files into `[backups] folder`. Whoever restores one
for a trial touches the file `tried` beside it; `publisher backup` does so itself, for it opens and
verifies each copy that it makes.
"""

import time
from datetime import timedelta
from pathlib import Path

from publisher.base.files import file_errors
from publisher.base.i18n import _
from publisher.monitoring.troubles import Subject, Trouble
from publisher.settings.schema import BackupSettings

ENDINGS = (".db", ".dump")
_TRIED = "tried"
_TRIAL = timedelta(days=40)
"""Age of the last trial from which on it is asked for again."""


def trouble_of(backups: BackupSettings) -> Trouble | None:
    """What is wrong with the backups of this machine; None: nothing, or none are looked for."""
    folder = backups.folder
    if folder is None:
        return None
    now = time.time()
    age = min((_age(path, now) for path in _files(folder)), default=None)
    if age is None or age > backups.max_age.total_seconds():
        message = (
            _("There is no backup of the ledger in {folder}.", folder=folder)
            if age is None
            else _(
                "The newest backup of the ledger in {folder} is {hours} h old.",
                folder=folder,
                hours=round(age / 3600),
            )
        )
        hint = _(
            "Check the log of what makes it (publisher-backup.timer, the container `backup`, "
            "cron), and make one now; `publisher help deployment` shows how."
        )
        return Trouble(Subject.BACKUPS, message, hint)
    tried = folder / _TRIED
    if not tried.exists() or _age(tried, now) > _TRIAL.total_seconds():
        hint = _(
            "Restore the newest one into an empty database, check that the ledger is complete, "
            "and then: touch {file}",
            file=tried,
        )
        message = _(
            "No backup of the ledger has had a trial restore in the last {days} days.",
            days=_TRIAL.days,
        )
        return Trouble(Subject.BACKUPS, message, hint)
    return None


def note_trial(folder: Path) -> None:
    """Record that a backup of this folder has just been opened and verified."""
    with file_errors(folder):
        (folder / _TRIED).touch(mode=0o600)


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.suffix in ENDINGS]
    except OSError:
        return []


def _age(path: Path, now: float) -> float:
    """Seconds since the file was written; that is long ago for one that has just gone."""
    try:
        return now - path.stat().st_mtime
    except OSError:
        return now
