"""Animated GIFs: what is refused, and that nothing but frames leaves."""

import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from publisher.base.errors import PictureUnusable
from publisher.media import decoding, gifs, media_file
from publisher.media.clean_copy import CleanPicture
from publisher.media.media_file import clean, inspect, look
from publisher.model.capabilities import GifLimits
from publisher.model.posts import Motion
from publisher.model.problems import Flaw
from tests.drafts.drafts import FACEBOOK, TWITTER, Workspace, codes

ROOMY = GifLimits(
    max_bytes=10**9, max_width=10**5, max_height=10**5, max_frames=10**5, max_pixels=10**12
)


@pytest.fixture
def posts(workspace: Workspace) -> Path:
    return workspace.posts


def make(path: Path, size: tuple[int, int] = (40, 30), frames: int = 4, **options: Any) -> Path:
    """A GIF whose frames are all different."""
    images = [Image.effect_noise(size, 90).convert("RGB") for _ in range(frames)]
    images[0].save(path, save_all=True, append_images=images[1:], **options)
    return path


def code(path: Path, posts: Path) -> str | None:
    flaw = inspect(path, posts)
    return flaw.code if flaw else None


def extension(label: int, *pieces: bytes) -> bytes:
    data = b"".join(bytes([len(piece)]) + piece for piece in pieces)
    return b"\x21" + bytes([label]) + data + b"\0"


def with_secrets(path: Path) -> Path:
    """A GIF with a comment, XMP, an application's data, text, and something behind its end."""
    plain = make(path, duration=80, loop=0).read_bytes()
    # As XMP stands in GIFs: not in pieces, but as it is, before a trailer that ends all pieces.
    xmp = b"<x:xmpmeta>MARKER-XMP</x:xmpmeta>" + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    secrets = (
        extension(0xFE, b"MARKER-COMMENT"),
        b"\x21\xff\x0bXMP DataXMP" + xmp,
        extension(0xFF, b"MARKERAPP10", b"MARKER-APP"),
        extension(0x01, bytes(12), b"MARKER-TEXT"),
    )
    first = plain.index(b"\x21\xf9")
    path.write_bytes(plain[:first] + b"".join(secrets) + plain[first:] + b"MARKER-TAIL")
    return path


def blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The kind of each block of a GIF, and the first piece of an extension's data."""

    def colours(place: int) -> int:
        return 3 * 2 ** ((data[place] & 7) + 1) if data[place] & 0x80 else 0

    at = 13 + colours(10)
    while data[at] != 0x3B:
        is_extension = data[at] == 0x21
        start = at + 2 if is_extension else at + 11 + colours(at + 9)
        label = data[at + 1] if is_extension else data[at]
        yield label, data[start + 1 : start + 1 + data[start]]
        at = start
        while data[at]:
            at += 1 + data[at]
        at += 1
    yield data[at], data[at + 1 :]


def test_nothing_that_anybody_wrote_into_a_gif_is_in_the_copy(posts: Path) -> None:
    """Comment, XMP, applications' data, text and what is appended stay at home."""
    path = with_secrets(posts / "a.gif")
    original = path.read_bytes()
    assert original.count(b"MARKER") == 6
    assert code(path, posts) is None
    copy = clean(path, TWITTER)
    assert b"MARKER" not in copy.data
    assert {label for label, _ in blocks(copy.data)} == {0xF9, 0xFF, 0x2C, 0x3B}
    applications = [data for label, data in blocks(copy.data) if label == 0xFF]
    assert applications == [b"NETSCAPE2.0"], "which says how often it repeats"
    assert list(blocks(copy.data))[-1] == (0x3B, b""), "nothing is behind the end"
    assert path.read_bytes() == original


def test_the_copy_shows_the_same_frames_at_the_same_times(posts: Path) -> None:
    colours = ("red", "gold", "navy")
    images = [Image.new("RGB", (20, 10), colour) for colour in colours]
    images[0].save(
        posts / "a.gif", save_all=True, append_images=images[1:], duration=[50, 400, 90], loop=3
    )
    copy = clean(posts / "a.gif", TWITTER)
    assert (copy.media_type, copy.suffix, copy.width, copy.height) == ("image/gif", ".gif", 20, 10)
    with Image.open(io.BytesIO(copy.data)) as shown, Image.open(posts / "a.gif") as meant:
        assert shown.info["loop"] == meant.info["loop"] == 3
        for number in range(3):
            shown.seek(number)
            meant.seek(number)
            assert shown.info["duration"] == meant.info["duration"]
            assert shown.convert("RGB").getpixel((5, 5)) == meant.convert("RGB").getpixel((5, 5))


def test_what_was_transparent_is_white(posts: Path) -> None:
    images = [Image.new("RGBA", (20, 10), (0, 0, 0, 0)) for _ in range(2)]
    images[1].paste((200, 0, 0, 255), (0, 0, 5, 5))
    images[0].save(posts / "a.gif", save_all=True, append_images=images[1:], disposal=2)
    with Image.open(io.BytesIO(clean(posts / "a.gif", TWITTER).data)) as shown:
        assert shown.convert("RGBA").getpixel((15, 8)) == (255, 255, 255, 255)


@pytest.mark.parametrize(
    ("limits", "size"),
    [
        ({"max_width": 60}, (60, 30)),
        ({"max_height": 25}, (50, 25)),
        ({"max_pixels": 4 * 50 * 25}, (50, 25)),
    ],
)
def test_the_copy_is_scaled_into_each_limit(
    posts: Path, limits: dict[str, int], size: tuple[int, int]
) -> None:
    path = make(posts / "a.gif", (120, 60))
    copy = gifs.clean(path, ROOMY.model_copy(update=limits))
    assert isinstance(copy, CleanPicture)
    assert (copy.width, copy.height) == size
    assert gifs.build(path)[:2] == (120, 60)


def test_the_copy_fits_into_the_bytes_of_the_channel(posts: Path) -> None:
    path = make(posts / "a.gif", (200, 100))
    copy = gifs.clean(path, ROOMY.model_copy(update={"max_bytes": 20_000}))
    assert isinstance(copy, CleanPicture)
    assert 10_000 < len(copy.data) <= 20_000
    assert copy.width / copy.height == pytest.approx(2, rel=0.1)


def test_the_same_gif_gives_the_same_bytes(posts: Path) -> None:
    path = make(posts / "a.gif")
    assert clean(path, TWITTER) == clean(path, TWITTER)


def test_its_headers_tell_what_moves(posts: Path) -> None:
    found = look(make(posts / "a.gif", (40, 30), 4, duration=250))
    assert isinstance(found, Motion)
    assert found.model_dump() == {
        "kind": "gif", "width": 40, "height": 30, "seconds": 1.0, "frames": 4,
    }  # fmt: skip
    Image.new("RGB", (8, 8)).save(posts / "still.gif")
    assert look(posts / "still.gif") is None


def test_a_truncated_gif_is_found(posts: Path) -> None:
    """Wherever it ends, between two frames too, where Pillow sees fewer frames and no fault."""
    path = make(posts / "a.gif")
    data = path.read_bytes()
    frames = [at for at in range(len(data)) if data.startswith(b"\x21\xf9", at)]
    for end in (*frames, frames[0] + 5, len(data) - 40, len(data) - 1):
        path.write_bytes(data[:end])
        assert code(path, posts) == "media-damaged", end
        with pytest.raises(PictureUnusable):
            clean(path, TWITTER)


def test_a_gif_is_one_whatever_its_name_says(posts: Path) -> None:
    make(posts / "a.gif").rename(posts / "a.png")
    assert code(posts / "a.png", posts) == "media-type"
    Image.new("RGB", (8, 8)).save(posts / "b.gif", "PNG")
    assert code(posts / "b.gif", posts) == "media-type"
    (posts / "c.gif").write_bytes(b"")
    assert code(posts / "c.gif", posts) == "media-type"


def bomb(path: Path, frames: int, size: tuple[int, int]) -> Path:
    """A GIF that says of itself that it has so many frames of that size, in few bytes each."""
    sides = b"".join(side.to_bytes(2, "little") for side in size)
    frame = b"\x2c" + bytes(4) + sides + b"\0" + b"\x02\x02\x4c\x01\0"
    header = b"GIF89a" + sides + b"\x80\0\0" + bytes(6)
    path.write_bytes(header + frame * frames + b"\x3b")
    return path


@pytest.mark.parametrize(
    ("frames", "size", "found"),
    [
        (gifs.MAX_FRAMES + 1, (2, 2), "too-many-frames"),
        (2_000_000, (1, 1), "too-many-frames"),
        (31, (5000, 2000), "media-too-many-pixels"),
        (2, (65_535, 65_535), "media-too-many-pixels"),
    ],
)
def test_a_bomb_is_refused_before_a_frame_is_decoded(
    posts: Path, monkeypatch: pytest.MonkeyPatch, frames: int, size: tuple[int, int], found: str
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise AssertionError("the bomb was opened")

    monkeypatch.setattr(Image, "open", explode)
    path = bomb(posts / "a.gif", frames, size)
    for seen in (decoding.look(path), *decoding.copies(path, [TWITTER])):  # in this process
        assert isinstance(seen, Flaw)
        assert seen.code == found


def test_a_frame_beyond_the_edge_counts_with_its_size(posts: Path) -> None:
    """Pillow makes the canvas larger for it."""
    path = bomb(posts / "a.gif", 3, (10, 10))
    data = path.read_bytes()
    wide = data.rindex(b"\x2c")
    path.write_bytes(data[: wide + 1] + b"\xff\xff\xff\xff" + data[wide + 5 :])
    assert gifs.build(path)[:2] == (65_545, 65_545)
    assert code(path, posts) == "media-too-many-pixels"


def test_frames_that_are_alike_do_not_move(posts: Path) -> None:
    path = posts / "a.gif"
    Image.new("RGB", (8, 8)).save(path)
    data = path.read_bytes()
    frame = data[data.index(b"\x2c") : -1]
    path.write_bytes(data[:-1] + frame * 2 + b"\x3b")
    assert code(path, posts) is None
    with pytest.raises(PictureUnusable, match="identical"):
        clean(path, TWITTER)


def test_a_channel_that_takes_none_says_so(posts: Path) -> None:
    with pytest.raises(PictureUnusable, match="animated"):
        clean(make(posts / "a.gif"), FACEBOOK)


Mutation = tuple[int, int, bytes]
_MUTATIONS = st.lists(
    st.tuples(st.integers(0, 9000), st.integers(0, 20), st.binary(max_size=20)), max_size=4
)


@pytest.mark.deep
@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(mutations=_MUTATIONS)
def test_no_broken_gif_raises(posts: Path, mutations: list[Mutation]) -> None:
    """Whatever the bytes are, they are refused with a flaw, or a copy can be made or refused."""
    path = with_secrets(posts / "a.gif")
    data = path.read_bytes()
    for place, length, new in mutations:
        start = place % (len(data) or 1)
        data = data[:start] + new + data[start + length :]
    path.write_bytes(data)
    media_file._inspected.cache_clear()  # written within one tick of the file system's clock
    is_flawed = bool(inspect(path, posts))
    try:
        copy: CleanPicture | None = clean(path, TWITTER)
    except PictureUnusable:
        copy = None
    assert not (is_flawed and copy)
    if copy and copy.media_type == "image/gif":
        labels = {label for label, _ in itertools.islice(blocks(copy.data), 10_000)}
        assert labels <= {0xF9, 0xFF, 0x2C, 0x3B}


def test_x_shows_a_gif_alone(workspace: Workspace) -> None:
    make(workspace.posts / "a.gif")
    workspace.picture()
    front = "at: annual-day\nto: {to}\nmedia:\n- {{file: a.gif, alt: A}}\n- {{file: media/card.png, alt: B}}"
    assert codes(workspace.channel_problems(front.format(to="bice-x"))) == ["media-mixed"]
    assert codes(workspace.channel_problems(front.format(to="bice-site"))) == []


def test_facebook_takes_a_gif(workspace: Workspace) -> None:
    make(workspace.posts / "a.gif")
    front = "at: annual-day\nto: bice-page\nmedia: [{file: a.gif, alt: A}]"
    assert codes(workspace.channel_problems(front)) == []


def test_x_takes_so_many_frames_and_no_more(workspace: Workspace) -> None:
    front = "at: annual-day\nto: bice-x\nmedia: [{file: a.gif, alt: A}]"
    make(workspace.posts / "a.gif", (4, 4), 350)
    assert codes(workspace.channel_problems(front)) == []
    make(workspace.posts / "a.gif", (4, 4), 351)
    assert codes(workspace.channel_problems(front)) == ["too-many-frames"]
