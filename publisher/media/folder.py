"""posts/media/: where a picture that somebody sends is put, never in the place of another file.

Only the folder itself is written to, and through no symbolic link: everything is named from the
opened folder. Nothing is there under its name before it is whole and on the disk.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from publisher.base.errors import StorageError, why
from publisher.base.i18n import _

NAME = "media"
_UNFINISHED = ".upload.part"
_SEEN_BY_ALL = 0o666  # less what the process's umask takes away


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that lies in the folder, whole, and has no name of its own yet."""

    name: str
    """The one that it gets, or that a file with the same bytes has already."""
    _folder: int
    _is_new: bool

    @contextmanager
    def placed(self) -> Iterator[None]:
        """It has its name while this block runs and, unless that raises, ever after."""
        if not self._is_new:
            yield
            return
        with _explained():
            os.link(_UNFINISHED, self.name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
            os.fsync(self._folder)
        try:
            yield
        except BaseException:
            os.unlink(self.name, dir_fd=self._folder)
            raise


@contextmanager
def staged(posts: Path, data: bytes, stem: str, suffix: str) -> Iterator[Staged]:
    """Write a file into posts/media/, which is made if it is missing. StorageError.

    Its name is `stem` and `suffix`, with a number between them where another file has that. We who
    do this at a time take turns until the block ends, so that none takes back what another uses.
    """
    with _explained():
        folder = _opened(posts)
    try:
        with _explained():
            fcntl.flock(folder, fcntl.LOCK_EX)
            _write(folder, data)
            name, is_new = _free(folder, data, stem, suffix)
        try:
            yield Staged(name, folder, is_new)
        finally:
            os.unlink(_UNFINISHED, dir_fd=folder)
    finally:
        os.close(folder)


def _opened(posts: Path) -> int:
    path = posts / NAME
    path.mkdir(exist_ok=True)
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _write(folder: int, data: bytes) -> None:
    """The unfinished file, on the disk when this returns; what a killed process left goes first."""
    with suppress(FileNotFoundError):
        os.unlink(_UNFINISHED, dir_fd=folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(_UNFINISHED, flags, _SEEN_BY_ALL, dir_fd=folder), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(_UNFINISHED, dir_fd=folder)
        raise


def _free(folder: int, data: bytes, stem: str, suffix: str) -> tuple[str, bool]:
    """The first name that nothing has, or a file with the same bytes; and whether it is free."""
    for number in count(1):
        name = f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}"
        try:
            there = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return name, True
        if stat.S_ISREG(there.st_mode) and there.st_size == len(data):
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
            with os.fdopen(descriptor, "rb") as file:
                if file.read() == data:
                    return name, False
    raise AssertionError  # there is always one more number


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            _(
                "posts/media/ cannot be written to: {reason}. Nothing was stored.",
                reason=why(error),
            ),
            hint=_(
                "It must be a folder, and no link to one, that you may write to, on a disk with "
                "free space."
            ),
        ) from error
