"""Uploads: checks a picture, GIF, video or document as those of drafts, and makes a clean copy.

The content decides the type, not the name. Only the clean copy is kept: a committed file must not
reveal where a child was, nor carry hidden data.
"""

import shutil
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import BinaryIO

from publisher.base.errors import StorageError, why
from publisher.base.i18n import _
from publisher.base.text import slug
from publisher.media import heif, media_file
from publisher.media.media_file import CleanPicture
from publisher.model.capabilities import Capabilities
from publisher.model.problems import Flaw

_BEGINNINGS = (
    (0, b"\xff\xd8\xff", "jpg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"GIF8", "gif"),
    (8, b"WEBP", "webp"),
    (4, b"ftyp", "mp4"),
    (0, b"%PDF-", "pdf"),
)
"""Offset, signature and suffix of each type. Whether the file is valid is checked later."""


def clean(file: BinaryIO, name: str, capabilities: Capabilities) -> CleanPicture | Flaw:
    """Make the clean copy of an upload called `name`, or return its flaw, as `check` reports it.

    It can take many seconds: callers must limit the number of concurrent calls.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{slug(_bare(name).stem) or 'media'}.{_ending(file, name)}"
        try:
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy)
        except OSError as error:
            message = _(
                "Publisher cannot look at {file}: {reason}.", file=path.name, reason=why(error)
            )
            hint = _("The folder for temporary files must be on a disk with free space.")
            raise StorageError(message, hint=hint) from error
        return media_file.copies(path, [capabilities])[0]


def _ending(file: BinaryIO, name: str) -> str:
    """The suffix by content; by name for a file that can only be refused."""
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
    """The last part of a path from any operating system."""
    return PurePosixPath(PurePosixPath(name.replace("\\", "/")).name)
