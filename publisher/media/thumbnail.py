"""Thumbnails of pictures that are clean copies already."""

from io import BytesIO

from PIL import Image, ImageOps

MEDIA_TYPE = "image/webp"
_SIDE = 96
"""Pixels; shown at half of that, for dense screens."""


def thumbnail(data: bytes) -> bytes:
    """A square WebP of a picture's middle, or of a GIF's first frame."""
    with Image.open(BytesIO(data)) as picture:
        picture.draft("RGB", (_SIDE, _SIDE))  # a JPEG is decoded at a fraction of its size
        small = ImageOps.fit(picture.convert("RGB"), (_SIDE, _SIDE))
    out = BytesIO()
    small.save(out, "WEBP", quality=80)
    return out.getvalue()
