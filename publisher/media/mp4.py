"""MP4 box parser: checks a file before a library opens it, and strips its clean copy.

The copy keeps only what picture and sound need.

Sources: ISO/IEC 14496-12 (boxes, tables) and 14496-14, Apple's QuickTime file format.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from publisher.base.i18n import _

MAX_TRACKS = 32
MAX_BOXES = 5_000
MAX_SAMPLES = 200_000
"""Of one track: twenty minutes at 60 frames a second have 72,000."""
MAX_INDEX = 16_000_000
"""Bytes of the index (`moov` box)."""

_FOLDERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf"})
"""Boxes that contain only boxes."""
_TABLES = {
    b"stts": (4, 8), b"ctts": (4, 8), b"stss": (4, 4), b"stps": (4, 4), b"stsc": (4, 12),
    b"stsz": (8, 4), b"stz2": (8, 0), b"stco": (4, 4), b"co64": (4, 8), b"elst": (4, 12),
    b"sbgp": (8, 8), b"stsd": (4, 16), b"dref": (4, 12),
}  # fmt: skip
"""By table: the offset of its number of entries, and the least size of an entry, in bytes."""
_RUNS = frozenset({b"stts", b"ctts"})
"""Tables whose entries begin with their number of samples."""
_UNUSUAL = frozenset({b"moof", b"mvex", b"cmov", b"saiz", b"saio", b"senc", b"pssh"})
"""Fragments, compressed indexes and encryption."""
_SAMPLE_ENTRIES = {b"avc1": 78, b"mp4a": 28}
"""Bytes before the boxes in the sample entries of picture and sound."""
_COMPRESSOR = slice(42, 74)
"""The bytes of a picture's sample entry that name its encoder."""
_KEPT = _FOLDERS | {
    b"ftyp", b"mdat", b"free", b"mvhd", b"tkhd", b"elst", b"mdhd", b"hdlr", b"vmhd", b"smhd",
    b"dref", b"url ", b"stsd", b"avc1", b"avcC", b"mp4a", b"esds", b"pasp", b"colr", b"btrt",
    b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco", b"co64", b"sgpd", b"sbgp",
}  # fmt: skip


class NoVideo(Exception):
    """The file is neither MP4 nor QuickTime."""


class NotWhole(Exception):
    """The file is truncated or invalid; the text gives the reason."""


class Unusual(Exception):
    """The file may play, but has an unusual structure; the text gives the reason."""


class Box(NamedTuple):
    """A box: its type, and where in the file its content begins and ends."""

    kind: bytes
    start: int
    end: int


def look_through(path: Path) -> list[Box]:
    """Check that a file is safe to open: no size in it is above the file's or a video's limits.

    Reads only the index; returns the boxes that hold pictures and sound. Raises NoVideo, NotWhole,
    Unusual, OSError.
    """
    with path.open("rb") as file:
        boxes = list(_outermost(file, path.stat().st_size))
        index = next((box for box in boxes if box.kind == b"moov"), None)
        if index is None:
            raise NotWhole(_("it has no index; the recording may not have ended properly"))
        if index.end - index.start > MAX_INDEX:
            raise Unusual(_("its index is too big"))
        file.seek(index.start)
        data = file.read(index.end - index.start)
    tracks = 0
    for count, (box, _above) in enumerate(_walk(data, 0, len(data), inside=_FOLDERS)):
        tracks += box.kind == b"trak"
        if count >= MAX_BOXES or tracks > MAX_TRACKS:
            raise Unusual(_("it has too many tracks or parts"))
        _check_kind(box.kind)
        if box.kind in _TABLES:
            _check_table(data, box)
    return [box for box in boxes if box.kind == b"mdat"]


def check_places(taken: set[tuple[int, int, int]], sent: set[int], room: list[Box]) -> None:
    """Check that the sent samples are in `room` and do not overlap. Raises NotWhole.

    `taken`: start, end and track number of each sample; `sent`: the numbers of the tracks that are
    sent. A damaged index could declare any data as sound.
    """
    reached, last = 0, -1
    for start, end, track in sorted(taken):
        if start < reached and (track in sent or last in sent):
            raise NotWhole(_("its index makes no sense"))
        if track in sent and not any(box.start <= start <= end <= box.end for box in room):
            raise NotWhole(_("its index makes no sense"))
        if end > reached:
            reached, last = end, track


def tidied(data: bytearray) -> bytes:
    """Move the index of a new copy to its front, and remove all that is not needed.

    With the index in front, a browser can begin to play before it has the whole file.
    """
    boxes = {box.kind: box for box in _children(data, 0, len(data))}
    first, index = boxes[b"ftyp"], boxes[b"moov"]
    moved = data[index.start - 8 : index.end]
    for box, above in list(_walk(moved, 0, len(moved), inside=_FOLDERS | {b"stsd"})):
        if box.kind not in _KEPT:
            _blank(moved, box)
        elif box.kind in (b"stco", b"co64") and above == b"stbl":
            _shift(moved, box, len(moved))
        elif box.kind == b"avc1":
            names = slice(box.start + _COMPRESSOR.start, box.start + _COMPRESSOR.stop)
            moved[names] = bytes(_COMPRESSOR.stop - _COMPRESSOR.start)
    return bytes(data[: first.end] + moved + data[first.end : index.start - 8])


def _outermost(file: BinaryIO, size: int) -> Iterator[Box]:
    """The top-level boxes of a file, by their headers."""
    place = 0
    for count in range(MAX_BOXES):
        if place == size and count:
            return
        file.seek(place)
        box = _box(file.read(16), 0, size - place)
        if count == 0 and (box is None or box.kind != b"ftyp"):
            raise NoVideo
        if box is None:
            raise NotWhole(_("it ends too early"))
        _check_kind(box.kind)
        yield Box(box.kind, place + box.start, place + box.end)
        place += box.end
    raise Unusual(_("it has too many tracks or parts"))


def _walk(
    data: bytes | bytearray, start: int, end: int, above: bytes = b"", *, inside: frozenset[bytes]
) -> Iterator[tuple[Box, bytes]]:
    """Every box of an index with the type of its parent, parents first.

    `inside`: the types whose children are visited.
    """
    for box in _children(data, start, end):
        yield box, above
        first = box.start
        if above == b"stsd":
            first += _SAMPLE_ENTRIES.get(box.kind, box.end)
        elif box.kind not in inside:
            continue
        elif box.kind == b"stsd":
            first += 8
        if first < box.end:
            yield from _walk(data, first, box.end, box.kind, inside=inside)


def _children(data: bytes | bytearray, start: int, end: int) -> Iterator[Box]:
    place = start
    while place + 8 <= end:  # QuickTime's padding after the last box is shorter
        box = _box(data[place : place + 16], place, end)
        if box is None:
            raise NotWhole(_("its index makes no sense"))
        yield box
        place = box.end


def _box(header: bytes | bytearray, place: int, end: int) -> Box | None:
    """The box whose header is at `place`; None if it does not fit before `end`."""
    if len(header) < 8:
        return None
    size, kind, taken = int.from_bytes(header[:4]), bytes(header[4:8]), 8
    if size == 1:
        size, taken = int.from_bytes(header[8:16]), 16
    elif size == 0:  # to the end
        size = end - place
    if size < taken or place + size > end:
        return None
    return Box(kind, place + taken, place + size)


def _check_kind(kind: bytes) -> None:
    if kind in _UNUSUAL:
        raise Unusual(_("it comes in fragments, compressed or encrypted"))


def _check_table(data: bytes, box: Box) -> None:
    """Check that a table has room for its entries, so that no library allocates too much."""
    place, width = _TABLES[box.kind]
    content = data[box.start : box.end]
    if box.kind == b"sbgp" and content[:1] == b"\1":
        place += 4  # this version has one more number
    if len(content) < place + 4:
        raise NotWhole(_("its index makes no sense"))
    count = int.from_bytes(content[place : place + 4])
    if box.kind == b"stsz" and any(content[4:8]):
        width = 0  # all have one size, and are not listed
    if place + 4 + count * width > len(content):
        raise NotWhole(_("its index makes no sense"))
    if box.kind in _RUNS:
        runs = struct.iter_unpack(">II", content[place + 4 : place + 4 + count * 8])
        count = sum(samples for samples, _value in runs)
    if count > MAX_SAMPLES:
        raise Unusual(_("it has too many frames or pieces of sound"))


def _blank(data: bytearray, box: Box) -> None:
    """Replace a box by free space."""
    data[box.start - 4 : box.start] = b"free"
    data[box.start : box.end] = bytes(box.end - box.start)


def _shift(data: bytearray, box: Box, distance: int) -> None:
    """Add `distance` bytes to the offsets in a table."""
    layout = ">Q" if box.kind == b"co64" else ">I"
    width = struct.calcsize(layout)
    for place in range(box.start + 8, box.end, width):
        (value,) = struct.unpack_from(layout, data, place)
        struct.pack_into(layout, data, place, value + distance)
