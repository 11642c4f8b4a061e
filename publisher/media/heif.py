"""HEIC and AVIF pictures from phones: detects them by content, and opens them.

pillow-heif reads HEIC, Pillow itself reads AVIF. Both libraries are imported only for such a
picture: most processes never see one.

The AVIF reader decodes all of the picture's data, even if the file announces a small picture: a
few kilobytes can take gigabytes. The limits of the process (`decoder`) stop that.
"""

import io
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import ImageCms

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

HEAD = 64
"""Bytes at a file's beginning that identify its type."""
_BRANDS = {
    "avif": {b"avif", b"avis"},
    "heic": {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"},
}
"""ISO/IEC 23008-12, annexes B and C; AVIF 1.1, section 8. AVIF files have the brand mif1 too."""
_SIZES = re.compile(rb"ispe\0{4}(.{8})", re.DOTALL)
_COLOURS = re.compile(rb"colrnclx(..)", re.DOTALL)
_COLORANTS = {
    9: ((0.67348, 0.27904, -0.00194), (0.16567, 0.67534, 0.02998), (0.12505, 0.04561, 0.79686)),
    12: ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
}
"""X, Y and Z of red, green and blue, under D50, of the `ColourPrimaries` of ISO/IEC 23091-2 that
are wider than sRGB: BT.2020 and Display P3."""


class TooManyPixels(Exception):
    """The file announces a picture, or a tile of one, above the limit."""


def kind(head: bytes) -> str | None:
    """The type of a file that begins with `head` (HEAD bytes): `heic`, `avif`, or None."""
    if head[4:8] != b"ftyp":
        return None
    length = min(int.from_bytes(head[:4]), len(head))
    brands = {head[place : place + 4] for place in range(8, length, 4)}
    return next((name for name, its in _BRANDS.items() if brands & its), None)


def opened(path: Path, max_pixels: int) -> "ImageFile | None":
    """Open the main picture of a HEIC or AVIF file without decoding; None for other files.

    Raises TooManyPixels, and for broken files any error of the readers.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
        if (name := kind(head)) is None:
            return None
        data = head + file.read()
    # Cropped parts are decoded as well, so the sizes before a crop count, also those of tiles.
    sizes = (struct.unpack(">II", found) for found in _SIZES.findall(data))
    if any(width * height > max_pixels for width, height in sizes):
        raise TooManyPixels
    image = _avif(data) if name == "avif" else _heic(data)
    image.info.pop("xmp", None)  # it may name a rotation, which Pillow would apply
    return image


def _heic(data: bytes) -> "ImageFile":
    """Open a HEIC; the reader applies the file's rotation, and removes the one in the EXIF."""
    from pillow_heif import HeifImageFile  # noqa: PLC0415

    image: ImageFile = HeifImageFile(io.BytesIO(data))  # type: ignore[no-untyped-call]
    colours = image.info.get("nclx_profile") or {}
    _profiled(image, colours.get("color_primaries"))
    return image


def _avif(data: bytes) -> "ImageFile":
    """Open an AVIF; Pillow writes the file's rotation into the EXIF, replacing any other."""
    from PIL import AvifImagePlugin  # noqa: PLC0415

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread would reserve memory
    image = AvifImagePlugin.AvifImageFile(io.BytesIO(data))
    colours = _COLOURS.search(data)
    _profiled(image, int.from_bytes(colours[1]) if colours else None)
    return image


def _profiled(image: "ImageFile", primaries: int | None) -> None:
    """Add an ICC profile for wide colours that the file names only by a number."""
    colorants = _COLORANTS.get(primaries or 0)
    if colorants and "icc_profile" not in image.info:
        image.info["icc_profile"] = _srgb_with(colorants)


def _srgb_with(colorants: tuple[tuple[float, float, float], ...]) -> bytes:
    """The ICC profile of sRGB with other primaries."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = dict(struct.iter_unpack(">4sI4x", profile[132 : 132 + 12 * profile[131]]))
    for tag, values in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True):
        struct.pack_into(">3i", profile, places[tag] + 8, *(round(v * 65536) for v in values))
    return bytes(profile)
