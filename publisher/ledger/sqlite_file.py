"""The file of an SQLite ledger, and the check that it is still the one that was opened.

A file that is deleted, or replaced by a copy, still exists for the process that has it open. What
that process then wrote would never be read: what is out would go out again.
"""

from pathlib import Path

from publisher.base.errors import LedgerGone, StorageError, why
from publisher.base.i18n import _

_Identity = tuple[int, int]  # device and inode


class LedgerFile:
    """The file at one path, from the first connection on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: _Identity | None = None

    def exists(self) -> bool:
        """Whether there is a file; True for an unreadable path, which the connection reports."""
        try:
            return self.path.lstat() is not None
        except FileNotFoundError:
            return False
        except OSError:
            return True

    def opened(self) -> None:
        """Record which file was opened first; raises LedgerGone when a later one differs."""
        if self._opened is None:
            self._opened = self._identity()
        self.check()

    def check(self) -> None:
        """Raise LedgerGone when the file that was opened is not at its path any more.

        Takes a microsecond or two, so that each transaction can do it.
        """
        if self._opened is not None and self._identity() != self._opened:
            raise LedgerGone(
                _(
                    "{path} was deleted or replaced while it was in use. This process has stopped: "
                    "nothing more goes out from here.",
                    path=self.path,
                )
            )

    def make_private(self) -> None:
        """Create the file, readable by its owner only, as it has texts under embargo."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.path.exists():
                self.path.touch(mode=0o600)
        except OSError as error:
            raise StorageError(
                _("{path} cannot be opened: {reason}.", path=self.path, reason=why(error))
            ) from error

    def _identity(self) -> _Identity | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError:
            return self._opened  # the read or write reports why it is not accessible
        return found.st_dev, found.st_ino
