"""Metadata of the photos in a PDF: taken out, while their pixels stay as they were encoded.

Programs put a camera's JPEG into a PDF as it is, with the place where it was taken. Sources: ITU-T
T.81, annex B; ISO 15444-1, annex I (JPEG 2000); ISO 32000-2, 7.4.
"""

import re
from typing import Any

_JPEG, _JPEG_2000 = "/DCTDecode", "/JPXDecode"
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
"""A marker; within a scan's data, FF is followed by 00 or is part of a restart marker."""
_TABLES = frozenset({*range(0xC0, 0xD0), _SCAN, 0xDB, 0xDC, 0xDD})
"""The segments that decoding needs."""
_NEEDED = {0xE0: b"JFIF", 0xEE: b"Adobe"}
"""Of those in which programs store what they like, the ones that tell how colours are encoded."""
_BOXES = frozenset({b"jP  ", b"ftyp", b"rreq", b"jp2h", b"jpch", b"jplh", b"jp2c"})
"""The boxes of a JPEG 2000 that hold the picture."""
_SIGNATURE = b"\0\0\0\x0cjP  "


def strip(image: Any) -> None:
    """Take the metadata out of a stream with a photo, as pypdf reads it; others stay.

    Raises ValueError for one that is not as it must be.
    """
    from pypdf.generic import (  # noqa: PLC0415
        ArrayObject,
        EncodedStreamObject,
        NameObject,
        StreamObject,
    )

    if not isinstance(image, StreamObject):
        return
    told = image.get("/Filter")
    told = told and told.get_object()
    filters = [*told] if isinstance(told, list) else [told] if told else []
    if not filters or filters[-1] not in (_JPEG, _JPEG_2000):
        return
    data = image._data  # noqa: SLF001 - what `get_data` gives is decoded
    if filters[:-1]:
        outer = EncodedStreamObject()
        outer.update(image)
        outer[NameObject("/Filter")] = ArrayObject(filters[:-1])
        outer._data = data  # noqa: SLF001
        data = outer.get_data()
        image[NameObject("/Filter")] = NameObject(filters[-1])
        image.pop("/DecodeParms", None)
    bare = jpeg if filters[-1] == _JPEG else jpeg_2000
    image._data = bare(data)  # noqa: SLF001


def jpeg(data: bytes) -> bytes:
    """A JPEG up to its end, without what programs stored in it: phones append a video."""
    if data[:2] != bytes((0xFF, _START)):
        raise ValueError("no JPEG")
    kept, place = [data[:2]], 2
    while found := _MARKER.match(data, place):
        kind, place = found[1][0], found.end() - 2
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4])
        if kind == _END:
            return b"".join([*kept, data[place : place + 2]])
        if kind == _SCAN:  # its pixels follow, up to the next marker
            following = _MARKER.search(data, end)
            end = following.start() if following else len(data)
        needed = _NEEDED.get(kind)
        is_needed = needed is not None and data[place + 4 :].startswith(needed)
        if kind in _TABLES or is_needed:
            kept.append(data[place:end])
        place = end
    if place < len(data) or len(kept) < 2:
        raise ValueError("no picture")
    return b"".join(kept)


def jpeg_2000(data: bytes) -> bytes:
    """A JPEG 2000 with the boxes that hold the picture alone."""
    if not data.startswith(_SIGNATURE):
        return data  # the bare picture
    kept, place = [], 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4])
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16])
        size = size or len(data) - place
        if size < 8:
            raise ValueError("no box")
        if data[place + 4 : place + 8] in _BOXES:
            kept.append(data[place : place + size])
        place += size
    return b"".join(kept)
