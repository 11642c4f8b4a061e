"""Putting a file that people wrote in the place of the one that somebody saw."""

import fcntl
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from publisher.base.errors import FileChanged, StorageError, why
from publisher.base.i18n import _


def replace(path: Path, file: str, seen: bytes, new: bytes) -> None:
    """Write `new` where `seen` was, whole or not at all; `file` is its name for people.

    FileChanged if the file is not the one that was seen any more; StorageError if it cannot be
    written. Two of us who do this at a time take turns; an editor that saves between the last look
    and the rename, some microseconds later, is not noticed.
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
    """A new file, on the disk when this returns, with the rights of the one that it replaces.

    Nothing may have its name, nor a link that was put there: what that leads to would be overwritten.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        os.fchmod(file.fileno(), stat.S_IMODE(like.st_mode))
        with suppress(PermissionError):
            os.fchown(file.fileno(), like.st_uid, like.st_gid)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
