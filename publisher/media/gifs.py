"""Animated GIFs: structure, checks, and the clean copy that is sent.

The copy carries frames, their times and whether it repeats: no comment, no XMP, no application
data, and nothing after its end.
"""

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import Image

from publisher.base import formats
from publisher.base.i18n import _, later
from publisher.media.clean_copy import CleanPicture, bare, opaque
from publisher.model.capabilities import GifLimits
from publisher.model.posts import Motion
from publisher.model.problems import Flaw

MAX_FRAMES = 1_000
MAX_PIXELS = 300_000_000
"""Of all frames together, checked before any is decoded."""
_MAX_PIXELS_OF_COPY = 100_000_000
"""One byte of memory for each, while the copy is written."""
_HUNDREDTH = 10  # milliseconds: the unit of a GIF's times
_IMAGE, _EXTENSION, _END = 0x2C, 0x21, 0x3B
_GRAPHIC_CONTROL = 0xF9
_MENDING = later("Open it in a picture editor and save it again, or copy it again from its source.")


class Build(NamedTuple):
    """The structure of a GIF, as read from its blocks without decoding."""

    width: int
    height: int
    """Width and height are those of the smallest canvas that holds all frames."""
    delays: tuple[int, ...]
    """The time of each frame, in milliseconds."""

    @property
    def motion(self) -> Motion:
        frames, seconds = len(self.delays), sum(self.delays) / 1000
        return Motion(
            kind="gif", width=self.width, height=self.height, seconds=seconds, frames=frames
        )


class GifCut(Exception):
    """The blocks of a GIF end, or are invalid, before its end mark."""


def build(path: Path) -> Build:
    """Read the structure of a GIF from its blocks, without decoding. Raises GifCut, OSError.

    It reads at most `MAX_FRAMES` + 1 frames.
    """
    with path.open("rb") as file:
        return _build(file)


def is_cut(path: Path) -> bool:
    """Whether the blocks end, or are invalid, before the end mark. Raises OSError."""
    try:
        build(path)
    except GifCut:
        return True
    return False


def flaw(found: Build, path: Path) -> Flaw | None:
    """Why a GIF cannot be used safely."""
    frames = len(found.delays)
    if frames > MAX_FRAMES:
        hint = _("Cut it, or save it as a video.")
        message = _("{file} has more than {limit} frames.", file=path.name, limit=MAX_FRAMES)
        return Flaw("too-many-frames", message, hint)
    if found.width * found.height * frames > MAX_PIXELS:
        message = _(
            "All frames of {file} have more than {limit} pixels, too many to open safely.",
            file=path.name,
            limit=formats.number(MAX_PIXELS),
        )
        hint = _("Make it shorter or smaller, or save it as a video.")
        return Flaw("media-too-many-pixels", message, hint)
    return None


def clean(path: Path, limits: GifLimits) -> CleanPicture | Flaw:
    """The copy for one channel: opaque, and scaled down until it fits.

    The result has the same bytes each time for the same version of Pillow.
    """
    try:
        found = build(path)
        size = _fitting(found, limits)
        while min(size) > 1:
            data = _encoded(path, found, size)
            if len(data) <= limits.max_bytes:
                return _moving(data, size, path)
            # Bytes are proportional to the area; a little less, to avoid many tries.
            share = min(0.9, 0.95 * math.sqrt(limits.max_bytes / len(data)))
            size = (max(1, int(size[0] * share)), max(1, int(size[1] * share)))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - Pillow's reader raises nearly anything for broken frames
        message = _("{file} is truncated or damaged.", file=path.name)
        return Flaw("media-damaged", message, _(_MENDING))
    message = _("{file} cannot become a GIF that the platform accepts.", file=path.name)
    return Flaw("media-unsupported", message)


def _fitting(found: Build, limits: GifLimits) -> tuple[int, int]:
    """The size of the copy in pixels, by all limits except that of its bytes."""
    pixels = min(limits.max_pixels, _MAX_PIXELS_OF_COPY) / len(found.delays)
    share = min(
        1.0,
        limits.max_width / found.width,
        limits.max_height / found.height,
        math.sqrt(pixels / (found.width * found.height)),
    )
    return max(1, int(found.width * share)), max(1, int(found.height * share))


def _encoded(path: Path, found: Build, size: tuple[int, int]) -> bytes:
    memory = io.BytesIO()
    with Image.open(path, formats=("GIF",)) as image:
        repeats = {"loop": image.info["loop"]} if "loop" in image.info else {}
        frames = _frames(image, len(found.delays), size)
        first = next(frames)
        first.save(
            memory,
            "GIF",
            save_all=True,
            append_images=frames,
            duration=list(found.delays),
            **repeats,
        )
    return memory.getvalue()


def _frames(image: Image.Image, count: int, size: tuple[int, int]) -> Iterator[Image.Image]:
    """Each frame as displayed, one at a time; Pillow keeps encoded ones, at a byte a pixel."""
    for number in range(count):
        image.seek(number)
        frame = opaque(bare(image))
        yield frame if frame.size == size else frame.resize(size, Image.Resampling.LANCZOS)


def _moving(data: bytes, size: tuple[int, int], path: Path) -> CleanPicture | Flaw:
    """The copy, if it is still animated: Pillow merges identical frames."""
    if len(_build(io.BytesIO(data)).delays) == 1:
        hint = _("Save one of them as a separate picture.")
        return Flaw(
            "media-unsupported", _("All frames of {file} are identical.", file=path.name), hint
        )
    return CleanPicture.of(data, "image/gif", size)


def _build(file: BinaryIO) -> Build:
    """Walk through the blocks. Source: the GIF89a specification, appendix A."""
    header = _take(file, 13)
    if header[:6] not in (b"GIF87a", b"GIF89a"):
        raise GifCut
    width, height = _number(header, 6), _number(header, 8)
    _skip_colours(file, header[10])
    delays: list[int] = []
    delay = 0
    while len(delays) <= MAX_FRAMES:
        kind = _take(file, 1)[0]
        if kind == _END:
            break
        if kind == _EXTENSION:
            label = _take(file, 1)[0]
            first = _skip_pieces(file)
            if label == _GRAPHIC_CONTROL and len(first) >= 4:
                delay = _number(first, 1) * _HUNDREDTH
        elif kind == _IMAGE:
            frame = _take(file, 9)
            width = max(width, _number(frame, 0) + _number(frame, 4))
            height = max(height, _number(frame, 2) + _number(frame, 6))
            _skip_colours(file, frame[8])
            _take(file, 1)  # how the codes begin
            _skip_pieces(file)
            delays.append(delay)
            delay = 0
        else:
            raise GifCut
    if not (delays and width and height):
        raise GifCut
    return Build(width, height, tuple(delays))


def _skip_colours(file: BinaryIO, flags: int) -> None:
    """Skip a colour table, if the flags say that there is one."""
    if flags & 0x80:
        _take(file, 3 * 2 ** ((flags & 7) + 1))


def _skip_pieces(file: BinaryIO) -> bytes:
    """Skip the sub-blocks of a block, up to the empty one; returns the first."""
    first = piece = _take(file, _take(file, 1)[0])
    while piece:
        piece = _take(file, _take(file, 1)[0])
    return first


def _take(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise GifCut
    return data


def _number(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 2], "little")
