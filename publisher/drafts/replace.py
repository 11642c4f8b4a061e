"""Compare-and-swap of a file: replaces it only if it is still what the editor saw."""

import fcntl
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from publisher.base.errors import FileChanged, StorageError, why
from publisher.base.i18n import _


def replace(path: Path, file: str, seen: bytes, new: bytes) -> None:
    """Replace `seen` with `new`, atomically; `file` is its name for people.

    Raises FileChanged if the file no longer holds `seen`, StorageError if it cannot be written.
    A lock makes concurrent calls take turns; an editor that saves between the last comparison and
    the rename, some microseconds later, is not noticed.
    """
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        with target.open("rb") as old:
            fcntl.flock(old, fcntl.LOCK_EX)
            try:
                _write(beside, new, os.fstat(old.fileno()))
                if target.read_bytes() != seen:
                    raise FileChanged(_("Somebody else changed {file} meanwhile.", file=file))
                beside.replace(target)
            finally:
                with suppress(OSError):
                    beside.unlink()
    except FileNotFoundError:
        raise FileChanged(_("Somebody else took {file} away meanwhile.", file=file)) from None
    except OSError as error:
        raise StorageError(
            _(
                "{file} cannot be written: {reason}. It is as it was.",
                file=file,
                reason=why(error),
            ),
            hint=_(
                "The folder posts/ must be one that you may write to, on a disk with free space."
            ),
        ) from error


def _write(path: Path, data: bytes, like: os.stat_result) -> None:
    """Write a new file, synced to disk, with the permissions of the one that it replaces.

    Its name must be free, of links too: a planted link's target would be overwritten.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        os.fchmod(file.fileno(), stat.S_IMODE(like.st_mode))
        with suppress(PermissionError):
            os.fchown(file.fileno(), like.st_uid, like.st_gid)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
