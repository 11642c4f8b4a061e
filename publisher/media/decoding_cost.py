"""Decoding cost of a picture, estimated from its markers without decoding.

A progressive JPEG is decoded completely once for each scan, and a scan takes only a few bytes; no
camera or editor makes more than a dozen. Each chunk of a PNG costs a step, even an empty one.
Sources: ITU-T T.81, annex B; PNG (Third Edition), 5.3.
"""

import re
from pathlib import Path
from typing import BinaryIO

_MAX_SCANS = 100
_MAX_PIECES = 20_000
"""PNG chunks; those of an encoder have thousands of bytes each."""
_SCAN, _END = 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length after them."""
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
"""A marker; within a scan's data, FF is followed by 00 or is part of a restart marker."""
_PNG = b"\x89PNG\r\n\x1a\n"


def is_too_much(path: Path) -> bool:
    """Whether a JPEG or PNG has far more scans or chunks than normal. Raises OSError."""
    with path.open("rb") as file:
        beginning = file.read(8)
        if beginning == _PNG:
            return _has_many_pieces(file)
        return beginning.startswith(b"\xff\xd8") and _has_many_scans(beginning + file.read())


def _has_many_scans(data: bytes) -> bool:
    """Check the first picture up to its end: phones append a video."""
    scans, place = 0, 2
    while scans <= _MAX_SCANS and (found := _MARKER.search(data, place)):
        kind, place = found[1][0], found.end()
        if kind == _END:
            return False
        scans += kind == _SCAN
        if kind not in _ALONE:
            place += int.from_bytes(data[place : place + 2])
    return scans > _MAX_SCANS


def _has_many_pieces(file: BinaryIO) -> bool:
    for _number in range(_MAX_PIECES):
        length = file.read(8)[:4]
        if len(length) < 4:
            return False
        file.seek(int.from_bytes(length) + 4, 1)
    return True
