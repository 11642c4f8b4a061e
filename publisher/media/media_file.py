"""Media files: checks a picture, GIF, video or document, and makes the clean copy that is sent.

The copy of a picture carries nothing but pixels: no EXIF, GPS, XMP, comment, thumbnail or colour
profile. It is upright and sRGB, a PNG or a JPEG, within the channel's limits. The original is never
touched, and never decoded in this process (`decoder`).
"""

import functools
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from publisher.base.errors import PictureUnusable
from publisher.base.i18n import _
from publisher.base.process_pool import Ended
from publisher.media import decoder, documents, videos
from publisher.media.clean_copy import CleanPicture
from publisher.media.decoding import (
    MAX_BYTES,
    MAX_PIXELS,
    MAX_SIDE,
    SUFFIXES,
    damaged,
    flaw_of_file,
)
from publisher.model.capabilities import Capabilities
from publisher.model.posts import Inspected
from publisher.model.problems import Flaw

__all__ = ["MAX_BYTES", "MAX_PIXELS", "MAX_SIDE", "MEDIA_TYPES", "ONE_BY_ONE", "SUFFIXES",
           "CleanPicture", "clean", "copies", "cropped", "flaw_of_file", "inspect", "locate", "look",
           "state", "thumbnail"]  # fmt: skip

MEDIA_TYPES = frozenset({"image/jpeg", "image/png"})
"""The media types of a still picture's clean copy."""
ONE_BY_ONE = frozenset({".gif", *videos.SUFFIXES, *documents.SUFFIXES})
"""Each of their copies may be big."""


def inspect(path: Path, posts: Path) -> Flaw | None:
    """Check a picture that a draft names; `posts` is the folder that must contain it.

    A picture is decoded completely, so that a truncated one is found now. For a GIF, the headers
    of all frames are read; of a video, only the first picture is decoded; of a document, all pages
    are read. The result is cached until the file changes.
    """
    located = locate(path, posts)
    found = located if isinstance(located, Flaw) else look(located)
    return found if isinstance(found, Flaw) else None


def locate(path: Path, posts: Path) -> Path | Flaw:
    """Resolve `path` to a regular file inside `posts`; a link that leads out is a flaw."""
    try:
        real, root = path.resolve(strict=True), posts.resolve(strict=True)
        status = real.stat()
    except (OSError, RuntimeError, ValueError):
        return _missing(path)
    if not real.is_relative_to(root):
        inside = Path(os.path.normpath(path)).is_relative_to(posts)
        code = "media-symlink" if inside else "media-outside"
        message = (
            _("{file} is a symbolic link that leads out of posts/.", file=path.name)
            if inside
            else _("{file} is outside posts/.", file=path.name)
        )
        return Flaw(code, message, _("Copy the picture into posts/media/."))
    if not stat.S_ISREG(status.st_mode):
        message = (
            _("{file} is a folder.", file=path.name)
            if stat.S_ISDIR(status.st_mode)
            else _("{file} is not a regular file.", file=path.name)
        )
        return Flaw("media-not-a-file", message, _("Choose a picture in it."))
    return real


def _missing(path: Path) -> Flaw:
    hint = _("Names are relative to the draft; with a leading slash, to posts/.")
    return Flaw("media-missing", _("There is no file {file}.", file=path.name), hint)


def look(path: Path) -> Flaw | Inspected:
    """The flaw of a located file, or what is known of it; checked as by `inspect`."""
    try:
        return _inspected(path, *state(path))
    except FileNotFoundError:  # gone since it was located: its draft was saved, or deleted
        return _missing(path)
    except Ended:
        return _interrupted(path)


def state(path: Path) -> tuple[int, ...]:
    """What changes with a file."""
    status = path.stat()
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


@functools.lru_cache(maxsize=4096)
def _inspected(path: Path, *_state: int) -> Flaw | Inspected:
    return flaw_of_file(path) or decoder.look(path)


def clean(path: Path, capabilities: Capabilities) -> CleanPicture:
    """The clean copy of a file for one channel.

    It has the same bytes each time for the same version of Pillow and, for HEIC, of pillow-heif.
    PNG and GIF become PNG, JPEG becomes JPEG; WebP, HEIC and AVIF become JPEG, or PNG if they are
    transparent; the other one if the channel does not take it or it would be too big. An animated
    GIF stays one, a video becomes an MP4, and a document stays a PDF. Raises PictureUnusable if
    `inspect` finds a flaw, or the channel takes no format that it can become.
    """
    (made,) = copies(path, [capabilities])
    if isinstance(made, Flaw):
        raise PictureUnusable(made.message, hint=made.hint)
    return made


def cropped(path: Path, capabilities: Capabilities, shares: Sequence[float]) -> CleanPicture:
    """The clean copy of a part of a still picture, as in `Frame.shares`. Raises PictureUnusable."""
    (made,) = copies(path, [capabilities], shares)
    if isinstance(made, Flaw):
        raise PictureUnusable(made.message, hint=made.hint)
    return made


def thumbnail(path: Path, side: int) -> bytes:
    """A WebP of the picture, or of a video's first one, of at most `side` pixels each way.

    It is kept in memory until the file changes, and nowhere else. Raises PictureUnusable.
    """
    try:
        return _thumbnail(path, side, *state(path))
    except (OSError, Ended):
        raise PictureUnusable(damaged(path).message) from None


@functools.lru_cache(maxsize=1024)  # about ten kilobytes each
def _thumbnail(path: Path, side: int, *_state: int) -> bytes:
    made = decoder.thumbnail(path, side)
    if isinstance(made, Flaw):
        raise PictureUnusable(made.message, hint=made.hint)
    return made


def copies(
    path: Path, several: Sequence[Capabilities], shares: Sequence[float] = ()
) -> list[CleanPicture | Flaw]:
    """The copies as by `clean` for several channels, or the flaws; a still picture is decoded once
    for all. `shares`: of a part of it.
    """
    if path.suffix.lower() in ONE_BY_ONE and len(several) > 1:
        return [copies(path, [capabilities], shares)[0] for capabilities in several]
    try:
        flaw = flaw_of_file(path)
        return [flaw] * len(several) if flaw else decoder.copies(path, several, shares)
    except OSError:  # it is gone, or may not be read
        return [damaged(path)] * len(several)
    except Ended:
        return [_interrupted(path)] * len(several)


def _interrupted(path: Path) -> Flaw:
    message = _("{file} could not be opened in time.", file=path.name)
    return Flaw("media-too-costly", message, _("Try again. The machine may be too busy."))
