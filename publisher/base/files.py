"""Files: atomic and durable writes, private files, and a lock between processes."""

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from publisher.base.errors import StorageError, why
from publisher.base.i18n import _

_UNFINISHED = ".part"
_PAUSE = 0.01  # seconds between two attempts to lock


def write(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write `content` to `path` atomically and durably. Raises OSError.

    By default everybody may read it: the web server of the pages is another user.
    """
    with beside(path, content, mode) as new:
        new.replace(path)
    sync(path.parent)


@contextmanager
def beside(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    """Write a new file into the folder of `path`, synced to the disk, for the block to move.

    Its name is random, so that nobody can plant a link there.
    """
    try:
        handle, name = tempfile.mkstemp(_UNFINISHED, f".{path.name[:100]}.", path.parent)
    except OSError as error:
        error.filename = os.fspath(path)  # the new name says nothing to people
        raise
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(content)
            file.flush()
            os.fsync(handle)
        yield new
    finally:
        new.unlink(missing_ok=True)


def move(source: Path, target: Path) -> None:
    """Move a file to `target` atomically, also from another file system. Raises OSError.

    Its new name is not durable yet; see `sync`.
    """
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        write(target, source.read_bytes())
        source.unlink()


def sweep(folder: Path) -> None:
    """Delete unfinished files of killed processes. No other process may write here meanwhile."""
    for path in folder.glob(f".*{_UNFINISHED}"):
        path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Sync a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, patience: float) -> Iterator[BinaryIO]:
    """Hold an exclusive lock on `path`, which is created, among all threads and processes.

    TimeoutError after `patience` seconds: the process with the lock may be frozen. It is released
    when the process ends, in any way.
    """
    # For this user alone: another one who can open it could take the lock.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "r+b") as file:
        with suppress(PermissionError):  # an older version let every user
            os.fchmod(file.fileno(), 0o600)
        lock(file.fileno(), patience)
        yield file


def lock(descriptor: int, patience: float) -> None:
    """Lock an open file or folder until it is closed. TimeoutError as above."""
    deadline = time.monotonic() + patience
    while not _taken(descriptor):
        if time.monotonic() > deadline:
            raise TimeoutError(_("another process has locked it"))
        time.sleep(_PAUSE)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def keep(path: Path, data: bytes) -> None:
    """Write a private file, best effort: it may have text under embargo."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, data, 0o600)


def create(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a new file, whole or not at all. FileExistsError rather than over another; OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def create_private(path: Path) -> None:
    """Create an empty file that only its owner may read: it will have posts under embargo."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


@contextmanager
def file_errors(path: Path, hint: str | None = None) -> Iterator[None]:
    """Turn the system's errors while `path` is written into StorageError with this hint."""
    try:
        yield
    except OSError as error:
        message = _(
            "{path} cannot be written: {reason}.", path=error.filename or path, reason=why(error)
        )
        raise StorageError(message, hint=hint) from error
