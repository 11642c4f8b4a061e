"""HEIC and AVIF, as phones make them: taken for what they are, and their copies as any other."""

import gzip
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import AvifImagePlugin, Image, ImageChops

from publisher.base.errors import PictureUnusable
from publisher.channels.registry import CAPABILITIES
from publisher.media import decoding, heif, media_file
from publisher.media.media_file import clean, inspect
from publisher.model.problems import Flaw
from tests.drafts.drafts import FACEBOOK, TWITTER, Workspace
from tests.support import photos, videos

KINDS = ("a.heic", "a.avif")
_HIDDEN = Path(__file__).with_name("hidden.avif.gz")
"""One colour, 16000 x 16000, that announces 64 x 64."""
_SOFT = 6
"""What a colour may differ by: pictures are not kept exactly."""


@pytest.fixture
def posts(workspace: Workspace) -> Path:
    return workspace.posts


def _code(path: Path, posts: Path) -> str | None:
    flaw = inspect(path, posts)
    return flaw.code if flaw else None


def _save(path: Path, image: Image.Image, **options: Any) -> Path:
    """Written in the kind of its name."""
    if path.suffix == ".avif":
        image.save(path, "AVIF", quality=95, subsampling="4:4:4", **options)
    else:
        pillow_heif.from_pillow(image).save(path, quality=95, chroma=444, **options)
    return path


def _opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def _near(image: Image.Image, x: int, y: int, colour: tuple[int, int, int]) -> bool:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return all(abs(one - other) <= _SOFT for one, other in zip(pixel, colour, strict=True))


def _noise(size: tuple[int, int] = (200, 150)) -> Image.Image:
    return Image.effect_noise(size, 90).convert("RGB")


@pytest.mark.parametrize("name", ["a.heic", "a.HEIC", "a.heif", "a.avif"])
@pytest.mark.parametrize("channel", CAPABILITIES)
def test_a_phones_picture_becomes_a_jpeg_on_each_channel(
    posts: Path, name: str, channel: str
) -> None:
    """Its pixels are those of the original, which stays as it is."""
    image = Image.linear_gradient("L").resize((64, 48)).convert("RGB")
    path = _save(posts / name, image)
    original = path.read_bytes()
    assert inspect(path, posts) is None
    copy = clean(path, CAPABILITIES[channel])
    assert (copy.media_type, copy.width, copy.height) == ("image/jpeg", 64, 48)
    difference = ImageChops.difference(_opened(copy.data), image).getextrema()
    assert max(most for _least, most in difference) <= _SOFT  # type: ignore[misc]
    assert path.read_bytes() == original
    assert clean(path, CAPABILITIES[channel]).digest == copy.digest


@pytest.mark.parametrize("channel", CAPABILITIES)
@pytest.mark.parametrize("name", KINDS)
def test_no_byte_of_a_phones_metadata_is_in_any_channels_copy(
    posts: Path, name: str, channel: str
) -> None:
    """Place, time, maker, serial number, thumbnails, XMP, profile, what is behind."""
    path = photos.of_a_phone(posts / name)
    original = path.read_bytes()
    assert [secret for secret in photos.OF_PHONES if secret not in original] == []
    copy = clean(path, CAPABILITIES[channel])
    assert [secret for secret in (*photos.SECRETS, b"MARKER") if secret in copy.data] == []
    with Image.open(io.BytesIO(copy.data)) as image:
        assert dict(image.getexif()) == {}
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert path.read_bytes() == original


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", KINDS)
def test_a_turn_that_file_and_exif_both_name_is_made_once(
    posts: Path, name: str, orientation: int
) -> None:
    """The gold corner ends up where a phone shows it."""
    corners = {1: "tl", 2: "tr", 3: "br", 4: "bl", 5: "tl", 6: "tr", 7: "br", 8: "bl"}
    copy = clean(photos.of_a_phone(posts / name, orientation=orientation), TWITTER)
    assert (copy.width, copy.height) == ((48, 64) if orientation >= 5 else (64, 48))
    image = _opened(copy.data)
    x = 4 if corners[orientation][1] == "l" else image.width - 5
    y = 4 if corners[orientation][0] == "t" else image.height - 5
    assert _near(image, x, y, (255, 215, 0))


@pytest.mark.parametrize("name", KINDS)
def test_a_turn_in_exif_or_xmp_alone_is_none(posts: Path, name: str) -> None:
    """The file's own turn counts (ISO/IEC 23008-12), and all viewers go by it."""
    path = photos.of_a_phone(posts / name, orientation=1)
    path.write_bytes(photos.turned_in_exif(path.read_bytes(), 6))
    copy = clean(path, TWITTER)
    assert (copy.width, copy.height) == (64, 48)
    assert _near(_opened(copy.data), 4, 4, (255, 215, 0))
    _save(path, Image.new("RGB", (64, 48)), xmp=photos.XMP.replace(b"3", b"6"))
    path.write_bytes(photos.turned_in_xmp(path.read_bytes()))
    assert clean(posts / name, TWITTER).width == 64


def _srgb_of_p3(colour: tuple[int, int, int]) -> tuple[int, ...]:
    """By the matrix of CSS Color 4 between the linear lights of the two."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    def encoded(light: float) -> int:
        light = min(1.0, max(0.0, light))
        value = light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
        return round(value * 255)

    red, green, blue = (linear(value / 255) for value in colour)
    return (
        encoded(1.2249402 * red - 0.2249402 * green),
        encoded(-0.0420570 * red + 1.0420570 * green),
        encoded(-0.0196376 * red - 0.0786360 * green + 1.0982736 * blue),
    )


def _numbered(path: Path) -> None:
    """With the number of Display P3 in the place of that of sRGB."""
    data = path.read_bytes()
    assert data.count(b"colrnclx\0\x01") == 1
    path.write_bytes(data.replace(b"colrnclx\0\x01", b"colrnclx\0\x0c"))


@pytest.mark.parametrize("colour", [(200, 100, 50), (90, 160, 110), (128, 128, 128), (250, 20, 30)])
@pytest.mark.parametrize("by", ["profile", "number"])
@pytest.mark.parametrize("name", KINDS)
def test_display_p3_becomes_srgb(
    posts: Path, name: str, by: str, colour: tuple[int, int, int]
) -> None:
    """Whether a profile says that it is P3, or the number that stands for it."""
    image = Image.new("RGB", (64, 48), colour)
    if by == "profile":
        image.info["icc_profile"] = heif._srgb_with(heif._COLORANTS[12])
    path = _save(posts / name, image)
    if by == "number":
        _numbered(path)
    seen = _opened(clean(path, TWITTER).data)
    expected = _srgb_of_p3(colour)
    assert _near(seen, 20, 20, (expected[0], expected[1], expected[2]))
    if colour == (200, 100, 50):
        assert not _near(seen, 20, 20, colour)


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.JPEG", "a.png", "a.webp", "a.gif", "a.heic", "a.avif"]
)
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_taken_under_any_pictures_name(posts: Path, kind: str, name: str) -> None:
    """As iPhones and mail programs pass it on."""
    data = photos.of_a_phone(posts / kind).read_bytes()
    (posts / name).write_bytes(data)
    assert inspect(posts / name, posts) is None
    copy = clean(posts / name, FACEBOOK)
    assert (copy.media_type, copy.width, copy.height) == ("image/jpeg", 48, 64)


@pytest.mark.parametrize("name", KINDS)
def test_another_picture_under_its_name_is_named(posts: Path, name: str) -> None:
    Image.new("RGB", (8, 8)).save(posts / name, "JPEG")
    flaw = inspect(posts / name, posts)
    assert flaw
    assert flaw.message == f"{name} is really a JPEG, despite its name."
    (posts / name).write_bytes(b"<svg/>")
    assert _code(posts / name, posts) == "media-type"


@pytest.mark.parametrize("part", [40, 200, 0.3, 0.67, 0.98])
@pytest.mark.parametrize("name", KINDS)
def test_a_truncated_one_is_found(posts: Path, name: str, part: float) -> None:
    data = _save(posts / name, _noise()).read_bytes()
    (posts / name).write_bytes(data[: int(part if part > 1 else len(data) * part)])
    assert _code(posts / name, posts) == "media-damaged"
    with pytest.raises(PictureUnusable, match="truncated or damaged"):
        clean(posts / name, TWITTER)


def _claiming(data: bytes, side: int) -> bytes:
    """The first picture, or piece of one, in it says that it is `side` by `side`."""
    place = data.index(b"ispe") + 8
    return data[:place] + side.to_bytes(4) * 2 + data[place + 8 :]


def _code_here(path: Path) -> str | None:
    """As `_code`, without a child, so that a test sees what is read."""
    found = decoding.look(path)
    return found.code if isinstance(found, Flaw) else None


@pytest.fixture
def no_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object, **__: object) -> None:
        raise AssertionError("the bomb was decoded")

    monkeypatch.setattr(pillow_heif, "HeifImageFile", explode)
    monkeypatch.setattr(AvifImagePlugin, "AvifImageFile", explode)


@pytest.mark.usefixtures("no_reader")
@pytest.mark.parametrize("side", [8_000, 20_000, 60_000, 2**32 - 1])
@pytest.mark.parametrize("name", [*KINDS, "a.jpg"])
def test_a_bomb_is_refused_before_a_library_sees_it(posts: Path, name: str, side: int) -> None:
    data = _save(posts / name.replace("jpg", "heic"), Image.new("RGB", (64, 48))).read_bytes()
    (posts / name).write_bytes(_claiming(data, side))
    assert _code_here(posts / name) == "media-too-many-pixels"


@pytest.mark.usefixtures("no_reader")
def test_a_bomb_in_a_piece_of_a_small_picture_is_refused_too(posts: Path) -> None:
    """Phones cut pictures into tiles, and crop them: what is decoded is more than what is shown."""
    path = _save(posts / "a.heic", _noise((256, 256)), tile_size=128)
    data = path.read_bytes()
    assert data.count(b"ispe") >= 2
    path.write_bytes(_claiming(data, 8_000))
    assert _code_here(path) == "media-too-many-pixels"


def test_more_pixels_than_a_file_announces_are_not_decoded(posts: Path) -> None:
    data = _save(posts / "a.heic", _noise((640, 480))).read_bytes()
    (posts / "a.heic").write_bytes(_claiming(data, 64))
    assert _code(posts / "a.heic", posts) == "media-damaged"


def test_an_avif_that_hides_a_large_picture_is_not_decoded(posts: Path) -> None:
    """The reader itself knows no limit but its own: that of the child's memory ends it."""
    (posts / "a.avif").write_bytes(gzip.decompress(_HIDDEN.read_bytes()))
    assert _code(posts / "a.avif", posts) == "media-damaged"


def test_of_several_pictures_the_main_one_is_taken(posts: Path) -> None:
    """A burst, or a photo and its edited version."""
    several = pillow_heif.HeifFile()  # type: ignore[no-untyped-call]
    for colour in ("red", "lime", "blue"):
        several.add_from_pillow(Image.new("RGB", (64, 48), colour))
    several.save(posts / "a.heic", quality=95, primary_index=1)
    assert inspect(posts / "a.heic", posts) is None
    assert _near(_opened(clean(posts / "a.heic", TWITTER).data), 20, 20, (0, 255, 0))


def test_an_avif_that_moves_is_refused(posts: Path) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    frames[0].save(posts / "a.avif", save_all=True, append_images=frames[1:])
    assert _code(posts / "a.avif", posts) == "media-animated"


def test_photos_cut_into_tiles_and_of_10_bits_are_put_together(posts: Path) -> None:
    """iPhones write tiles of 512 pixels; newer cameras 10 bits."""
    image = Image.linear_gradient("L").resize((300, 200)).convert("RGB")
    tiled = _save(posts / "a.heic", image, tile_size=128)
    deep = pillow_heif.from_bytes(
        "RGB;16", (300, 200), b"".join(bytes((value, value)) for value in image.tobytes())
    )
    deep.save(posts / "b.heic", quality=95, chroma=444)
    for path in (tiled, posts / "b.heic"):
        difference = ImageChops.difference(_opened(clean(path, TWITTER).data), image).getextrema()
        assert max(most for _least, most in difference) <= _SOFT  # type: ignore[misc]


def _straight(path: Path) -> None:
    _save(path, Image.new("RGBA", (64, 48), (200, 100, 50, 128)))


def _premultiplied(path: Path) -> None:
    image = Image.new("RGBA", (64, 48), (200, 100, 50, 128)).convert("RGBa")
    pillow_heif.from_bytes("RGBa", (64, 48), image.tobytes()).save(path, quality=95, chroma=444)


@pytest.mark.parametrize(
    ("name", "write"), [("a.heic", _straight), ("a.avif", _straight), ("a.heic", _premultiplied)]
)
def test_what_is_transparent_stays_so(
    posts: Path, name: str, write: Callable[[Path], None]
) -> None:
    write(posts / name)
    copy = clean(posts / name, TWITTER)
    assert copy.media_type == "image/png"
    with Image.open(io.BytesIO(copy.data)) as image:
        assert image.getpixel((20, 20)) == pytest.approx((200, 100, 50, 128), abs=_SOFT)


@pytest.mark.parametrize("name", [*KINDS, "a.png"])
def test_the_copy_fits_the_channel(posts: Path, name: str) -> None:
    """A photo that is called `.png` is one all the same, and no drawing."""
    data = _save(posts / name.replace("png", "heic"), _noise()).read_bytes()
    (posts / name).write_bytes(data)
    copy = clean(posts / name, TWITTER.model_copy(update={"picture_max_bytes": 12_000}))
    assert copy.media_type == "image/jpeg"
    assert 0 < len(copy.data) <= 12_000


@pytest.mark.parametrize("media", ["", "card.png", "phone.heic", "clip.mp4"])
def test_no_library_that_decodes_is_loaded_where_a_credential_may_be(
    workspace: Workspace, media: str
) -> None:
    """Those of HEIC and of videos: a child has them."""
    workspace.picture()
    photos.of_a_phone(workspace.posts / "media/phone.heic")
    videos.video(workspace.posts / "media/clip.mp4")
    entry = f"\nmedia:\n  - file: media/{media}\n    alt: Une carte" if media else ""
    workspace.draft(f"to: bice-x{entry}")
    script = (
        "import sys; from pathlib import Path; from publisher.drafts import library, rendering;"
        "from publisher.channels import registry;"
        f"library.load(Path({str(workspace.root)!r}), {{}}, ());"
        "print({'pillow_heif', 'av'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "set()"


def test_what_is_looked_into_is_limited(posts: Path) -> None:
    path = _save(posts / "a.heic", Image.new("RGB", (64, 48)))
    with path.open("ab") as file:
        file.truncate(media_file.MAX_BYTES + 1)
    assert _code(path, posts) == "media-too-big"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "avif"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "heic"),
        (b"\0\0\0\x14ftypisom\0\0\0\0mp42heic", None),  # behind the box
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", None),
        (b"\0\0\0\x08ftyp", None),
        (b"", None),
    ],
)
def test_its_kind_stands_at_the_beginning(head: bytes, kind: str | None) -> None:
    assert heif.kind(head) == kind
