"""Answers about all drafts, kept in var/ until anything changes that they were found from.

A kept answer is only given for the very state that it is about. Of each file and folder under posts/
the state is what the file system tells: its number, size, mode, and the instants of its last change
and of its last change of status, which no program can set. As a file system's clock has its grain,
nothing is kept while anything under posts/ is younger than two seconds. To the state belong also the
settings, the language, the commit and the index of git, and whatever is installed: Publisher, its
libraries and the time zones. Whatever cannot be read, here or in var/, leads to a new answer.
"""

import hashlib
import json
import os
import subprocess
import sysconfig
import time
import zoneinfo
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from publisher.base import cache_file, i18n
from publisher.drafts import git_history
from publisher.settings import Settings

_GRAIN = 2.0  # seconds: that of FAT, the coarsest
_WORTH_KEEPING = 0.5  # seconds that it took to find an answer
_KEPT = TypeAdapter(tuple[str, Any])
_T = TypeVar("_T")


class LastAnswer(Generic[_T]):
    """What was found last time, for one question about all drafts of a workspace.

    Look with `recall`; where it has nothing, find it, and `keep` it for the next time.
    """

    def __init__(
        self,
        settings: Settings,
        question: str,
        form: TypeAdapter[_T],
        beside: Callable[[], object] = lambda: None,
    ) -> None:
        """`question` names the file in var/, `form` is that of an answer, and `beside` tells the
        state of what else it depends on.
        """
        self._settings = settings
        self._path = settings.var / f"{question}.json"
        self._form = form
        self._beside = beside
        self._begun = time.monotonic()
        self._before = self._state()

    def recall(self) -> _T | None:
        """The last answer, if everything is as it was then."""
        with suppress(OSError, ValidationError):
            state, kept = _KEPT.validate_json(self._path.read_bytes())
            if state == self._before:
                return self._form.validate_python(kept)
        return None

    def keep(self, answer: _T) -> None:
        """For the next time, if it took a while, and nothing changed meanwhile."""
        took = time.monotonic() - self._begun
        if self._before and took >= _WORTH_KEEPING and self._state() == self._before:
            plain = self._form.dump_python(answer, mode="json")
            cache_file.keep(self._path, _KEPT.dump_json((self._before, plain)))

    def _state(self) -> str | None:
        """A digest of all that it depends on; None when it cannot be told, or is too young."""
        settings = self._settings
        try:
            entries = [*_entries(settings.posts)]
            installed = [_stamp(Path(place)) for place in _installed()]
            history = _git(settings.posts)
        except (OSError, subprocess.SubprocessError):
            return None
        if max(max(entry[-2:]) for _name, entry in entries) / 1e9 > time.time() - _GRAIN:
            return None
        said = [
            i18n.current(), os.geteuid(), repr(settings), repr(settings.public_accounts()),
            entries, installed, history, self._beside(),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()


_Stamp = tuple[int, ...]


def _entries(folder: Path) -> Iterator[tuple[str, _Stamp]]:
    """The folder and all below it, in order; of a symbolic link also what it leads to."""
    yield str(folder), _stamp(folder)
    for parent, folders, files in os.walk(folder, onerror=_fail):
        folders.sort()
        for name in sorted((*folders, *files)):
            path = os.path.join(parent, name)  # noqa: PTH118 - ten thousand times
            status = os.lstat(path)
            yield path, _told(status)
            if os.path.islink(path):  # noqa: PTH114
                yield path, _stamp(Path(path)) if os.path.exists(path) else (0, 0)  # noqa: PTH110


def _fail(error: OSError) -> None:
    raise error


def _stamp(path: Path) -> _Stamp:
    return _told(path.stat())


def _told(status: os.stat_result) -> _Stamp:
    return (
        status.st_dev, status.st_ino, status.st_mode, status.st_uid, status.st_gid,
        status.st_size, status.st_mtime_ns, status.st_ctime_ns,
    )  # fmt: skip


def _installed() -> Iterator[str]:
    """Folders that change when Publisher, a library or the time zones do."""
    yield sysconfig.get_paths()["purelib"]
    package = Path(__file__).parent
    yield from (str(path) for path in sorted(package.rglob("*.py")))
    yield from filter(os.path.isdir, zoneinfo.TZPATH)


def _git(posts: Path) -> list[object]:
    """What the age of translations is taken from; empty outside of any repository."""
    if not git_history.has_history(posts):
        return []
    names = ["rev-parse", "--git-path", "index", "--git-path", "shallow", "HEAD"]
    command = ["git", "-C", str(posts), *names]
    done = subprocess.run(command, capture_output=True, check=False, timeout=10, encoding="utf-8")
    files = [posts / name for name in done.stdout.splitlines()[:2]]
    return [done.stdout, [_stamp(path) for path in files if path.exists()]]
