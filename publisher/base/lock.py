"""Files that let only one process do something in a workspace."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from publisher.base.errors import AlreadyRunning, StorageError, why
from publisher.base.i18n import _

_PATIENCE = 0.5
"""Seconds: whoever only looks, as `ensure_free` does, has a lock for much less."""
_PAUSE = 0.01


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Let only one `what` be at work on this file; the lock goes with the process, however it ends.

    AlreadyRunning names the process that has it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # For this user alone: whoever may open it may take the lock, and nothing would go out.
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StorageError(
            _("{path} cannot be written: {reason}.", path=path, reason=why(error))
        ) from error
    try:
        with suppress(PermissionError):  # an older version let everybody
            os.fchmod(lock, 0o600)
        _take(lock, path, what)
        yield
    finally:
        os.close(lock)


@contextmanager
def folder_locked(folder: Path, what: str) -> Iterator[None]:
    """The same on a folder, which stays where files in it may be deleted: the lock with them.

    Where the file system locks no folders, this does nothing.
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
        pass  # such as NFS, which locks only what may be written
    try:
        yield
    finally:
        os.close(lock)


def ensure_free(path: Path, what: str) -> None:
    """The same AlreadyRunning, if a process has the lock; nothing is taken, written or created."""
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
    """Take it; BlockingIOError when somebody has it and does not only look."""
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
