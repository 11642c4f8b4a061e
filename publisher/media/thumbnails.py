"""Smaller versions of clean copies, for lists and reports; of a GIF its first frame."""

from io import BytesIO

from PIL import Image, ImageOps

THUMBNAIL_TYPE = "image/webp"
_THUMBNAIL = (96, 96)
"""Pixels; shown at half of that, for dense screens."""
_QUALITY = 80


def thumbnail(data: bytes) -> bytes:
    """A square WebP of a picture's middle."""
    with Image.open(BytesIO(data)) as picture:
        picture.draft("RGB", _THUMBNAIL)  # a JPEG is decoded at a fraction of its size
        small = ImageOps.fit(picture.convert("RGB"), _THUMBNAIL)
    out = BytesIO()
    small.save(out, "WEBP", quality=_QUALITY)
    return out.getvalue()


def smaller(data: bytes, side: int) -> bytes:
    """A JPEG of the whole picture, of at most `side` pixels each way."""
    with Image.open(BytesIO(data)) as picture:
        picture.draft("RGB", (side, side))
        small = picture.convert("RGB")
    small.thumbnail((side, side))
    out = BytesIO()
    small.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()
