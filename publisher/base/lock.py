"""Process locks: lock files that let only one process do something in a workspace."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from publisher.base.errors import AlreadyRunning, StorageError, why
from publisher.base.i18n import _

_PATIENCE = 0.5
"""Seconds to wait for a lock: a process that only checks, as `ensure_free` does, has it for much
less.
"""
_PAUSE = 0.01


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold the lock of `what` on this file; it is released when the process ends, in any way.

    Raises AlreadyRunning, which names the process that has it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # For this user only: another user who can open it could take the lock, and nothing would go
        # out.
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StorageError(
            _("{path} cannot be written: {reason}.", path=path, reason=why(error))
        ) from error
    try:
        with suppress(PermissionError):  # an older version let every user
            os.fchmod(lock, 0o600)
        _take(lock, path, what)
        yield
    finally:
        os.close(lock)


@contextmanager
def folder_locked(folder: Path, what: str) -> Iterator[None]:
    """Lock a folder: unlike a lock file, it cannot be deleted with its contents.

    Does nothing if the file system cannot lock folders.
    """
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield
        return
    try:
        _wait_for(lock)
    except BlockingIOError:
        os.close(lock)
        raise AlreadyRunning(_("{what} is already at work in this workspace.", what=what)) from None
    except OSError:
        pass  # such as NFS, which locks only writable files
    try:
        yield
    finally:
        os.close(lock)


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
        raise _already_running(lock, what) from None
    finally:
        os.close(lock)


def _take(lock: int, path: Path, what: str) -> None:
    try:
        _wait_for(lock)
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
    except BlockingIOError:
        raise _already_running(lock, what) from None
    except OSError as error:
        raise StorageError(
            _("{path} cannot be written: {reason}.", path=path, reason=why(error))
        ) from error


def _wait_for(lock: int) -> None:
    """Take the lock; BlockingIOError when another process holds it longer than a check does."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE)
        else:
            return


def _already_running(lock: int, what: str) -> AlreadyRunning:
    pid = os.read(lock, 20).decode().strip() or "unknown"
    return AlreadyRunning(
        _("{what} is already at work in this workspace (process {pid}).", what=what, pid=pid)
    )
