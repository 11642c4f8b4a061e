"""Clean copies: media types, metadata, and pictures reduced to their pixels."""

import contextlib
import hashlib
import io
from dataclasses import dataclass, field
from typing import Annotated

from PIL import Image, ImageCms, ImageOps
from pydantic import Field, PositiveInt

SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
    "application/pdf": ".pdf",
}
"""File name suffixes of clean copies, by media type. A GIF is always an animated one."""
THUMBNAIL_TYPE = "image/webp"
_THUMBNAIL = (96, 96)
"""Pixels; shown at half of that, for dense screens."""
_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Copy:
    """Metadata of a clean copy."""

    media_type: Annotated[str, Field(pattern="^(image/(jpeg|png|gif)|video/mp4|application/pdf)$")]
    width: PositiveInt
    height: PositiveInt
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """SHA-256 of the copy, in hexadecimal."""
    pages: PositiveInt | None = field(default=None, kw_only=True)
    """Of a document; its size is that of the first page, in points."""


@dataclass(frozen=True, slots=True)
class CleanPicture(Copy):
    """A clean copy of a picture, an animated GIF, a video or a document, as it is sent."""

    data: bytes

    @classmethod
    def of(
        cls, data: bytes, media_type: str, size: tuple[int, int], pages: int | None = None
    ) -> "CleanPicture":
        return cls(media_type, *size, hashlib.sha256(data).hexdigest(), data, pages=pages)

    @property
    def suffix(self) -> str:
        """The file name suffix: `.jpg`, `.png`, `.gif`, `.mp4` or `.pdf`."""
        return SUFFIXES[self.media_type]


def bare(image: Image.Image, longest: int | None = None) -> Image.Image:
    """Reduce a picture to its pixels, upright and sRGB, as RGB or (if transparent) RGBA.

    With `longest`, scaled down so that no side has more pixels. It changes `image`: each further
    copy of a big one would take hundreds of megabytes.
    """
    _set_upright(image)
    if image.mode in ("P", "PA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    alpha = image.getchannel("A") if "A" in image.getbands() else None
    if alpha is not None and alpha.getextrema() == (255, 255):
        alpha = None
    if alpha is not None and image.mode == "RGBA" and "icc_profile" not in image.info:
        colours = image
    else:
        colours = _to_srgb(image)
        if alpha is not None:
            colours.putalpha(alpha)
    del image, alpha
    if longest is not None:
        colours.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    copy = Image.new(colours.mode, colours.size)
    copy.paste(colours)  # only the pixels
    return copy


def opaque(image: Image.Image) -> Image.Image:
    """Put a transparent picture on a white background."""
    if image.mode != "RGBA":
        return image
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _set_upright(image: Image.Image) -> None:
    with contextlib.suppress(Exception):  # broken EXIF raises anything; it is not carried over
        ImageOps.exif_transpose(image, in_place=True)


def _to_srgb(image: Image.Image) -> Image.Image:
    """Convert to sRGB; a colour profile that is broken or for another mode is ignored."""
    profile = image.info.get("icc_profile")
    wanted = {"RGBA": "RGB", "LA": "L"}.get(image.mode, image.mode)
    colours = image if image.mode == wanted else image.convert(wanted)
    if colours.mode.startswith("I"):
        colours = colours.point(lambda value: value / 256).convert("L")  # 16 bits
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                colours, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if converted is not None:
                return converted
    return colours if colours.mode == "RGB" else colours.convert("RGB")


def thumbnail(data: bytes) -> bytes:
    """A square WebP of a picture's middle."""
    small = ImageOps.fit(_opened(data, max(_THUMBNAIL)), _THUMBNAIL)
    return _saved(small, "WEBP")


def smaller(data: bytes, side: int) -> bytes:
    """A JPEG of the whole picture, of at most `side` pixels each way."""
    small = _opened(data, side)
    small.thumbnail((side, side))
    return _saved(small, "JPEG")


def _opened(data: bytes, side: int) -> Image.Image:
    """The picture in RGB; a JPEG is decoded at a fraction of its size."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.draft("RGB", (side, side))
        return picture.convert("RGB")


def _saved(picture: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, quality=_QUALITY)
    return out.getvalue()
