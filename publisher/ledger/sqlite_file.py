"""The file of an SQLite ledger: where it is, and whether it still is the one that was opened.

A file that is deleted, or replaced by a copy, lives on for the process that has it open. Whatever
that process wrote down from then on, nobody would ever read: what is out would go out again.
"""

from pathlib import Path

from publisher.base.errors import LedgerGone, StorageError
from publisher.base.i18n import _

_Identity = tuple[int, int]  # device and inode


class LedgerFile:
    """The file at one path, from the first connection on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: _Identity | None = None

    def exists(self) -> bool:
        """Whether there is anything; what cannot be looked at is for the connection to report."""
        try:
            return self.path.lstat() is not None
        except FileNotFoundError:
            return False
        except OSError:
            return True

    def opened(self) -> None:
        """Note which file the first connection opened; LedgerGone when another one opened another."""
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
        """Make it for its owner alone, if it is not there: texts under embargo are in it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.path.exists():
                self.path.touch(mode=0o600)
        except OSError as error:
            raise StorageError(
                _("{path} cannot be opened: {reason}.", path=self.path, reason=error.strerror)
            ) from error

    def _identity(self) -> _Identity | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError:
            return self._opened  # whoever reads or writes reports why it cannot be looked at
        return found.st_dev, found.st_ino
