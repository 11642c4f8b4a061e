"""Compare-and-swap of a file: replaces or deletes it only if it is still what the editor saw."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    with (
        _locked(path, file) as (target, like),
        files.beside(target, new, stat.S_IMODE(like.st_mode)) as beside,
    ):
        with suppress(PermissionError):
            os.chown(beside, like.st_uid, like.st_gid)
        _compare(target, file, seen)
        beside.replace(target)


def create(path: Path, file: str, new: bytes) -> None:
    """Make the file. Raises FileChanged if there is one, StorageError if it cannot be made."""
    try:
        files.create(path, new)
    except FileExistsError:
        raise FileChanged(_("Someone else made {file} in the meantime.", file=file)) from None
    except OSError as error:
        message = _("{path} cannot be written: {reason}.", path=file, reason=why(error))
        raise StorageError(message, hint=_hint()) from error


def delete(path: Path, file: str, seen: bytes) -> None:
    """Delete the file if it still holds `seen`; raises what `replace` raises."""
    with _locked(path, file) as (target, _like):
        _compare(target, file, seen)
        path.unlink()


def _compare(target: Path, file: str, seen: bytes) -> None:
    if target.read_bytes() != seen:
        raise FileChanged(_("Someone else changed {file} in the meantime.", file=file))


@contextmanager
def _locked(path: Path, file: str) -> Iterator[tuple[Path, os.stat_result]]:
    """Lock a file for its change, and explain the system's errors."""
    target = path.resolve()
    try:
        with target.open("rb") as old:
            files.lock(old.fileno(), _PATIENCE)
            yield target, os.fstat(old.fileno())
    except FileNotFoundError:
        raise FileChanged(_("Someone else took {file} away in the meantime.", file=file)) from None
    except OSError as error:
        raise StorageError(
            _("{file} cannot be written: {reason}. It is unchanged.", file=file, reason=why(error)),
            hint=_hint(),
        ) from error


def _hint() -> str:
    return _("You need permission to write to the folder posts/, on a disk with free space.")
