"""File type detection by content, for messages about files that are no pictures."""

import re
from pathlib import Path
from typing import NamedTuple

from publisher.base.i18n import later

_LOOKED_AT = 8192
"""Bytes read at each end of a file."""


class FileType(NamedTuple):
    """A file type's name and what a person can do; both for `_`."""

    name: str
    remedy: str

    @property
    def is_picture(self) -> bool:
        """Whether it is a picture of a type that no platform takes."""
        return self.remedy == _AS_PICTURE


_EXPORT = later("Export what it shows as a JPEG or PNG.")
_AS_PICTURE = later("Open it in a picture editor, and save it as a JPEG.")
_AS_VIDEO = later("Convert it to MP4 (H.264).")
WORKBOOK = FileType(later("an Excel workbook"), _EXPORT)
_CALC = FileType(later("an OpenDocument spreadsheet"), _EXPORT)
_WORD = FileType(later("a Word document"), _EXPORT)
_OFFICE = FileType(later("a document of Word, PowerPoint or Excel"), _EXPORT)
_ARCHIVE = FileType(later("a ZIP archive"), later("Unpack it, and take the picture out."))
_SVG = FileType(later("an SVG drawing"), _EXPORT)
_PAGE = FileType(
    later("a web page"),
    later("Save the picture itself: right-click it, then choose Save image as."),
)
_BEGINNINGS = tuple(
    (re.compile(begin, re.DOTALL), kind)
    for begin, kind in (
        (
            rb"%PDF-",
            FileType(
                later("a PDF"),
                later("Give it the ending .pdf, or export the page as a JPEG or PNG."),
            ),
        ),
        (rb"II\*\0|MM\0\*", FileType(later("a TIFF, or a camera's raw picture"), _AS_PICTURE)),
        (rb"BM.{4}\0{4}", FileType(later("a BMP"), _AS_PICTURE)),
        (rb"8BPS", FileType(later("a Photoshop file"), _EXPORT)),
        (rb"\xff\x0a|\0\0\0\x0cJXL ", FileType(later("a JPEG XL"), _AS_PICTURE)),
        (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OFFICE),
        (rb"\{\\rtf", FileType(later("a document in Rich Text Format (RTF)"), _EXPORT)),
        (rb"\x1a\x45\xdf\xa3", FileType(later("a WebM or Matroska video"), _AS_VIDEO)),
        (rb"RIFF.{4}AVI ", FileType(later("an AVI video"), _AS_VIDEO)),
        (
            rb"version https://git-lfs",
            FileType(
                later("a Git LFS pointer, without the file itself"),
                later("Run `git lfs pull`."),
            ),
        ),
    )
)


def of(path: Path) -> FileType | None:
    """The type of a file, if it is one that people mistake for a picture or a table.

    Only its beginning and its end are read, and nothing is unpacked.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_LOOKED_AT)
            file.seek(max(0, path.stat().st_size - _LOOKED_AT))
            return _of(head, file.read(_LOOKED_AT))
    except OSError:
        return None


def of_bytes(data: bytes) -> FileType | None:
    """The same for a file's bytes."""
    return _of(data[:_LOOKED_AT], data[-_LOOKED_AT:])


def _of(head: bytes, end: bytes) -> FileType | None:
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head.startswith(b"PK\x03\x04"):
        return _zipped(head + end)
    text = head.lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return _PAGE
    if text.startswith(b"<") and b"<svg" in text:
        return _SVG
    return next((kind for begin, kind in _BEGINNINGS if begin.match(head)), None)


def _zipped(names: bytes) -> FileType:
    """The type of a ZIP file, by the names of its members, which are at its end."""
    if b"xl/" in names:
        return WORKBOOK
    if b"opendocument.spreadsheet" in names:
        return _CALC
    if b"word/" in names:
        return _WORD
    if any(name in names for name in (b"ppt/", b"opendocument.", b"Index/Document.iwa")):
        return _OFFICE
    return _ARCHIVE
