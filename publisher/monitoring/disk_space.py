"""Whether the disk takes what is written: while it does not, not even a log can say so."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from publisher.base.i18n import _, later

_LOOK = 2.0  # seconds between two looks
_LEAST = 1_000_000  # bytes; SQLite and the logs write in pieces of a few thousand


class DiskSpace:
    """Looks after the disk that a folder is on."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._trouble: str | None = None
        self._next_look = 0.0

    def look(self) -> None:
        """Say once when the disk is full or read-only, and once when it is so no more.

        To be called any number of times.
        """
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK
        trouble = trouble_of(self._folder)
        if trouble and not self._trouble:
            self._say(
                _(
                    "The disk with {folder} is {trouble}: what comes next waits until it is not.",
                    folder=self._folder,
                    trouble=_(trouble),
                )
            )
        elif self._trouble and not trouble:
            self._say(_("The disk with {folder} takes files again.", folder=self._folder))
        self._trouble = trouble


def trouble_of(folder: Path) -> str | None:
    """What is wrong with the disk that a folder is on, not translated; None for nothing."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None  # whoever needs the folder says what is wrong with it
    if disk.f_flag & os.ST_RDONLY:
        return later("read-only")
    return later("full") if disk.f_bavail * disk.f_frsize < _LEAST else None
