"""Media folders: stores uploads in posts/media/, never over another file, and lists what is there.

Files are written only in the folder itself, through no symbolic link: all names are relative to
the opened folder. A file gets its name only when it is complete and synced to disk.
"""

import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from publisher.base.errors import StorageError, why
from publisher.base.i18n import _
from publisher.media.media_file import SUFFIXES

NAME = "media"
_UNFINISHED = ".upload.part"
_SEEN_BY_ALL = 0o666  # minus the process's umask


class FoundFile(NamedTuple):
    """A file in a media folder."""

    file: str
    """Its path below posts/, with a leading slash, as a draft may name it."""
    path: Path
    changed_at: float
    """Seconds since 1970."""


def listed(posts: Path) -> Iterator[FoundFile]:
    """The pictures, GIFs and videos in the folders called `media` below `posts`, by their names.

    No symbolic link is followed or listed, and nothing hidden.
    """
    above = [(posts, "", False)]
    while above:
        folder, prefix, is_media = above.pop()
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(".") or entry.is_symlink() or not name.isprintable():
                    continue
                if entry.is_dir(follow_symlinks=False):
                    path = Path(entry.path)
                    above.append((path, f"{prefix}/{name}", is_media or name == NAME))
                elif is_media and PurePosixPath(name).suffix.lower() in SUFFIXES:
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        yield FoundFile(f"{prefix}/{name}", Path(entry.path), status.st_mtime)


class NewFile(NamedTuple):
    """A picture that is written into the folder."""

    data: bytes
    suffix: str
    stem: str
    """What it is called, without the suffix."""
    beside: int | None = None
    """For a crop: the place of its whole picture among the new files; `stem` then is the ending
    behind that one's name."""


@contextmanager
def placed(posts: Path, pictures: Sequence[NewFile]) -> Iterator[list[str]]:
    """Write pictures into posts/media/, which is created if missing; their names are yielded.

    A name is the stem and the suffix, with a number between them if another file has that name; a
    file with the same bytes is used again. If the block raises, the new files are removed. A lock
    is held until the block ends, so that no caller removes a file that another one uses. Raises
    StorageError.
    """
    if not pictures:
        yield []
        return
    with _explained():
        folder = _opened(posts)
    new: list[str] = []
    try:
        with _explained():
            fcntl.flock(folder, fcntl.LOCK_EX)
            names: list[str] = []
            for picture in pictures:
                whole = "" if picture.beside is None else PurePosixPath(names[picture.beside]).stem
                stem = whole + picture.stem
                names.append(_named(folder, picture.data, stem, picture.suffix, new))
        yield names
    except BaseException:
        for name in new:
            os.unlink(name, dir_fd=folder)
        raise
    finally:
        os.close(folder)


def _named(folder: int, data: bytes, stem: str, suffix: str, new: list[str]) -> str:
    """The name of the file with these bytes, which is added to `new` if it is a new one."""
    name, is_new = _free(folder, data, stem, suffix)
    if is_new:
        _write(folder, data)
        try:
            os.link(_UNFINISHED, name, src_dir_fd=folder, dst_dir_fd=folder)
            new.append(name)
            os.fsync(folder)
        finally:
            os.unlink(_UNFINISHED, dir_fd=folder)
    return name


def _opened(posts: Path) -> int:
    path = posts / NAME
    path.mkdir(exist_ok=True)
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _write(folder: int, data: bytes) -> None:
    """Write the unnamed file and sync it to disk, after removing that of a killed process."""
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
    """The first name that is free or has a file with the same bytes; and whether it is free."""
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
        message = _(
            "Publisher cannot write to posts/media/: {reason}. Nothing was stored.",
            reason=why(error),
        )
        hint = _(
            "It must be a folder, not a link to one. You need permission to write to it, and its "
            "disk needs free space."
        )
        raise StorageError(message, hint=hint) from error
