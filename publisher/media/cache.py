"""Cache of media inspection results, so that only changed files are decoded again.

To decode a phone's photo and make its copies takes over a second, and a campaign has hundreds,
which are checked at every change of a word. The key is the file's content, not its name or date,
and the versions of Publisher, Pillow, pillow-heif, PyAV and pypdf: another version inspects all
files again. The cache holds no picture, nor any part of one.
"""

import functools
import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import PIL
from PIL import features
from pydantic import TypeAdapter, ValidationError

from publisher.base import files
from publisher.media import media_file
from publisher.media.clean_copy import CleanPicture, Copy
from publisher.model.capabilities import Capabilities
from publisher.model.posts import Inspected
from publisher.model.problems import Flaw

_T = TypeVar("_T")
_LOOKED: TypeAdapter[tuple[Inspected]] = TypeAdapter(tuple[Inspected])
_COPY = TypeAdapter(Copy)
_KEPT = TypeAdapter(tuple[str, Any])
"""A cache entry: the key and the result."""
_GRAIN = 2.0  # seconds: a newer file may change without a change of its timestamps
_DAY = 86400.0  # seconds
_UNUSED = 60 * _DAY
"""Seconds after which an unused entry is deleted."""
_MOST = 100_000
"""Files of which a process remembers something. They are looked at in turn: were there more of
them, none would be found again.
"""


class Copies:
    """Inspection and clean copies of media files, with a cache of results."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` holds the cache; None: no cache."""
        self._folder = folder
        self._is_tidy = False

    @classmethod
    def of(cls, var: Path) -> "Copies":
        """The cache of a workspace, in its folder `var`."""
        return cls(var / "copies")

    def look(self, path: Path) -> Flaw | Inspected:
        """Inspect a file as `media_file.look` does, from the cache if possible."""
        question = self._question(path, "look")
        if (known := self._recall(question, _LOOKED)) is not None:
            return known[0]
        found = media_file.look(path)
        if not isinstance(found, Flaw):
            answer = _LOOKED.dump_python((found,), mode="json")
            self._keep(question, self._question(path, "look"), answer)
        return found

    def copies(self, path: Path, several: Sequence[Capabilities]) -> list[CleanPicture | Flaw]:
        """Make copies as `media_file.copies` does; `told` then knows their metadata."""
        questions = [self._question(path, *_limits(one)) for one in several]
        made = media_file.copies(path, several)
        for one, question, limits in zip(made, questions, map(_limits, several), strict=True):
            if not isinstance(one, Flaw):
                self._keep(question, self._question(path, *limits), _COPY.dump_python(one))
        return made

    def told(self, path: Path, capabilities: Capabilities) -> Copy | None:
        """The metadata of the copy that `copies` makes; None if it is not cached."""
        return self._recall(self._question(path, *_limits(capabilities)), _COPY)

    def learn(self, path: Path, several: Sequence[Capabilities]) -> None:
        """Make the copies of a still picture once, so that `digests` knows them."""
        with suppress(OSError):
            if self._folder and path.suffix.lower() not in media_file.ONE_BY_ONE:
                _learned(self._folder, path, tuple(several), *media_file.state(path))

    def digests(self, path: Path, several: Sequence[Capabilities]) -> frozenset[str]:
        """The digests by which a file is recognised: of its bytes, and of its cached copies.

        None if it cannot be read. What recognises a picture by its likeness has its place here.
        """
        try:
            return _recognised(self._folder, path, tuple(several), *media_file.state(path))
        except _Unmade as unmade:
            return unmade.digests
        except OSError:
            return frozenset()

    def _question(self, path: Path, *about: object) -> str | None:
        """The cache key for the file's present content; None if nothing is cached for it."""
        with suppress(OSError):
            if self._folder and not media_file.flaw_of_file(path):
                return repr((content_digest(path), path.suffix.lower(), _MAKER, *about))
        return None

    def _place(self, question: str | None) -> Path | None:
        if self._folder is None or question is None:
            return None
        return self._folder / f"{hashlib.sha256(question.encode()).hexdigest()}.json"

    def _recall(self, question: str | None, form: TypeAdapter[_T]) -> _T | None:
        place = self._place(question)
        if place is None:
            return None
        with suppress(OSError, ValidationError):
            asked, kept = _KEPT.validate_json(place.read_bytes())
            if asked == question:
                known = form.validate_python(kept)
                _use(place)
                return known
        return None

    def _keep(self, question: str | None, question_now: str | None, answer: object) -> None:
        """Store the result, unless the file changed during the inspection."""
        place = self._place(question)
        if place is not None and question == question_now:
            files.keep(place, json.dumps((question, answer)).encode())
            self._tidy(place.parent)

    def _tidy(self, folder: Path) -> None:
        if not self._is_tidy:
            self._is_tidy = True
            with suppress(OSError):
                for file in folder.iterdir():
                    if file.stat().st_mtime < time.time() - _UNUSED:
                        file.unlink(missing_ok=True)


NOTHING_KEPT = Copies()


def _limits(capabilities: Capabilities) -> tuple[object, ...]:
    """The capabilities on which a copy depends."""
    return (
        "copy",
        sorted(capabilities.picture_types),
        capabilities.picture_max_bytes,
        capabilities.gifs,
        capabilities.videos,
        capabilities.documents,
    )


def _use(place: Path) -> None:
    """Refresh the timestamp of an entry in use, so that it is not deleted."""
    with suppress(OSError):
        if place.stat().st_mtime < time.time() - _DAY:
            place.touch()


def distinct(several: Iterable[Capabilities]) -> tuple[Capabilities, ...]:
    """Those by which a still picture becomes different copies."""
    usable = (one for one in several if one.picture_types & media_file.MEDIA_TYPES)
    return tuple({repr(_limits(one)): one for one in usable}.values())


@functools.lru_cache(maxsize=_MOST)
def _learned(folder: Path, path: Path, several: tuple[Capabilities, ...], *_state: int) -> None:
    """Once in a process: a damaged picture has no copy that is kept."""
    copies = Copies(folder)
    if missing := [one for one in several if not copies.told(path, one)]:
        copies.copies(path, missing)


class _Unmade(Exception):
    """Not all copies of a file were made yet, so this must not be remembered."""

    def __init__(self, digests: frozenset[str]) -> None:
        super().__init__()
        self.digests = digests


@functools.lru_cache(maxsize=_MOST)
def _recognised(
    folder: Path | None, path: Path, several: tuple[Capabilities, ...], *_state: int
) -> frozenset[str]:
    """As `Copies.digests`. Raises _Unmade and OSError."""
    told = [Copies(folder).told(path, one) for one in several]
    found = frozenset({content_digest(path), *(copy.digest for copy in told if copy)})
    if not all(told):
        raise _Unmade(found)
    return found


def content_digest(path: Path) -> str:
    """SHA-256 of the file's content; the file is read once until it changes. Raises OSError."""
    if path.stat().st_ctime > time.time() - _GRAIN:
        return _read(path)
    return _remembered(path, *media_file.state(path))


@functools.lru_cache(maxsize=_MOST)
def _remembered(path: Path, *_state: int) -> str:
    return _read(path)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _maker() -> str:
    """The version of the code that inspects and copies: this package and its libraries."""
    digest = hashlib.sha256()
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    parts = ("jpg", "libjpeg_turbo", "zlib", "webp", "avif")
    libraries = [features.version(name) for name in parts]
    libraries += [version(name) for name in ("av", "pillow-heif", "pypdf")]
    return f"{digest.hexdigest()[:16]} {PIL.__version__} {libraries}"


_MAKER = _maker()
"""Read at start: the version that this process runs, whatever is installed later."""
