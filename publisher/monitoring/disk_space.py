"""Disk check: is the disk full or read-only? A log cannot report it then."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from publisher.base.i18n import _, later

_LOOK = 2.0  # seconds between two checks
_LEAST = 1_000_000  # bytes; SQLite and the logs write in pieces of a few thousand


class DiskSpace:
    """Watches the disk of a folder."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._trouble: str | None = None
        self._next_look = 0.0

    def look(self) -> None:
        """Report once when the disk becomes full or read-only, and once when it is usable again.

        It can be called at any rate.
        """
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK
        trouble = trouble_of(self._folder)
        if trouble and not self._trouble:
            told = _(
                "The disk with {folder} is {trouble}: everything that comes next waits until it "
                "is not.",
                folder=self._folder,
                trouble=_(trouble),
            )
            self._say(told)
        elif self._trouble and not trouble:
            self._say(_("The disk with {folder} accepts files again.", folder=self._folder))
        self._trouble = trouble


def trouble_of(folder: Path) -> str | None:
    """The problem of a folder's disk, not translated; None if it has none."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None  # code that uses the folder reports the problem
    if disk.f_flag & os.ST_RDONLY:
        return later("read-only")
    return later("full") if disk.f_bavail * disk.f_frsize < _LEAST else None
