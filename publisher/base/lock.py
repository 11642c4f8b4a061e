"""Process locks: lock files that let only one process do something in a workspace."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from publisher.base import files
from publisher.base.errors import AlreadyRunning, StorageError, why
from publisher.base.i18n import _

_PATIENCE = 0.5
"""Seconds to wait for a lock: a process that only checks, as `ensure_free` does, has it for much
less.
"""


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold the lock of `what` on this file; it is released when the process ends, in any way.

    Raises AlreadyRunning, which names the process that has it.
    """
    with ExitStack() as held:
        with files.file_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                lock = held.enter_context(files.locked(path, _PATIENCE))
            except TimeoutError:
                raise _already_running(path, what) from None
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n".encode())
            lock.flush()
        yield


@contextmanager
def folder_locked(folder: Path, what: str) -> Iterator[None]:
    """Lock a folder: unlike a lock file, it cannot be deleted with its contents.

    Does nothing if the file system cannot lock folders.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield
        return
    try:
        files.lock(descriptor, _PATIENCE)
    except TimeoutError:
        os.close(descriptor)
        raise AlreadyRunning(_("{what} is already running in this workspace.", what=what)) from None
    except OSError:
        pass  # such as NFS, which locks only writable files
    try:
        yield
    finally:
        os.close(descriptor)


def ensure_free(path: Path, what: str) -> None:
    """Raise AlreadyRunning if a process has the lock; nothing is locked, written or created."""
    try:
        lock = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(
            _("{path} cannot be read: {reason}.", path=path, reason=why(error))
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _already_running(path, what) from None
    finally:
        os.close(lock)


def _already_running(path: Path, what: str) -> AlreadyRunning:
    pid = path.read_text()[:20].strip() or "unknown"
    return AlreadyRunning(
        _("{what} is already running in this workspace (process {pid}).", what=what, pid=pid)
    )
