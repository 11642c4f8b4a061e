"""Inspection of uploaded PDF files: their pages, and metadata that they reveal."""

import io
from dataclasses import dataclass

_REVEALING = (b"Exif\0\0", b"<x:xmpmeta", b"http://ns.adobe.com/xap/")
"""What photos carry, as they are in a PDF."""


@dataclass(frozen=True, slots=True)
class DocumentLook:
    """The properties of a PDF."""

    pages: int
    width: int
    height: int
    """Those of the first page, in points."""
    betrays: tuple[str, ...]
    """The kinds of metadata that it carries."""


def look(content: bytes) -> DocumentLook | None:
    """Read a PDF; None if it cannot be processed."""
    from pypdf import PdfReader  # noqa: PLC0415 - only for documents

    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            return None
        first = reader.pages[0]
        found = {
            "Info": bool(reader.metadata),
            "XMP": reader.xmp_metadata is not None,
            "files": bool([*reader.attachment_list]),
            "annotations of names": any(
                "/T" in one.get_object() for one in first.annotations or ()
            ),
            "metadata of photos": any(sign in content for sign in _REVEALING),
        }
        return DocumentLook(
            pages=len(reader.pages),
            width=round(first.mediabox.width),
            height=round(first.mediabox.height),
            betrays=tuple(name for name, there in found.items() if there),
        )
    except Exception:  # noqa: BLE001 - pypdf raises anything for broken files
        return None
