"""Inspection of uploaded pictures: type, size, and metadata that they reveal."""

import hashlib
import io
import warnings
from dataclasses import dataclass

from PIL import Image

from publisher.sandbox.limits import PIXELS

_GPS = 0x8825  # the EXIF tag that points to the place where a picture was taken


class NotAPicture(Exception):
    """The bytes are no complete picture; the text gives the reason."""


@dataclass(frozen=True, slots=True)
class PictureLook:
    """The properties of a picture."""

    media_type: str
    width: int
    height: int
    frames: int
    sha256: str
    betrays: tuple[str, ...]
    """The kinds of metadata that it carries: EXIF, GPS, XMP, a comment."""

    @property
    def animated(self) -> bool:
        return self.frames > 1


def look(content: bytes) -> PictureLook:
    """Decode a picture completely. Raises `NotAPicture`."""
    if not content:
        raise NotAPicture("the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as picture:
                if picture.width * picture.height > PIXELS:
                    raise NotAPicture(f"it has more than {PIXELS:,} pixels")
                betrays = _metadata(picture)
                picture.load()
                return PictureLook(
                    media_type=Image.MIME.get(picture.format or "", "application/octet-stream"),
                    width=picture.width,
                    height=picture.height,
                    frames=getattr(picture, "n_frames", 1),
                    sha256=hashlib.sha256(content).hexdigest(),
                    betrays=betrays,
                )
    except NotAPicture:
        raise
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise nearly everything on broken bytes
        raise NotAPicture(f"it cannot be decoded ({type(error).__name__})") from None


def is_video(content: bytes) -> bool:
    """Whether the bytes have the signature of MP4, QuickTime or WebM."""
    return content[4:8] == b"ftyp" or content.startswith(b"\x1a\x45\xdf\xa3")


def _metadata(picture: Image.Image) -> tuple[str, ...]:
    exif = picture.getexif()
    found = {
        "EXIF": bool(exif),
        "GPS": _GPS in exif,
        "comment": "comment" in picture.info,
        "XMP": any(key.lower() in ("xmp", "xml:com.adobe.xmp") for key in map(str, picture.info)),
    }
    return tuple(name for name, there in found.items() if there)
