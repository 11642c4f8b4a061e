"""Pictures: what is wrong with one, and the clean copy that is sent.

The copy carries nothing but pixels: no EXIF, GPS, XMP, comment, thumbnail or colour profile. It is
upright and sRGB, a PNG or a JPEG, within the channel's limits. The original is never touched.
"""

import contextlib
import functools
import hashlib
import io
import os
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from publisher.content.problems import Flaw
from publisher.errors import PictureUnusable
from publisher.models import Capabilities

MAX_BYTES = 50_000_000
"""Of an original; a camera's biggest JPEG has about 30 MB."""
MAX_PIXELS = 60_000_000
"""Looked at before decoding; decoded, that is 240 MB of memory."""
MAX_SIDE = 4096
"""Longer sides are scaled down: more pixels than any timeline shows, and less to upload."""

_TYPES = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".gif": "GIF", ".webp": "WEBP"}
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_WANTED = "JPEG, PNG, GIF and WebP can be sent; save or export it as one of them."
MEDIA_TYPES = frozenset({"image/jpeg", "image/png"})
"""What a clean copy can be."""
_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png"}
_QUALITIES = (90, 85, 75)
_SHRINK = 0.8

# Our own limit is lower than Pillow's, and is looked at without waiting for its warning.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class CleanPicture(NamedTuple):
    """The copy that is sent."""

    data: bytes
    media_type: str
    width: int
    height: int
    digest: str
    """SHA-256 of `data`, in hexadecimal."""

    @property
    def suffix(self) -> str:
        """`.jpg` or `.png`."""
        return _SUFFIXES[self.media_type]


def inspect(path: Path, posts: Path) -> list[Flaw]:
    """What is wrong with a picture that a draft names; `posts` is the folder it must lie in.

    It is decoded as a whole, so that a truncated one is found now. The answer is remembered until
    the file changes.
    """
    located = locate(path, posts)
    if isinstance(located, Flaw):
        return [located]
    status = located.stat()
    flaw = _inspected(located, status.st_mtime_ns, status.st_size, status.st_ino)
    return [flaw] if flaw else []


def locate(path: Path, posts: Path) -> Path | Flaw:
    """The regular file inside `posts` that `path` leads to, through no link that leads out."""
    try:
        real, root = path.resolve(strict=True), posts.resolve(strict=True)
        status = real.stat()
    except (OSError, RuntimeError, ValueError):
        hint = "Names are relative to the draft, or to posts/ with a leading slash."
        return Flaw("media-missing", f"There is no file {path.name}.", hint)
    if not real.is_relative_to(root):
        inside = Path(os.path.normpath(path)).is_relative_to(posts)
        code = "media-symlink" if inside else "media-outside"
        what = "is a symbolic link that leads out of posts/" if inside else "is outside posts/"
        return Flaw(code, f"{path.name} {what}.", "Copy the picture into posts/media/.")
    if not stat.S_ISREG(status.st_mode):
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
        return Flaw("media-not-a-file", f"{path.name} is {what}.", "Name a picture in it.")
    return real


@functools.lru_cache(maxsize=4096)
def _inspected(path: Path, _modified: int, _size: int, _inode: int) -> Flaw | None:
    image = _decoded(path)
    return image if isinstance(image, Flaw) else None


def _decoded(path: Path) -> Image.Image | Flaw:
    """The picture's pixels, or why it cannot be used. Nothing is decoded before its size is known."""
    try:
        if flaw := _flaw_of_file(path):
            return flaw
        with Image.open(path, formats=_FORMATS) as image:
            if flaw := _flaw_of_header(image, path):
                return flaw
            image.load()
            return image
    except UnidentifiedImageError:
        return Flaw("media-type", f"{path.name} is no picture.", _WANTED)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _too_many_pixels(path)
    except Exception as error:  # noqa: BLE001 - Pillow's readers raise anything for broken files
        hint = "Open it in a picture editor and save it anew, or copy it again from its source."
        return Flaw("media-damaged", f"{path.name} is truncated or damaged: {error}.", hint)


def _flaw_of_file(path: Path) -> Flaw | None:
    if path.suffix.lower() not in _TYPES:
        return Flaw("media-type", f"{path.name} has no picture's name.", _WANTED)
    if (size := path.stat().st_size) > MAX_BYTES:
        hint = f"{MAX_BYTES:,} are the limit; save a smaller copy."
        return Flaw("media-too-big", f"{path.name} has {size:,} bytes.", hint)
    return None


def _flaw_of_header(image: Image.Image, path: Path) -> Flaw | None:
    # MPO is what cameras call a JPEG that has further pictures behind the first.
    actual = "JPEG" if image.format == "MPO" else image.format
    if actual != _TYPES[path.suffix.lower()]:
        hint = "Give it the right ending, or save it as what its name says."
        return Flaw("media-type", f"{path.name} is a {actual}, whatever its name says.", hint)
    if image.width * image.height > MAX_PIXELS:
        return _too_many_pixels(path)
    if image.format != "MPO" and getattr(image, "is_animated", False):
        hint = "Save the frame that you want to show as a picture of its own."
        return Flaw("media-animated", f"{path.name} is animated.", hint)
    return None


def _too_many_pixels(path: Path) -> Flaw:
    return Flaw(
        "media-too-many-pixels",
        f"{path.name} has more than {MAX_PIXELS:,} pixels, too many to open safely.",
        "Save a smaller copy; 4096 pixels on the longer side are plenty.",
    )


def clean(path: Path, capabilities: Capabilities) -> CleanPicture:
    """The copy of a picture for one channel; the same bytes each time for the same Pillow.

    PNG and GIF become PNG, JPEG becomes JPEG, WebP becomes JPEG, or PNG where it is transparent;
    the other one where the channel does not take it or it would be too big. PictureUnusable if
    `inspect` finds a flaw, or the channel takes neither.
    """
    image = _decoded(path)
    if isinstance(image, Flaw):
        raise PictureUnusable(image.message, hint=image.hint)
    bare = _bare(image)
    lossless = path.suffix.lower() in (".png", ".gif") or bare.mode == "RGBA"
    order = ("image/png", "image/jpeg") if lossless else ("image/jpeg", "image/png")
    media_types = [media_type for media_type in order if media_type in capabilities.picture_types]
    bare.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    while media_types and min(bare.size) > 0:
        for media_type in media_types:
            for data in _encodings(bare, media_type):
                if len(data) <= capabilities.picture_max_bytes:
                    digest = hashlib.sha256(data).hexdigest()
                    return CleanPicture(data, media_type, bare.width, bare.height, digest)
        if max(bare.size) == 1:
            break
        smaller = tuple(max(1, int(side * _SHRINK)) for side in bare.size)
        bare = bare.resize((smaller[0], smaller[1]), Image.Resampling.LANCZOS)
    raise PictureUnusable(f"{path.name} cannot become a picture that the channel takes.")


def _encodings(image: Image.Image, media_type: str) -> Iterator[bytes]:
    """The picture as files, from the best to the smallest."""
    if media_type == "image/png":
        yield _saved(image, "PNG")
        return
    if image.mode == "RGBA":
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        image = paper
    for quality in _QUALITIES:
        yield _saved(image, "JPEG", quality=quality, optimize=True)


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _bare(image: Image.Image) -> Image.Image:
    """The pixels alone, upright and sRGB, as RGB or (where something is transparent) RGBA."""
    image = _upright(image)
    if image.mode in ("P", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
    alpha = image.getchannel("A") if "A" in image.getbands() else None
    colours = _to_srgb(image)
    bare = Image.new("RGB", colours.size)
    bare.paste(colours)
    if alpha is not None and alpha.getextrema() != (255, 255):
        bare.putalpha(alpha)
    return bare


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - broken EXIF raises anything; it is not carried over anyway
        return image


def _to_srgb(image: Image.Image) -> Image.Image:
    """The colours as sRGB; a profile that is broken or belongs to another mode is left aside."""
    profile = image.info.get("icc_profile")
    opaque = image.convert({"RGBA": "RGB", "LA": "L"}.get(image.mode, image.mode))
    if opaque.mode.startswith("I"):
        opaque = opaque.point(lambda value: value / 256).convert("L")  # 16 bits
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                opaque, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if converted is not None:
                return converted
    return opaque.convert("RGB")
