"""Files that let only one process do something in a workspace."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from publisher.errors import AlreadyRunning, StorageError, why
from publisher.language import _


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Let only one `what` be at work on this file; the lock goes with the process, however it ends.

    AlreadyRunning names the process that has it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StorageError(
            _("{path} cannot be written: {reason}.", path=path, reason=why(error))
        ) from error
    try:
        _take(lock, path, what)
        yield
    finally:
        os.close(lock)


def _take(lock: int, path: Path, what: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
    except BlockingIOError:
        pid = os.read(lock, 20).decode().strip() or "unknown"
        raise AlreadyRunning(
            _("{what} is already at work in this workspace (process {pid}).", what=what, pid=pid)
        ) from None
    except OSError as error:
        raise StorageError(
            _("{path} cannot be written: {reason}.", path=path, reason=why(error))
        ) from error
