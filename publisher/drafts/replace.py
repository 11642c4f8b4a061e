"""Compare-and-swap of a file: replaces it only if it is still what the editor saw."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from publisher.base import files
from publisher.base.errors import FileChanged, StorageError, why
from publisher.base.i18n import _

_PATIENCE = 10.0  # seconds


def replace(path: Path, file: str, seen: bytes, new: bytes) -> None:
    """Replace `seen` with `new`, atomically; `file` is its name for people.

    Raises FileChanged if the file no longer holds `seen`, StorageError if it cannot be written.
    A lock makes concurrent calls take turns; an editor that saves between the last comparison and
    the rename, some microseconds later, is not noticed.
    """
    hint = _("The folder posts/ must be one that you may write to, on a disk with free space.")
    target = path.resolve()
    try:
        with target.open("rb") as old:
            files.lock(old.fileno(), _PATIENCE)
            like = os.fstat(old.fileno())
            with files.beside(target, new, stat.S_IMODE(like.st_mode)) as beside:
                with suppress(PermissionError):
                    os.chown(beside, like.st_uid, like.st_gid)
                if target.read_bytes() != seen:
                    raise FileChanged(_("Somebody else changed {file} meanwhile.", file=file))
                beside.replace(target)
    except FileNotFoundError:
        raise FileChanged(_("Somebody else took {file} away meanwhile.", file=file)) from None
    except OSError as error:
        raise StorageError(
            _("{file} cannot be written: {reason}. It is as it was.", file=file, reason=why(error)),
            hint=hint,
        ) from error
