"""Whatever the bytes of a picture: a flaw that says why, or a clean copy; the original stays."""

import io
import struct
import zlib
from pathlib import Path

import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms

from publisher.base.errors import PictureUnusable
from publisher.channels.registry import CAPABILITIES
from publisher.media import media_file
from publisher.model.problems import CODES
from tests.fuzz.effort import bounded, fuzzed

_ENDINGS = (".jpg", ".png", ".gif", ".webp", ".heic", ".avif", ".JPEG", ".bmp", "", ".jpg.exe")
_JUNK = st.sampled_from(
    (
        b"",
        b"\0",
        b"\xff",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF",
        b"\x7f\xff\xff\xff",
        b"\xff\xff\xff\xff",
        b"IHDR",
        b"acTL",
        b"eXIf",
        b"\xff\xe1\xff\xff",
        b"II*\0",
        b"\xff\xfe\0\2",
        b"ftypheic",
        b"ispe",
        b"\0\0\0\x09irot\2",
    )
)


def _originals() -> list[bytes]:
    """Small pictures of each kind, as cameras, phones and editors write them."""
    image = Image.linear_gradient("L").resize((48, 32)).convert("RGB")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    saved = []
    for kind, mode, more in (
        ("JPEG", "RGB", {"exif": exif, "icc_profile": profile, "comment": b"c"}), ("JPEG", "L", {"progressive": True}), ("JPEG", "CMYK", {"icc_profile": profile[:200]}),
        ("PNG", "RGBA", {"exif": exif}), ("PNG", "P", {"transparency": 3, "icc_profile": profile}), ("PNG", "I;16", {}), ("PNG", "1", {}), ("PNG", "LA", {}),
        ("GIF", "P", {"transparency": 0}), ("GIF", "P", {"save_all": True, "append_images": [image.rotate(90)]}), ("WEBP", "RGB", {"exif": exif}), ("WEBP", "RGBA", {"lossless": True}),
        ("AVIF", "RGB", {"exif": exif, "icc_profile": profile}), ("AVIF", "RGBA", {}), ("AVIF", "RGB", {"save_all": True, "append_images": [image]}),
        ("MPO", "RGB", {"save_all": True, "append_images": [image]}), ("TIFF", "RGB", {}), ("BMP", "RGB", {}), ("PDF", "RGB", {}),
    ):  # fmt: skip
        memory = io.BytesIO()
        image.convert("L" if mode == "I;16" else mode).convert(mode).save(memory, kind, **more)
        saved.append(memory.getvalue())
    for mode, more in (("RGB", {"exif": exif.tobytes()}), ("RGBA", {}), ("L", {"tile_size": 16})):
        memory = io.BytesIO()
        pillow_heif.from_pillow(image.convert(mode)).save(memory, **more)
        saved.append(memory.getvalue())
    return [
        *saved,
        _png_bomb(60_001, 1_000),
        _png_bomb(2**31 - 1, 2**31 - 1),
        _png_bomb(1, 60_000_000),
    ]


def _png_bomb(width: int, height: int) -> bytes:
    """A PNG whose header claims a size, and whose data is a few zeros."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


_ORIGINALS = _originals()


@st.composite
def picture_bytes(draw: st.DrawFn) -> bytes:
    """One of them, damaged: cut, with pieces exchanged, or two in one."""
    data = draw(st.sampled_from(_ORIGINALS))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, min(len(data), 200)) | st.integers(0, len(data)))
        act = draw(st.sampled_from(("put in", "exchange", "number", "cut", "join", "again")))
        if act == "put in":
            data = data[:place] + draw(_JUNK | st.binary(max_size=8)) + data[place:]
        elif act == "exchange":
            new = draw(st.binary(min_size=1, max_size=8))
            data = data[:place] + new + data[place + len(new) :]
        elif act == "number":
            new = draw(st.sampled_from((0, 1, 2**16 - 1, 2**31 - 1, 2**32 - 1))).to_bytes(
                4, draw(st.sampled_from(("big", "little")))
            )
            data = data[:place] + new + data[place + 4 :]
        elif act == "cut":
            data = data[:place]
        elif act == "join":
            data = data[:place] + draw(st.sampled_from(_ORIGINALS))
        else:
            data = data[:place] + data[max(0, place - 30) : place] + data[place:]
    return data


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("posts")


@fuzzed(300)
@given(
    data=picture_bytes(),
    ending=st.sampled_from(_ENDINGS[:6] * 3 + _ENDINGS),
    channel=st.sampled_from(sorted(CAPABILITIES)),
)
def test_any_bytes_are_refused_or_give_a_clean_picture(
    posts: Path, data: bytes, ending: str, channel: str
) -> None:
    path = posts / f"picture{ending}"
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    capabilities = CAPABILITIES[channel]
    with bounded(10):
        if flaw := media_file.inspect(path, posts):
            assert flaw.code in CODES
            assert flaw.message.isprintable()
            assert len(flaw.message) < 500
        try:
            copy = media_file.clean(path, capabilities)
        except PictureUnusable as error:
            refusal = str(error)
        else:
            refusal = ""
    if refusal:
        # What moves is taken by some channels, and refused for the others.
        assert flaw or "animated" in refusal
        return
    assert not flaw
    assert path.read_bytes() == data
    assert len(copy.data) <= capabilities.picture_max_bytes
    assert max(copy.width, copy.height) <= media_file.MAX_SIDE
    with Image.open(io.BytesIO(copy.data)) as image:
        image.load()
        assert image.size == (copy.width, copy.height)
        assert not image.getexif()
        assert "icc_profile" not in image.info
        assert not {"comment", "xmp", "exif"} & set(image.info)
