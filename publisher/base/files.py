"""Files: atomic and durable writes, private files, and a lock between processes."""

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from publisher.base.errors import StorageError
from publisher.base.i18n import _

_UNFINISHED = ".part"
_PAUSE = 0.01  # seconds between two attempts to lock


def write(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically and durably. Raises OSError."""
    handle, name = tempfile.mkstemp(_UNFINISHED, f".{path.name[:100]}.", path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o644)  # for the web server, which is another user
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync(path.parent)


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
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold an exclusive lock on `path`, among all threads and processes.

    TimeoutError after `patience` seconds: the process with the lock may be frozen.
    """
    # The web server reads the files beside it, and must not be able to lock it.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "ab") as file:
        with suppress(PermissionError):  # an older version let every user
            os.fchmod(file.fileno(), 0o600)
        deadline = time.monotonic() + patience
        while not _taken(file.fileno()):
            if time.monotonic() > deadline:
                raise TimeoutError(_("the folder is locked by another process"))
            time.sleep(_PAUSE)
        yield  # closing the file releases the lock, and so does the end of the process


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def keep(path: Path, data: bytes) -> None:
    """Write a private file atomically, best effort: it may have text under embargo."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            draft = Path(file.name)
            try:
                file.write(data)
                file.flush()
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)


def create_private(path: Path) -> None:
    """Create an empty file that only its owner may read: it will have posts under embargo."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn the system's errors while `path` is written into StorageError."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            _("{path} cannot be written: {reason}.", path=path, reason=error.strerror)
        ) from error
