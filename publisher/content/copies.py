"""What was found out about pictures before, so that only those that changed are looked into.

To decode a photo takes a twentieth of a second, to make its copy a tenth, to go through a video a
second; a campaign has hundreds of them, and is checked at every change of a word. What is kept tells of a
file by its content, whatever its name or date, and by what looked at it: another version of
Publisher, Pillow or PyAV looks at all anew. No picture lies in what is kept, nor any part of one.
"""

import functools
import hashlib
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from publisher import scratch
from publisher.content import pictures
from publisher.content.pixels import CleanPicture, Copy
from publisher.content.problems import Flaw
from publisher.models import Capabilities, Motion
from publisher.settings import Settings

_T = TypeVar("_T")
_LOOKED: TypeAdapter[tuple[Motion | None]] = TypeAdapter(tuple[Motion | None])
_COPY = TypeAdapter(Copy)
_DAY = 86400.0  # seconds
_UNUSED = 60 * _DAY
"""From which on it is forgotten."""


class Copies:
    """What is known about pictures and their clean copies."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` holds what is kept; None: nothing is."""
        self._folder = folder
        self._is_tidy = False

    @classmethod
    def of(cls, settings: Settings) -> "Copies":
        """What this workspace keeps."""
        return cls(settings.var / "copies")

    def look(self, path: Path) -> Flaw | Motion | None:
        """As `pictures.look`."""
        place = self._place(path, "look")
        if (known := _recall(place, _LOOKED)) is not None:
            return known[0]
        found = pictures.look(path)
        if not isinstance(found, Flaw):
            self._keep(place, self._place(path, "look"), _LOOKED.dump_json((found,)))
        return found

    def clean(self, path: Path, capabilities: Capabilities) -> Copy | CleanPicture:
        """The copy as `pictures.clean` makes it, or what is known of it; PictureUnusable."""
        limits = (
            sorted(capabilities.picture_types),
            capabilities.picture_max_bytes,
            capabilities.gifs,
            capabilities.videos,
        )
        place = self._place(path, "copy", limits)
        if (known := _recall(place, _COPY)) is not None:
            return known
        copy = pictures.clean(path, capabilities)
        told = Copy(copy.media_type, copy.width, copy.height, copy.digest)
        self._keep(place, self._place(path, "copy", limits), _COPY.dump_json(told))
        return copy

    def _place(self, path: Path, *question: object) -> Path | None:
        """Where the answer about what is in the file just now is kept."""
        if self._folder is None:
            return None
        with suppress(OSError):
            asked = repr((_content(path), path.suffix.lower(), _maker(), *question))
            return self._folder / f"{hashlib.sha256(asked.encode()).hexdigest()}.json"
        return None

    def _keep(self, place: Path | None, place_now: Path | None, answer: bytes) -> None:
        """Unless the file became another while it was looked at."""
        if place is not None and place == place_now:
            scratch.keep(place, answer)
            self._tidy(place.parent)

    def _tidy(self, folder: Path) -> None:
        if not self._is_tidy:
            self._is_tidy = True
            with suppress(OSError):
                for file in folder.iterdir():
                    if file.stat().st_mtime < time.time() - _UNUSED:
                        file.unlink(missing_ok=True)


NOTHING_KEPT = Copies()


def _recall(place: Path | None, form: TypeAdapter[_T]) -> _T | None:
    if place is None:
        return None
    with suppress(OSError, ValidationError):
        known = form.validate_json(place.read_bytes())
        if place.stat().st_mtime < time.time() - _DAY:
            place.touch()  # it is still of use
        return known
    return None


def _content(path: Path) -> str:
    """SHA-256 of what is in the file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.cache
def _maker() -> str:
    """What looks into pictures and makes copies: all of this package, and its libraries."""
    digest = hashlib.sha256()
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    return f"{digest.hexdigest()} {version('pillow')} {version('av')}"
