"""A picture, GIF or video that somebody sends: checked as those of drafts are, then made anew.

What it is, its content says, not its name. What is kept is the clean copy: a file that is committed
must not tell where a child was, and nothing that is hidden in it may come along.
"""

import shutil
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import BinaryIO

from publisher.base.errors import StorageError, why
from publisher.base.i18n import _
from publisher.base.slugs import slug
from publisher.media import heif, media_file
from publisher.media.media_file import CleanPicture
from publisher.model.models import Capabilities
from publisher.model.problems import Flaw

_BEGINNINGS = (
    (0, b"\xff\xd8\xff", "jpg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"GIF8", "gif"),
    (8, b"WEBP", "webp"),
    (4, b"ftyp", "mp4"),
)
"""Where in a file which bytes stand, by its kind. Whether it is whole is looked at afterwards."""


def clean(file: BinaryIO, name: str, capabilities: Capabilities) -> CleanPicture | Flaw:
    """The copy of what somebody sent as `name`, or what is wrong with it, as `check` says it.

    PictureUnusable if the channel takes nothing that it can become. It takes up to many seconds:
    callers see to it that few are at work at a time.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{slug(_bare(name).stem) or 'media'}.{_ending(file, name)}"
        try:
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy)
        except OSError as error:
            raise StorageError(
                _("{file} cannot be looked at: {reason}.", file=path.name, reason=why(error)),
                hint=_("The folder for temporary files must be on a disk with free space."),
            ) from error
        return media_file.copy(path, capabilities)


def _ending(file: BinaryIO, name: str) -> str:
    """By the content; by the name for what can only be refused."""
    file.seek(0)
    head = file.read(heif.HEAD)
    file.seek(0)
    if still := heif.kind(head):  # a picture in the boxes of a video
        return still
    for place, beginning, ending in _BEGINNINGS:
        if head.startswith(beginning, place):
            return ending
    return slug(_bare(name).suffix) or "?"


def _bare(name: str) -> PurePosixPath:
    """The last piece of a path, whichever system it comes from."""
    return PurePosixPath(PurePosixPath(name.replace("\\", "/")).name)
