"""Files that hold what is in the ledger: private, whole, and there for good."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from publisher.base.errors import StorageError
from publisher.base.i18n import _


def create_private(path: Path) -> None:
    """An empty file that only its owner may read: posts under embargo are in it."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def flush(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """The system's errors while `path` is written, as ours."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            _("{path} cannot be written: {reason}.", path=path, reason=error.strerror)
        ) from error
