"""Pictures: what is refused, and that nothing but pixels leaves."""

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from publisher.base.errors import PictureUnusable
from publisher.base.i18n import speaking
from publisher.channels.registry import CAPABILITIES
from publisher.media import decoding, media_file
from publisher.media.media_file import CleanPicture, clean, inspect
from publisher.model.problems import Flaw
from tests.drafts.drafts import FACEBOOK, TWITTER, Workspace
from tests.support.photos import SECRETS, photo

MARKERS = (b"MARKER-MAKE", b"MARKER-XMP", b"MARKER-COMMENT", b"MARKER-TEXT", b"MARKER-TAIL")


@pytest.fixture
def posts(workspace: Workspace) -> Path:
    return workspace.posts


def _code(path: Path, posts: Path) -> str | None:
    flaw = inspect(path, posts)
    return flaw.code if flaw else None


def _exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "MARKER-MAKE"
    exif[ExifTags.Base.Orientation] = orientation
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef] = "N"
    gps[ExifTags.GPS.GPSLatitude] = (46.0, 13.0, 36.5)
    return exif


def _photo(path: Path, orientation: int = 1, *, profile: bool = True) -> Path:
    """A JPEG with everything that a phone leaves in one."""
    image = Image.new("RGB", (64, 48), "navy")
    image.paste("gold", (0, 0, 32, 24))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    image.save(
        path,
        exif=_exif(orientation),
        xmp=b"<x:xmpmeta>MARKER-XMP</x:xmpmeta>",
        comment=b"MARKER-COMMENT",
        icc_profile=srgb.tobytes() if profile else None,
        quality=95,
    )
    with path.open("ab") as file:
        file.write(b"MARKER-TAIL")
    return path


@pytest.mark.parametrize("name", ["a.jpg", "a.JPEG", "a.png", "a.gif", "a.webp"])
def test_the_four_types_are_accepted(posts: Path, name: str) -> None:
    Image.new("RGB", (8, 8)).save(posts / name)
    assert _code(posts / name, posts) is None


def test_what_a_name_leads_to_is_checked_before_it_is_opened(posts: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    Image.new("RGB", (8, 8)).save(outside)
    (posts / "link.png").symlink_to(outside)
    (posts / "loop.png").symlink_to(posts / "loop.png")
    (posts / "folder.png").mkdir()
    os.mkfifo(posts / "pipe.png")
    assert _code(posts / "none.png", posts) == "media-missing"
    assert _code(posts / "loop.png", posts) == "media-missing"
    assert _code(posts / "a\0.png", posts) == "media-missing"
    assert _code(posts / ("a" * 5000), posts) == "media-missing"
    assert _code(posts / ".." / "outside.png", posts) == "media-outside"
    assert _code(posts / "link.png", posts) == "media-symlink"
    assert _code(posts / "folder.png", posts) == "media-not-a-file"
    assert _code(posts / "pipe.png", posts) == "media-not-a-file"


def test_a_file_that_goes_after_it_was_located_is_missing(posts: Path) -> None:
    found = media_file.look(posts / "none.png")
    assert isinstance(found, Flaw)
    assert found.code == "media-missing"


def test_a_link_within_posts_is_fine(posts: Path) -> None:
    Image.new("RGB", (8, 8)).save(posts / "a.png")
    (posts / "b.png").symlink_to("a.png")
    assert _code(posts / "b.png", posts) is None


def test_a_picture_is_what_its_name_claims(posts: Path) -> None:
    Image.new("RGB", (8, 8)).save(posts / "a.jpg", "PNG")
    (posts / "b.png").write_bytes(b"<svg/>")
    (posts / "c.png").write_bytes(b"")
    (posts / "d.mp4").write_bytes(b"\0\0\0\x18ftyp")
    Image.new("RGB", (8, 8)).save(posts / "e.png", "TIFF")
    assert [
        _code(posts / name, posts) for name in ("a.jpg", "b.png", "c.png", "d.mp4", "e.png")
    ] == ["media-type"] * 5


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.webp"])
def test_a_truncated_picture_is_found(posts: Path, name: str) -> None:
    Image.effect_noise((200, 200), 90).convert("RGB").save(posts / name)
    data = (posts / name).read_bytes()
    (posts / name).write_bytes(data[: len(data) * 2 // 3])
    assert _code(posts / name, posts) == "media-damaged"
    with pytest.raises(PictureUnusable):
        clean(posts / name, TWITTER)


def test_a_mended_picture_is_looked_at_again(posts: Path) -> None:
    path = posts / "a.png"
    path.write_bytes(b"nothing")
    assert _code(path, posts) == "media-type"
    Image.new("RGB", (8, 8)).save(path)
    assert _code(path, posts) is None


def test_a_decompression_bomb_is_refused_before_it_is_decoded(
    posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object) -> None:
        raise AssertionError("the bomb was decoded")

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", explode)
    for name, side in (("a.png", 8000), ("b.png", 20_000), ("c.png", 60_000)):
        (posts / name).write_bytes(_png_of(side))
        found = decoding.look(posts / name)  # in this process, where it would be seen
        assert isinstance(found, Flaw)
        assert found.code == "media-too-many-pixels"


def _png_of(side: int) -> bytes:
    """A PNG of `side` by `side` black pixels in few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def test_a_file_that_is_too_big_is_refused_by_its_size(posts: Path) -> None:
    path = posts / "a.png"
    Image.new("RGB", (8, 8)).save(path)
    os.truncate(path, media_file.MAX_BYTES + 1)
    assert _code(path, posts) == "media-too-big"


@pytest.mark.parametrize("name", ["a.webp", "a.png"])
def test_what_moves_and_is_no_gif_is_refused(posts: Path, name: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(posts / name, save_all=True, append_images=frames[1:])
    assert _code(posts / name, posts) == "media-animated"


@pytest.mark.parametrize("profile", [True, False])
def test_nothing_that_a_phone_wrote_is_in_the_copy(posts: Path, *, profile: bool) -> None:
    """EXIF, GPS, XMP, comment, colour profile and what is appended stay at home."""
    path = _photo(posts / "a.jpg", profile=profile)
    original = path.read_bytes()
    assert b"MARKER-MAKE" in original
    assert b"MARKER-XMP" in original
    copy = clean(path, TWITTER)
    _assert_bare(copy)
    assert path.read_bytes() == original


@pytest.mark.parametrize("channel", CAPABILITIES)
@pytest.mark.parametrize("orientation", [1, 6])
def test_no_byte_of_a_cameras_metadata_is_in_any_channels_copy(
    posts: Path, channel: str, orientation: int
) -> None:
    """Place, time, makers, serial number, thumbnail, XMP, IPTC, comment, profile, what is
    behind.
    """
    path = photo(posts / "a.jpg", orientation=orientation)
    original = path.read_bytes()
    assert [secret for secret in SECRETS if secret not in original] == []
    copy = clean(path, CAPABILITIES[channel])
    assert [secret for secret in (*SECRETS, b"MARKER") if secret in copy.data] == []
    _assert_bare(copy)
    assert path.read_bytes() == original


def test_a_thumbnail_in_the_exif_is_not_carried_over(posts: Path) -> None:
    """Thumbnails show what was cut away from the picture."""
    thumbnail = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(thumbnail, "JPEG", comment=b"MARKER-TEXT")
    data = thumbnail.getvalue()
    # A second directory that holds nothing but the thumbnail, as cameras write it.
    first = struct.pack("<HI", 0, 14)
    second = struct.pack("<H", 2) + struct.pack("<HHII", 0x0201, 4, 1, 44)
    second += struct.pack("<HHII", 0x0202, 4, 1, len(data)) + struct.pack("<I", 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<I", 8) + first + second + data
    path = posts / "a.jpg"
    Image.new("RGB", (64, 48), "navy").save(path, exif=exif)
    assert b"MARKER-TEXT" in path.read_bytes()
    _assert_bare(clean(path, TWITTER))


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.gif"])
def test_nothing_that_an_editor_wrote_is_in_the_copy(posts: Path, name: str) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "MARKER-TEXT")
    notes.add_itxt("XML:com.adobe.xmp", "MARKER-XMP")
    options: dict[str, Any] = {
        "exif": _exif(),
        "xmp": b"MARKER-XMP",
        "comment": b"MARKER-COMMENT",
    }
    if name == "a.png":
        options = {"pnginfo": notes, "exif": _exif(), "dpi": (300, 300)}
    Image.new("RGB", (64, 48), "navy").save(posts / name, **options)
    assert any(marker in (posts / name).read_bytes() for marker in MARKERS)
    _assert_bare(clean(posts / name, TWITTER))


def _assert_bare(copy: CleanPicture) -> None:
    assert [marker for marker in MARKERS if marker in copy.data] == []
    with Image.open(io.BytesIO(copy.data)) as image:
        assert dict(image.getexif()) == {}
        # What JPEG cannot be without: its own header.
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert (image.width, image.height) == (copy.width, copy.height)
    if copy.media_type == "image/png":
        assert set(_chunks(copy.data)) == {b"IHDR", b"IDAT", b"IEND"}
    else:
        assert b"Exif" not in copy.data
        assert b"ICC_PROFILE" not in copy.data


def _chunks(data: bytes) -> list[bytes]:
    kinds, offset = [], 8
    while offset < len(data):
        (size,) = struct.unpack(">I", data[offset : offset + 4])
        kinds.append(data[offset + 4 : offset + 8])
        offset += size + 12
    return kinds


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_copy_is_upright(posts: Path, orientation: int) -> None:
    """The gold corner ends up where a viewer that knows EXIF shows it."""
    corners = {1: "tl", 2: "tr", 3: "br", 4: "bl", 5: "tl", 6: "tr", 7: "br", 8: "bl"}
    copy = clean(_photo(posts / "a.jpg", orientation), TWITTER)
    turned = orientation >= 5
    assert (copy.width, copy.height) == ((48, 64) if turned else (64, 48))
    with Image.open(io.BytesIO(copy.data)) as image:
        x = 4 if corners[orientation][1] == "l" else image.width - 5
        y = 4 if corners[orientation][0] == "t" else image.height - 5
        red, _, blue = _rgb(image, x, y)
    assert red > blue


def _rgb(image: Image.Image, x: int, y: int) -> tuple[int, int, int]:
    pixel = image.convert("RGB").getpixel((x, y))
    assert isinstance(pixel, tuple)
    return int(pixel[0]), int(pixel[1]), int(pixel[2])


def test_colours_of_another_profile_become_srgb(posts: Path) -> None:
    """A profile that calls red blue must make red of what is stored as blue."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"swap", 1).replace(b"bXYZ", b"rXYZ", 1)
    swapped = swapped.replace(b"swap", b"bXYZ", 1)
    profiles = {
        "plain.png": None,
        "srgb.png": srgb,
        "broken.png": b"broken",
        "swapped.png": swapped,
    }
    seen = {}
    for name, profile in profiles.items():
        Image.new("RGB", (8, 8), (20, 40, 200)).save(posts / name, icc_profile=profile)
        with Image.open(io.BytesIO(clean(posts / name, TWITTER).data)) as image:
            seen[name] = _rgb(image, 1, 1)
    assert seen["plain.png"] == seen["srgb.png"] == seen["broken.png"] == (20, 40, 200)
    red, _, blue = seen["swapped.png"]
    assert red > 150
    assert blue < 60


@pytest.mark.parametrize(
    ("name", "mode", "media_type"),
    [
        ("a.png", "RGB", "image/png"),
        ("a.png", "RGBA", "image/png"),
        ("a.png", "P", "image/png"),
        ("a.png", "L", "image/png"),
        ("a.png", "LA", "image/png"),
        ("a.png", "1", "image/png"),
        ("a.png", "I;16", "image/png"),
        ("a.jpg", "RGB", "image/jpeg"),
        ("a.jpg", "L", "image/jpeg"),
        ("a.jpg", "CMYK", "image/jpeg"),
        ("a.gif", "P", "image/png"),
        ("a.webp", "RGB", "image/jpeg"),
        ("a.webp", "RGBA", "image/png"),
    ],
)
def test_every_kind_of_pixels_becomes_a_png_or_a_jpeg(
    posts: Path, name: str, mode: str, media_type: str
) -> None:
    Image.new(mode, (20, 10)).save(posts / name)
    copy = clean(posts / name, FACEBOOK)
    assert copy.media_type == media_type
    with Image.open(io.BytesIO(copy.data)) as image:
        assert image.format == media_type.removeprefix("image/").upper()
        assert image.mode in ("RGB", "RGBA")


def test_grey_of_16_bits_keeps_its_brightness(posts: Path) -> None:
    Image.new("I;16", (4, 4), 0x8000).save(posts / "a.png")
    with Image.open(io.BytesIO(clean(posts / "a.png", TWITTER).data)) as image:
        assert _rgb(image, 0, 0) == (128, 128, 128)


def test_transparency_survives_in_png_and_is_white_in_jpeg(posts: Path) -> None:
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(posts / "a.png")
    only_jpeg = TWITTER.model_copy(update={"picture_types": frozenset({"image/jpeg"})})
    assert clean(posts / "a.png", TWITTER).media_type == "image/png"
    with Image.open(io.BytesIO(clean(posts / "a.png", only_jpeg).data)) as image:
        assert _rgb(image, 4, 4) == (255, 255, 255)


@pytest.mark.parametrize(
    ("name", "limit"), [("a.jpg", 12_000), ("a.png", 40_000), ("a.png", 2_000)]
)
def test_the_copy_fits_the_channel(posts: Path, name: str, limit: int) -> None:
    Image.effect_noise((300, 200), 90).convert("RGB").save(posts / name)
    narrow = TWITTER.model_copy(update={"picture_max_bytes": limit})
    assert (posts / name).stat().st_size > limit
    copy = clean(posts / name, narrow)
    assert 0 < len(copy.data) <= limit
    assert copy.width / copy.height == pytest.approx(1.5, rel=0.1)


def test_a_copy_for_facebook_is_smaller_than_4_mb(posts: Path) -> None:
    """From 4 MB on Facebook refuses photos (error 100, subcode 1366046)."""
    Image.effect_noise((3000, 2200), 90).convert("RGB").save(posts / "a.jpg", quality=98)
    assert len(clean(posts / "a.jpg", TWITTER).data) > 4_000_000
    assert len(clean(posts / "a.jpg", CAPABILITIES["facebook"]).data) < 4_000_000


def test_a_photo_that_is_too_big_does_not_become_a_png(
    posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be several times as big, and each attempt takes a second."""
    made: list[str] = []
    saved = decoding._saved

    def noted(image: Image.Image, kind: str, **options: int) -> bytes:
        made.append(kind)
        return saved(image, kind, **options)

    monkeypatch.setattr(decoding, "_saved", noted)
    Image.effect_noise((300, 200), 90).convert("RGB").save(posts / "a.jpg")
    narrow = TWITTER.model_copy(update={"picture_max_bytes": 12_000})
    assert isinstance(decoding.copies(posts / "a.jpg", [narrow])[0], CleanPicture)
    assert {*made} == {"JPEG"}


def test_a_long_side_is_scaled_down(posts: Path) -> None:
    Image.new("RGB", (9000, 30)).save(posts / "a.png")
    assert clean(posts / "a.png", TWITTER).width == media_file.MAX_SIDE


def test_a_channel_that_takes_neither_type_is_an_error(posts: Path) -> None:
    Image.new("RGB", (8, 8)).save(posts / "a.png")
    for update in ({"picture_types": frozenset({"image/bmp"})}, {"picture_max_bytes": 10}):
        with pytest.raises(PictureUnusable):
            clean(posts / "a.png", TWITTER.model_copy(update=update))


def test_the_same_picture_gives_the_same_bytes(posts: Path) -> None:
    path = _photo(posts / "a.jpg", 6)
    assert clean(path, TWITTER) == clean(path, TWITTER)
    assert clean(path, TWITTER).digest == clean(path, FACEBOOK).digest


@pytest.fixture(scope="module")
def samples() -> list[tuple[str, bytes]]:
    image = Image.effect_noise((24, 24), 60).convert("RGB")
    found = []
    for kind in ("JPEG", "PNG", "GIF", "WEBP"):
        buffer = io.BytesIO()
        image.save(buffer, kind, exif=_exif()) if kind != "GIF" else image.save(buffer, kind)
        found.append((f"a.{kind.lower()}", buffer.getvalue()))
    return found


Mutation = tuple[int, int, bytes]
_MUTATIONS = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(0, 20), st.binary(max_size=20)), max_size=5
)


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(which=st.integers(0, 3), mutations=_MUTATIONS)
def test_no_broken_picture_raises(
    posts: Path,
    samples: list[tuple[str, bytes]],
    which: int,
    mutations: list[Mutation],
) -> None:
    """Whatever the bytes are, they are refused with a flaw, or give a clean copy."""
    name, data = samples[which]
    for place, length, new in mutations:
        start = place % (len(data) or 1)
        data = data[:start] + new + data[start + length :]
    path = posts / name
    path.write_bytes(data)
    media_file._inspected.cache_clear()  # written within one tick of the file system's clock
    if inspect(path, posts):
        with pytest.raises(PictureUnusable):
            clean(path, TWITTER)
    else:
        assert clean(path, TWITTER).data


PICTURES = ("a TIFF", "a BMP")
"""Kinds of pictures, which must not be called none."""


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.jpg", b"%PDF-1.7\n", "a PDF"),
        ("a.svg", b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        ("a.tiff", b"II*\0" + bytes(20), "a TIFF"),
        ("a.jpg", b"BM" + bytes(20), "a BMP"),
        ("a.xlsx", b"PK\x03\x04" + bytes(99_000) + b"xl/workbook.xml", "an Excel workbook"),
        ("a.docx", b"PK\x03\x04" + bytes(99_000) + b"word/document.xml", "a Word document"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20), "a document of Word, PowerPoint or Excel"),
        ("a.zip", b"PK\x03\x04" + bytes(99), "a ZIP archive"),
        ("a.png", b"  <!doctype html><html><svg></svg>", "a web page"),
        ("a.jpg", b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_called_what_it_is(
    posts: Path, name: str, data: bytes, kind: str
) -> None:
    path = posts / name
    path.write_bytes(data)
    flaw = inspect(path, posts)
    assert flaw is not None
    assert flaw.code == "media-type"
    assert flaw.message.startswith(f"{name} is {kind}")
    ending = ", which platforms do not accept." if kind in PICTURES else ", not a picture."
    assert flaw.message.endswith(ending)


def test_an_empty_file_is_called_empty(posts: Path) -> None:
    (posts / "a.jpg").write_bytes(b"")
    flaw = inspect(posts / "a.jpg", posts)
    assert flaw is not None
    assert flaw.message == "a.jpg is empty: it has no bytes."


@pytest.mark.parametrize(
    ("language", "message", "hint"),
    [
        ("en", "a.jpg has 118.2 MB.", "The limit is 50 MB"),
        ("fr", "a.jpg fait 118,2\u202fMo.", "50\u202fMo"),
        ("es", "a.jpg tiene 118,2 MB.", "50 MB"),
        ("pl", "a.jpg ma 118,2 MB.", "50 MB"),
    ],
)
def test_sizes_are_written_as_readers_write_them(
    posts: Path, language: str, message: str, hint: str
) -> None:
    with (posts / "a.jpg").open("wb") as file:
        file.truncate(118_170_217)
    with speaking(language):
        flaw = inspect(posts / "a.jpg", posts)
    assert flaw is not None
    assert flaw.message.replace("\u00a0", " ") == message
    assert hint in (flaw.hint or "").replace("\u00a0", " ")
