"""Unsaved pictures: the clean copies of uploads whose drafts are not saved yet.

They are kept in `var` under a random name, for whoever sends the form that has it, until its draft
is saved, and for a week at most. Two people who upload one picture have a copy each. Each person
has a quota, so that no one can fill the room of the others.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from publisher.base import files
from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.base.text import folded
from publisher.media.clean_copy import CleanPicture

_MARK = "unsaved:"
_NAME = re.compile(
    rf"{_MARK}([0-9a-f]{{64}}(?:-crop(?:-[0-9]{{1,4}}){{3}}x[0-9]{{1,4}})?)(\.[a-z0-9]{{3,4}})"
)
_LIFE = 7 * 86400.0  # seconds
_MOST = 2_000_000_000  # bytes of all of them
_MOST_OF_PERSON = 300_000_000  # bytes: six of the largest files
_OWNER = 16  # hexadecimal digits of a name that tell whose it is


class UnsavedPictures:
    """The unsaved pictures of a workspace, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, picture: CleanPicture, person: str, ending: str = "") -> str:
        """Keep a picture; its name in a form. Raises UsageError if too much is kept.

        `person`: who added it. `ending`: of a crop, as `Frame.ending` has it.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        owner = hashlib.sha256(folded(person).encode()).hexdigest()[:_OWNER]
        of_all, of_person = self._tidy(owner)
        if of_person + len(picture.data) > _MOST_OF_PERSON:
            raise UsageError(
                _("Too many of your pictures are waiting for their drafts to be saved."),
                hint=_(
                    "Save the drafts that use them, then add this one again. Publisher deletes "
                    "what is not saved after a week."
                ),
            )
        if of_all + len(picture.data) > _MOST:
            message = _("Too many pictures are waiting for their drafts to be saved.")
            raise UsageError(message, hint=_("Save the drafts, then add the picture."))
        name = f"{_MARK}{owner}{secrets.token_hex(32 - _OWNER // 2)}{ending}{picture.suffix}"
        path = self._path(name)
        assert path  # noqa: S101 - it is a name of ours
        with files.file_errors(Path(path.name)):
            files.write(path, picture.data, 0o600)
        return name

    def find(self, name: str) -> Path | None:
        """The file of a picture with such a name; None: it has another one, or is not kept."""
        path = self._path(name)
        return path if path and path.is_file() else None

    def forget(self, names: Iterable[str]) -> None:
        """Delete pictures whose draft was saved: they should lie in no more places than needed."""
        for path in filter(None, map(self._path, names)):
            path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path | None:
        found = _NAME.fullmatch(name)
        return self._folder / f"{found[1]}{found[2]}" if found else None

    def _tidy(self, owner: str) -> tuple[int, int]:
        """Delete what is too old; how many bytes are left of all people, and of this one."""
        of_all = of_person = 0
        for file in self._folder.iterdir():
            with suppress(FileNotFoundError):
                status = file.stat()
                if status.st_mtime < time.time() - _LIFE:
                    file.unlink()
                else:
                    of_all += status.st_size
                    of_person += status.st_size if file.name.startswith(owner) else 0
        return of_all, of_person


def is_unsaved(name: str) -> bool:
    """Whether a form calls an unsaved picture so."""
    return _NAME.fullmatch(name) is not None
