"""HEIC and AVIF pictures, as phones make them: told by their content, and opened.

HEIC is read by pillow-heif, AVIF by Pillow itself. Both libraries are imported where such a picture
is at hand: most never see one.

The reader of AVIF decodes whatever the picture's data hold, however small a picture the file
announces: a few kilobytes can take gigabytes. The limits of the process (`decoder`) end that.
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
"""Bytes from a file's beginning that tell its kind."""
_BRANDS = {
    "avif": {b"avif", b"avis"},
    "heic": {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"},
}
"""ISO/IEC 23008-12, annexes B and C; AVIF 1.1, section 8. The brands of AVIF stand beside mif1."""
_SIZES = re.compile(rb"ispe\0{4}(.{8})", re.DOTALL)
_COLOURS = re.compile(rb"colrnclx(..)", re.DOTALL)
_COLORANTS = {
    9: ((0.67348, 0.27904, -0.00194), (0.16567, 0.67534, 0.02998), (0.12505, 0.04561, 0.79686)),
    12: ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
}
"""X, Y and Z of red, green and blue, under D50, of the `ColourPrimaries` of ISO/IEC 23091-2 that are
wider than sRGB: BT.2020 and Display P3."""


class TooManyPixels(Exception):
    """The file announces a picture, or a piece of one, beyond the limit."""


def kind(head: bytes) -> str | None:
    """`heic` or `avif` for a file that begins with `head` (HEAD bytes); None for all others."""
    if head[4:8] != b"ftyp":
        return None
    length = min(int.from_bytes(head[:4]), len(head))
    brands = {head[place : place + 4] for place in range(8, length, 4)}
    return next((name for name, its in _BRANDS.items() if brands & its), None)


def opened(path: Path, max_pixels: int) -> "ImageFile | None":
    """The main picture of a HEIC or AVIF file, not decoded yet; None for other files.

    Raises TooManyPixels, and for broken files whatever the readers raise.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
        if (name := kind(head)) is None:
            return None
        data = head + file.read()
    # What a crop hides is decoded as well, so the sizes before it count, also those of pieces.
    sizes = (struct.unpack(">II", found) for found in _SIZES.findall(data))
    if any(width * height > max_pixels for width, height in sizes):
        raise TooManyPixels
    image = _avif(data) if name == "avif" else _heic(data)
    image.info.pop("xmp", None)  # it may name a turn, which Pillow would make
    return image


def _heic(data: bytes) -> "ImageFile":
    """The reader makes the file's own turn as it decodes, and takes any out of the EXIF."""
    from pillow_heif import HeifImageFile  # noqa: PLC0415

    image: ImageFile = HeifImageFile(io.BytesIO(data))  # type: ignore[no-untyped-call]
    colours = image.info.get("nclx_profile") or {}
    _profiled(image, colours.get("color_primaries"))
    return image


def _avif(data: bytes) -> "ImageFile":
    """Pillow puts the file's own turn into the EXIF, in the place of any that stands there."""
    from PIL import AvifImagePlugin  # noqa: PLC0415

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread would reserve memory
    image = AvifImagePlugin.AvifImageFile(io.BytesIO(data))
    colours = _COLOURS.search(data)
    _profiled(image, int.from_bytes(colours[1]) if colours else None)
    return image


def _profiled(image: "ImageFile", primaries: int | None) -> None:
    """With a profile for colours that the file names by a number alone."""
    colorants = _COLORANTS.get(primaries or 0)
    if colorants and "icc_profile" not in image.info:
        image.info["icc_profile"] = _srgb_with(colorants)


def _srgb_with(colorants: tuple[tuple[float, float, float], ...]) -> bytes:
    """The ICC profile of sRGB with another red, green and blue."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = dict(struct.iter_unpack(">4sI4x", profile[132 : 132 + 12 * profile[131]]))
    for tag, values in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True):
        struct.pack_into(">3i", profile, places[tag] + 8, *(round(v * 65536) for v in values))
    return bytes(profile)
