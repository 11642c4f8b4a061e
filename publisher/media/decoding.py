"""Decoding of media files: checks a file, and makes the clean copy that is sent.

The copy carries nothing but pixels: no EXIF, GPS, XMP, comment, thumbnail or colour profile. It is
upright and sRGB, a PNG or a JPEG, within the channel's limits. `gifs` and `videos` handle moving
pictures, and `documents` PDFs. All of this runs in a separate process: only `decoder` may call
`look`, `copies` and `thumbnail`.
"""

import io
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from publisher.base import formats
from publisher.base.i18n import _, later
from publisher.media import decoding_cost, documents, file_types, gifs, heif, videos
from publisher.media.clean_copy import CleanPicture, bare, opaque
from publisher.model.capabilities import Capabilities
from publisher.model.posts import Inspected
from publisher.model.problems import Flaw

MAX_BYTES = 50_000_000
"""Bytes of an original; a camera's biggest JPEG has about 30 MB. A video of that size has one to
two minutes of 720p; copies are stored in the ledger's database, and held in a worker's memory."""
MAX_PIXELS = 51_000_000
"""Checked before decoding; decoded, that is 204 MB of memory. Phones make pictures of up to 50
megapixels."""
MAX_SIDE = 4096
"""Longer sides are scaled down: more pixels than any timeline shows, and less to upload."""

_TYPES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".heic": "HEIF",
    ".heif": "HEIF",
    ".avif": "AVIF",
}
SUFFIXES = frozenset({*_TYPES, *videos.SUFFIXES, *documents.SUFFIXES})
"""The ends of names that a picture, GIF, video or document may have."""
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_OF_PHONES = ("HEIF", "AVIF")
"""Accepted under any picture's suffix: phones and mail programs send them as `.jpg`."""
_WANTED = later(
    "Publisher can send JPEG, PNG, GIF, WebP, HEIC, AVIF, MP4 and PDF. Save or export it as one "
    "of them."
)
_QUALITIES = (90, 85, 75)
_THUMBNAIL_QUALITY = 72
_SHRINK = 0.8

# Our own limit is lower than Pillow's, and is checked without waiting for its warning.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def look(path: Path) -> Flaw | Inspected:
    """Check a file: its flaw, or its motion if it is a GIF or a video, or the pages of a document.

    A picture is decoded completely, so that a truncated one is found now. For a GIF, the headers
    of all frames are read; of a video, only the first picture is decoded.
    """
    if _is_video(path):
        return flaw_of_file(path) or videos.look(path)
    if _is_document(path):
        return flaw_of_file(path) or documents.look(path)
    if found := _gif(path):
        return gifs.flaw(found, path) or found.motion
    image = _decoded(path)
    return image if isinstance(image, Flaw) else None


def copies(
    path: Path, several: Sequence[Capabilities], shares: Sequence[float] = ()
) -> list[CleanPicture | Flaw]:
    """Make the clean copies of a file for several channels, or say why there is none.

    A picture is decoded once for all of them. `shares`: only this part of a still picture, as in
    `Frame.shares`.
    """
    if whole := _cleaner(path):
        if not shares:
            return [whole(capabilities) for capabilities in several]
        message = _("Only a still picture can be cropped, and {file} is not one.", file=path.name)
        return [Flaw("media-unsupported", message)] * len(several)
    image = _decoded(path)
    if isinstance(image, Flaw):
        return [image] * len(several)
    kind = image.format
    pixels = bare(image, MAX_SIDE)
    del image
    if shares:
        sides = (*pixels.size, *pixels.size)
        left, top, right, bottom = (
            round(share * side) for share, side in zip(shares, sides, strict=True)
        )
        pixels = pixels.crop((left, top, right, bottom))
    lossless = kind in ("PNG", "GIF") or pixels.mode == "RGBA"
    order = ("image/png", "image/jpeg") if lossless else ("image/jpeg", "image/png")
    missing = {n for n, c in enumerate(several) if not c.picture_types.isdisjoint(order)}
    found: dict[int, CleanPicture] = {}
    while missing and min(pixels.size) > 0:
        encodings = _Encodings(pixels)
        for number in sorted(missing):
            if data := encodings.fitting(order, several[number]):
                found[number] = CleanPicture.of(*data, pixels.size)
        missing -= found.keys()
        if max(pixels.size) == 1 or not missing:
            break
        smaller = tuple(max(1, int(side * _SHRINK)) for side in pixels.size)
        pixels = pixels.resize((smaller[0], smaller[1]), Image.Resampling.LANCZOS)
    message = _("{file} cannot become a picture that the platform accepts.", file=path.name)
    unusable = Flaw("media-unsupported", message)
    return [found.get(number, unusable) for number in range(len(several))]


def thumbnail(path: Path, side: int) -> bytes | Flaw:
    """A small WebP of the whole picture, of the first one of a GIF or video, or of a blank page.

    No side has more than `side` pixels. It carries nothing but pixels, and is on white where the
    picture is transparent.
    """
    image = _first(path) if _cleaner(path) else _decoded(path, side)
    if isinstance(image, Flaw):
        return image
    return _saved(opaque(bare(image, side)), "WEBP", quality=_THUMBNAIL_QUALITY)


def _first(path: Path) -> Image.Image | Flaw:
    """The first picture of a GIF or a video."""
    try:
        if flaw := flaw_of_file(path):
            return flaw
        if _is_video(path):
            return videos.first_picture(path)
        if _is_document(path):
            return documents.first_picture(path)
        with Image.open(path, formats=("GIF",)) as image:
            return _flaw_of_size(image, path) or image.convert("RGBA")
    except MemoryError:
        return too_costly(path)
    except Exception:  # noqa: BLE001 - the readers raise anything for broken files
        return damaged(path)


def _cleaner(path: Path) -> Callable[[Capabilities], CleanPicture | Flaw] | None:
    """What makes the copy of a video, document or GIF; None for a still picture."""
    if _is_video(path):
        return partial(_clean_video, path)
    if _is_document(path):
        return partial(_clean_document, path)
    moving = _gif(path)
    return partial(_clean_gif, path, moving) if moving else None


def _clean_gif(path: Path, found: gifs.Build, capabilities: Capabilities) -> CleanPicture | Flaw:
    if flaw := gifs.flaw(found, path):
        return flaw
    if capabilities.gifs is None:
        message = _("{file} is animated, and this platform does not accept that.", file=path.name)
        return Flaw("media-unsupported", message)
    return gifs.clean(path, capabilities.gifs)


def _clean_video(path: Path, capabilities: Capabilities) -> CleanPicture | Flaw:
    if flaw := flaw_of_file(path):
        return flaw
    if capabilities.videos is None:
        message = _("{name} cannot go to this platform: it accepts no videos.", name=path.name)
        return Flaw("media-unsupported", message)
    return videos.copy(path)


def _clean_document(path: Path, capabilities: Capabilities) -> CleanPicture | Flaw:
    if flaw := flaw_of_file(path):
        return flaw
    limits = capabilities.documents
    if limits is None:
        message = _("{name} cannot go to this platform: it accepts no documents.", name=path.name)
        return Flaw("media-unsupported", message)
    made = documents.copy(path)
    if isinstance(made, CleanPicture) and len(made.data) > limits.max_bytes:
        return _too_big(path, len(made.data), limits.max_bytes)
    return made


class _Encodings:
    """A picture as files, each made once when it is first needed."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._made: dict[tuple[str, int], bytes] = {}

    @cached_property
    def _paper(self) -> Image.Image:
        return opaque(self._image)

    def fitting(self, order: Sequence[str], capabilities: Capabilities) -> tuple[bytes, str] | None:
        """The first file that the channel takes, and its type: from the best to the smallest."""
        for media_type in order:
            if media_type in capabilities.picture_types:
                for quality in _QUALITIES if media_type == "image/jpeg" else (0,):
                    data = self._encoded(media_type, quality)
                    if len(data) <= capabilities.picture_max_bytes:
                        return data, media_type
                if media_type == "image/jpeg":
                    break  # a photo is several times as big as a PNG, and takes a second to be one
        return None

    def _encoded(self, media_type: str, quality: int) -> bytes:
        key = media_type, quality
        if key not in self._made:
            self._made[key] = (
                _saved(self._paper, "JPEG", quality=quality, optimize=True)
                if media_type == "image/jpeg"
                else _saved(self._image, "PNG")
            )
        return self._made[key]


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in videos.SUFFIXES


def _is_document(path: Path) -> bool:
    return path.suffix.lower() in documents.SUFFIXES


def _gif(path: Path) -> gifs.Build | None:
    """The structure of an animated GIF; None for everything else."""
    try:
        if path.suffix.lower() != ".gif" or flaw_of_file(path):
            return None
        found = gifs.build(path)
    except (OSError, gifs.GifCut):
        return None  # Pillow reports what is wrong with it
    return found if len(found.delays) > 1 else None


def _decoded(path: Path, side: int | None = None) -> Image.Image | Flaw:
    """The decoded picture, or why it cannot be used. Its size is checked before decoding.

    `side`: about this many pixels are enough; a JPEG is then decoded at a fraction of its size.
    """
    try:
        if flaw := flaw_of_file(path):
            return flaw
        return too_costly(path) if decoding_cost.is_too_much(path) else _loaded(path, side)
    except UnidentifiedImageError:
        return _another_kind(path) or Flaw(
            "media-type", _("{file} is not a picture.", file=path.name), _(_WANTED)
        )
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, heif.TooManyPixels):
        return _too_many_pixels(path)
    except MemoryError:
        return too_costly(path)
    except Exception:  # noqa: BLE001 - Pillow's readers raise anything for broken files
        return damaged(path)


def _loaded(path: Path, side: int | None) -> Image.Image | Flaw:
    opened = heif.opened(path, MAX_PIXELS) or Image.open(path, formats=_FORMATS)
    with opened as image:
        if flaw := _flaw_of_header(image, path):
            return flaw
        if side:
            image.draft(None, (side, side))
        image.load()
        return image


def _another_kind(path: Path) -> Flaw | None:
    """The flaw of a file of another type, if the type is known."""
    kind = file_types.of(path)
    if kind is None:
        return None
    named = {"file": path.name, "kind": _(kind.name)}
    message = (
        _("{file} is {kind}, which platforms do not accept.", **named)
        if kind.is_picture
        else _("{file} is {kind}, not a picture.", **named)
    )
    return Flaw("media-type", message, f"{_(kind.remedy)} {_(_WANTED)}")


def flaw_of_file(path: Path) -> Flaw | None:
    """The flaw visible in a file's name and size, before its content is read."""
    size = path.stat().st_size
    if not size:
        hint = _("Copy it again from its source.")
        return Flaw("media-type", _("{file} is empty: it has no bytes.", file=path.name), hint)
    if path.suffix.lower() not in SUFFIXES:
        return _another_kind(path) or Flaw(
            "media-type",
            _("{file} does not have the name of a picture.", file=path.name),
            _(_WANTED),
        )
    return _too_big(path, size, MAX_BYTES) if size > MAX_BYTES else None


def _too_big(path: Path, size: int, limit: int) -> Flaw:
    hint = _("The limit is {limit}. Save a smaller copy.", limit=formats.size(limit))
    message = _("{file} has {size}.", file=path.name, size=formats.size(size))
    return Flaw("media-too-big", message, hint)


def _flaw_of_header(image: Image.Image, path: Path) -> Flaw | None:
    # MPO is a JPEG from a camera with further pictures after the first.
    actual = "JPEG" if image.format == "MPO" else image.format
    if actual not in (_TYPES[path.suffix.lower()], *_OF_PHONES):
        hint = _("Give it the right ending, or save it in the format that its name says.")
        message = _("{file} is really a {actual}, despite its name.", file=path.name, actual=actual)
        return Flaw("media-type", message, hint)
    if flaw := _flaw_of_size(image, path):
        return flaw
    # Of several pictures in a HEIC, the main one is opened.
    if image.format == "GIF":  # cut after its first frame, it is a whole picture for Pillow
        return damaged(path) if gifs.is_cut(path) else None
    if image.format not in ("MPO", "HEIF") and getattr(image, "is_animated", False):
        hint = _("Save it as an animated GIF, or save only the frame that you want to show.")
        return Flaw("media-animated", _("{file} is animated.", file=path.name), hint)
    return None


def _flaw_of_size(image: Image.Image, path: Path) -> Flaw | None:
    return _too_many_pixels(path) if image.width * image.height > MAX_PIXELS else None


def damaged(path: Path) -> Flaw:
    hint = _("Open it in a picture editor and save it again, or copy it again from its source.")
    return Flaw("media-damaged", _("{file} is truncated or damaged.", file=path.name), hint)


def _too_many_pixels(path: Path) -> Flaw:
    message = _(
        "{file} has more than {limit} pixels, too many to open safely.",
        file=path.name,
        limit=formats.number(MAX_PIXELS),
    )
    hint = _("Save a smaller copy; 4096 pixels on the longer side are plenty.")
    return Flaw("media-too-many-pixels", message, hint)


def too_costly(path: Path) -> Flaw:
    """The flaw of a file that exceeds the limits of memory or time when it is decoded."""
    message = _("{file} takes too much memory or time to open safely.", file=path.name)
    hint = _("Open it in a picture editor and save a smaller version.")
    return Flaw("media-too-costly", message, hint)
