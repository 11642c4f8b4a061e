"""The clean copy of a file that shows something, and the pixels of a picture without all else."""

import contextlib
import hashlib
import io
from typing import Annotated, NamedTuple

from PIL import Image, ImageCms, ImageOps
from pydantic import Field, PositiveInt

SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
}
"""What a clean copy can be, by media type. A GIF is always an animated one."""


class Copy(NamedTuple):
    """What a clean copy is, without the copy itself."""

    media_type: Annotated[str, Field(pattern="^(image/(jpeg|png|gif)|video/mp4)$")]
    width: PositiveInt
    height: PositiveInt
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """SHA-256 of the copy, in hexadecimal."""


class CleanPicture(NamedTuple):
    """The copy that is sent, of a picture, an animated GIF or a video."""

    data: bytes
    media_type: str
    width: int
    height: int
    digest: str
    """SHA-256 of `data`, in hexadecimal."""

    @classmethod
    def of(cls, data: bytes, media_type: str, size: tuple[int, int]) -> "CleanPicture":
        return cls(data, media_type, *size, hashlib.sha256(data).hexdigest())

    @property
    def suffix(self) -> str:
        """`.jpg`, `.png`, `.gif` or `.mp4`."""
        return SUFFIXES[self.media_type]


def bare(image: Image.Image, longest: int | None = None) -> Image.Image:
    """The pixels alone, upright and sRGB, as RGB or (where something is transparent) RGBA.

    With `longest`, scaled down so that no side has more pixels. It uses up `image`: of a big one,
    each further copy would take hundreds of megabytes.
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
    copy.paste(colours)  # and nothing else of it
    return copy


def opaque(image: Image.Image) -> Image.Image:
    """A bare picture on white paper, where something of it is transparent."""
    if image.mode != "RGBA":
        return image
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _set_upright(image: Image.Image) -> None:
    with contextlib.suppress(Exception):  # broken EXIF raises anything; it is not carried over
        ImageOps.exif_transpose(image, in_place=True)


def _to_srgb(image: Image.Image) -> Image.Image:
    """The colours as sRGB; a profile that is broken or belongs to another mode is left aside."""
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
