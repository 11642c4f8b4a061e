"""Videos: what is refused, and that nothing but one picture and one sound leaves."""

import io
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from publisher.base.errors import PictureUnusable
from publisher.media import decoding, media_file, mp4
from publisher.media.media_file import clean, inspect, look
from publisher.model.posts import Motion
from publisher.model.problems import Flaw
from publisher.platforms.facebook.spec import FACEBOOK
from publisher.platforms.site.spec import SITE
from publisher.platforms.twitter.spec import TWITTER
from tests.drafts.drafts import Workspace, codes
from tests.support import videos
from tests.support.videos import box, video, with_secrets

DRAFT = "to: {to}\nmedia:\n  - file: media/a.mp4\n    alt: Une salle"
KINDS = {
    b"ftyp", b"moov", b"mdat", b"free", b"mvhd", b"trak", b"tkhd", b"edts", b"elst", b"mdia",
    b"mdhd", b"hdlr", b"minf", b"vmhd", b"smhd", b"dinf", b"dref", b"stbl", b"stsd", b"stts",
    b"ctts", b"stss", b"stsc", b"stsz", b"stco", b"sgpd", b"sbgp",
}  # fmt: skip
"""The boxes that a copy may have."""


@pytest.fixture
def posts(workspace: Workspace) -> Path:
    (workspace.posts / "media").mkdir()
    return workspace.posts


def code(path: Path, posts: Path) -> str | None:
    flaw = inspect(path, posts)
    return flaw.code if flaw else None


def kinds(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, bytes]]:
    """Every box of a file, with its content."""
    place = start
    while place < (len(data) if end is None else end):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        yield kind, data[place + 8 : place + size]
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"udta"):
            yield from kinds(data, place + 8, place + size)
        place += size


def shades(data: bytes) -> list[int]:
    """The first pixel of each picture."""
    with av.open(io.BytesIO(data), "r") as source:
        return [bytes(frame.planes[0])[0] for frame in source.decode(video=0)]


@pytest.mark.parametrize("name", ["a.mp4", "a.MP4", "a.m4v", "a.mov"])
@pytest.mark.parametrize("heard", ["aac", None])
def test_a_video_is_accepted_and_told_apart(posts: Path, name: str, heard: str | None) -> None:
    video(posts / name.lower(), seconds=2, sound=heard).rename(posts / name)
    assert code(posts / name, posts) is None
    found = look(posts / name)
    assert isinstance(found, Motion)
    assert found.model_dump() == {
        "kind": "video",
        "width": 64,
        "height": 48,
        "seconds": pytest.approx(2.0),
        "frames": 50,
    }


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_nothing_that_a_camera_wrote_is_in_the_copy(posts: Path, name: str) -> None:
    """No place, time, title, maker's note or further track; not even the encoder's name."""
    path = with_secrets(posts / name)
    original = path.read_bytes()
    assert [secret for secret in videos.SECRETS if secret not in original] == []
    copy = clean(path, TWITTER)
    assert [secret for secret in (*videos.SECRETS, b"MARKER") if secret in copy.data] == []
    found = list(kinds(copy.data))
    assert {kind for kind, _ in found} <= KINDS
    assert [kind for kind, _ in found].count(b"trak") == 2
    for kind, content in found:
        if kind in (b"mvhd", b"tkhd", b"mdhd"):
            assert content[4:12] == bytes(8), "when it was made"
        elif kind == b"free":
            assert content.strip(b"\0") == b""
    assert shades(copy.data) == shades(original)
    assert path.read_bytes() == original


def test_no_message_between_the_pictures_is_in_the_copy(posts: Path) -> None:
    copy = clean(video(posts / "a.mp4"), TWITTER)
    with av.open(io.BytesIO(copy.data), "r") as source:
        seen = set()
        for packet in source.demux(video=0):
            data, place = bytes(packet), 0
            while place < len(data):
                seen.add(data[place + 4] & 31)
                place += 4 + int.from_bytes(data[place : place + 4])
    assert seen <= {1, 5, 7, 8}


def test_sound_and_picture_come_through_whole(posts: Path) -> None:
    path = video(posts / "a.mp4", seconds=1.5, layout="stereo")
    copy = clean(path, SITE)

    def heard(data: bytes) -> int:
        with av.open(io.BytesIO(data), "r") as source:
            return sum(frame.samples for frame in source.decode(audio=0))

    assert heard(copy.data) == heard(path.read_bytes())
    assert shades(copy.data) == shades(path.read_bytes())


def test_pictures_that_depend_on_later_ones_stay_in_order(posts: Path) -> None:
    path = video(posts / "a.mp4", preset="medium", bf="3")
    assert b"ctts" in path.read_bytes()
    assert shades(clean(path, TWITTER).data) == shades(path.read_bytes())


def test_a_video_stays_upright(posts: Path) -> None:
    path = videos.turned(video(posts / "a.mp4"))
    copy = clean(path, TWITTER)
    assert (copy.width, copy.height) == (48, 64)
    with av.open(io.BytesIO(copy.data), "r") as source:
        assert next(source.decode(video=0)).rotation in (90, -90)


def test_the_same_video_gives_the_same_bytes_on_every_channel(posts: Path) -> None:
    path = with_secrets(posts / "a.mp4")
    assert clean(path, TWITTER) == clean(path, SITE) == clean(path, TWITTER)


def test_a_copy_can_be_cleaned_again(posts: Path) -> None:
    copy = clean(with_secrets(posts / "a.mp4"), TWITTER)
    (posts / "b.mp4").write_bytes(copy.data)
    assert shades(clean(posts / "b.mp4", TWITTER).data) == shades(copy.data)


def test_a_video_is_what_its_name_claims(posts: Path) -> None:
    video(posts / "real.mp4").rename(posts / "a.png")
    (posts / "b.mp4").write_bytes(b"")
    (posts / "c.mp4").write_bytes(b"no video, but words" * 9)
    Image.new("RGB", (8, 8)).save(posts / "d.mp4", "PNG")
    video(posts / "e.mkv").rename(posts / "e.mp4")
    names = ("a.png", "b.mp4", "c.mp4", "d.mp4", "e.mp4")
    assert [code(posts / name, posts) for name in names] == ["media-type"] * 5


@pytest.mark.parametrize("front", ["", "+faststart"])
def test_a_truncated_video_is_found(posts: Path, front: str) -> None:
    path = video(posts / "a.mp4", container={"movflags": front} if front else None)
    data = path.read_bytes()
    for tenth in range(1, 10):
        path.write_bytes(data[: len(data) * tenth // 10])
        media_file._inspected.cache_clear()
        assert code(path, posts) == "media-damaged"
        with pytest.raises(PictureUnusable):
            clean(path, TWITTER)


def test_a_recording_that_was_not_ended_is_called_that(posts: Path) -> None:
    data = video(posts / "a.mp4").read_bytes()
    (posts / "a.mp4").write_bytes(data[: data.index(b"moov") - 4])
    flaw = inspect(posts / "a.mp4", posts)
    assert flaw
    assert flaw.code == "media-damaged"
    assert "not have ended" in flaw.message


def test_holes_in_the_file_are_found(posts: Path) -> None:
    """The index points behind the end."""
    path = video(posts / "a.mp4")
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat")
    size = int.from_bytes(data[start - 4 : start])
    cut = size // 2
    data[start - 4 : start] = (size - cut).to_bytes(4)
    path.write_bytes(data[: start + size - cut - 4] + data[start + size - 4 :])
    assert code(path, posts) == "media-damaged"


def test_an_end_that_lacks_a_few_bytes_is_found(posts: Path) -> None:
    """Although the box around it says that it is whole; they are of the sound."""
    path = video(posts / "a.mp4", rate=1, container={"movflags": "+faststart"})
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat")
    data[start - 4 : start] = (int.from_bytes(data[start - 4 : start]) - 2).to_bytes(4)
    path.write_bytes(data[:-2])
    assert code(path, posts) == "media-damaged"


def test_an_empty_index_is_no_video(posts: Path) -> None:
    assert code(hostile(posts / "a.mp4"), posts) in ("media-damaged", "video-codec")


@pytest.mark.parametrize("distance", [0, 2])
def test_nothing_but_pictures_and_sound_is_taken_for_them(posts: Path, distance: int) -> None:
    """A damaged index lets the last piece of the sound reach over what follows, or lie there."""
    path = with_secrets(posts / "a.mp4")
    data = bytearray(path.read_bytes())
    sizes = data.rindex(b"stsz", 0, data.index(b"gpmd"))
    places = data.rindex(b"stco", 0, data.index(b"gpmd"))
    if distance:
        count = int.from_bytes(data[places + 8 : places + 12])
        last = places + 8 + count * 4
        data[last : last + 4] = (data.index(b"MARKER-PLACE") - distance).to_bytes(4)
    else:
        last = sizes + 12 + int.from_bytes(data[sizes + 12 : sizes + 16]) * 4
        data[last : last + 4] = (9_000).to_bytes(4)
    path.write_bytes(data)
    assert code(path, posts) == "media-damaged"


Making = Callable[[Path], Path]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: video(path, picture="libx265"), "H.265"),
        (lambda path: video(path, picture="mpeg4"), "MPEG-4"),
        (lambda path: video(path, picture="mjpeg", colours="yuvj420p"), "mjpeg"),
        (lambda path: video(path, colours="yuv444p"), "4:2:0"),
        (lambda path: video(path, colours="yuv420p10le"), "4:2:0"),
        (lambda path: video(path, sound="libmp3lame"), "mp3"),
        (lambda path: video(path, layout="5.1"), "mono or stereo"),
        (lambda path: video(path, sounds=2), "more than one"),
        (videos.sound_alone, "no video"),
        (lambda path: video(path, container={"movflags": "frag_keyframe"}), "fragments"),
    ],
)
def test_what_not_everybody_can_play_is_refused_with_the_remedy(
    posts: Path, make: Making, says: str
) -> None:
    flaw = inspect(make(posts / "a.mp4"), posts)
    assert flaw
    assert flaw.code == "video-codec"
    assert says in flaw.message
    assert flaw.hint
    assert "Convert" in flaw.hint or "Export" in flaw.hint
    with pytest.raises(PictureUnusable):
        clean(posts / "a.mp4", TWITTER)


def test_a_file_that_is_too_big_is_refused_by_its_size(posts: Path) -> None:
    path = video(posts / "a.mp4")
    os.truncate(path, media_file.MAX_BYTES + 1)
    assert code(path, posts) == "media-too-big"
    with pytest.raises(PictureUnusable):
        clean(path, TWITTER)


@pytest.mark.parametrize(
    ("to", "options", "expected"),
    [
        ("bice-x", {}, []),
        ("bice-site", {}, []),
        ("bice-x", {"seconds": 0.4}, ["video-limits"]),
        ("bice-x", {"seconds": 0.6}, []),
        ("bice-x", {"seconds": 145, "rate": 1}, ["video-limits"]),
        ("bice-site", {"seconds": 145, "rate": 1}, []),
        ("bice-site", {"seconds": 1_300, "rate": 1}, ["video-limits"]),
        ("bice-x", {"size": (64, 16)}, ["video-limits"]),
        ("bice-x", {"size": (1936, 64)}, ["video-limits"]),
        ("bice-x", {"size": (1216, 1232)}, ["video-limits"]),
        ("bice-x", {"size": (1080, 1920), "seconds": 0.6}, []),
        ("bice-x", {"rate": 60}, []),
        ("bice-x", {"rate": 90}, ["video-limits"]),
        ("bice-page", {"seconds": 0.6}, ["video-limits"]),
        ("bice-page", {"seconds": 1.5, "size": (640, 640)}, []),
    ],
)
def test_each_channel_has_its_limits(
    workspace: Workspace, posts: Path, to: str, options: dict[str, Any], expected: list[str]
) -> None:
    video(posts / "media/a.mp4", sound=None, **options)
    problems = workspace.channel_problems(DRAFT.format(to=to))
    assert codes(problems) == expected
    assert all(problem.hint for problem in problems)


def test_a_video_stands_alone_on_x_and_not_on_the_website(
    workspace: Workspace, posts: Path
) -> None:
    video(posts / "media/a.mp4")
    workspace.picture()
    more = "\n  - file: media/card.png\n    alt: Une carte"
    assert codes(workspace.channel_problems(DRAFT.format(to="bice-x") + more)) == ["media-mixed"]
    assert codes(workspace.channel_problems(DRAFT.format(to="bice-site") + more)) == []


def test_a_channel_without_videos_takes_none(posts: Path) -> None:
    with pytest.raises(PictureUnusable):
        clean(video(posts / "a.mp4"), FACEBOOK.model_copy(update={"videos": None}))


def test_alt_text_and_consent_are_asked_for_as_with_pictures(
    workspace: Workspace, posts: Path
) -> None:
    video(posts / "media/a.mp4")
    front = "to: bice-x\nmedia:\n  - file: media/a.mp4\n    people: true"
    assert sorted(codes(workspace.problems(front))) == ["alt-missing", "consent-missing"]


def hostile(path: Path, *index: bytes, behind: bytes = b"") -> Path:
    path.write_bytes(box(b"ftyp", b"isom" + bytes(4) + b"isom") + box(b"moov", *index) + behind)
    return path


def table(kind: bytes, *numbers: int) -> bytes:
    """A track that holds one table."""
    content = struct.pack(f">{len(numbers) + 1}I", 0, *numbers)
    return box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", box(kind, content)))))


LOTS = 0xFFFF_FFFF


@pytest.mark.parametrize(
    "index",
    [
        (box(b"trak") * 1_000,),
        (box(b"free") * 100_000,),
        (table(b"stsz", 100, LOTS),),
        (table(b"stts", 1, LOTS, 1),),
        (table(b"stts", LOTS),),
        (table(b"ctts", 1, LOTS, 1),),
        (table(b"stco", LOTS),),
        (table(b"stsd", LOTS),),
        (table(b"stsc", 1 << 30),),
        (table(b"sbgp", 0, LOTS),),
        (table(b"stts"),),
        (struct.pack(">I4sQ", 1, b"trak", (1 << 64) - 1),),
        (struct.pack(">I4s", LOTS, b"trak"),),
        (struct.pack(">I4s", 4, b"trak"),),
        (box(b"cmov"),),
        (box(b"mvex"),),
    ],
)
def test_a_hostile_index_is_refused_before_a_library_sees_it(
    posts: Path, index: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(av, "open", lambda *words, **_: opened.append(words))
    start = time.monotonic()
    found = decoding.look(hostile(posts / "a.mp4", *index))  # in this process
    assert isinstance(found, Flaw)
    assert found.code in ("media-damaged", "video-codec")
    assert time.monotonic() - start < 2
    assert opened == []


def test_many_boxes_in_a_row_end_the_search(posts: Path) -> None:
    hostile(posts / "a.mp4", behind=box(b"free") * 1_000_000)
    assert code(posts / "a.mp4", posts) == "video-codec"


def test_an_index_that_is_too_big_is_not_read(posts: Path) -> None:
    hostile(posts / "a.mp4", bytes(mp4.MAX_INDEX))
    assert code(posts / "a.mp4", posts) == "video-codec"


def test_a_picture_of_too_many_pixels_is_not_decoded(posts: Path) -> None:
    path = video(posts / "a.mp4", size=(6000, 2400), seconds=0.04, sound=None)
    assert code(path, posts) == "media-too-many-pixels"


def test_absurd_times_are_refused(workspace: Workspace, posts: Path) -> None:
    """One picture that shows for years."""
    path = video(posts / "media/a.mp4", sound=None)
    data = path.read_bytes()
    runs = data.index(b"stts") + 8
    path.write_bytes(data[: runs + 8] + struct.pack(">I", 0x7FFF_FFFF) + data[runs + 12 :])
    found = code(path, posts)
    assert found or codes(workspace.channel_problems(DRAFT.format(to="bice-site"))) == [
        "video-limits"
    ]


def test_without_videos_their_library_is_not_loaded(workspace: Workspace) -> None:
    """It would cost every command a tenth of a second."""
    workspace.picture()
    workspace.draft("to: bice-x\nmedia:\n  - file: media/card.png\n    alt: Une carte")
    script = (
        "import sys; from pathlib import Path; from publisher.drafts import library, rendering;"
        "from publisher.channels import registry;"
        f"library.load(Path({str(workspace.root)!r}), {{}}, ()); print('av' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("videos")
    return [
        with_secrets(folder / "a.mp4", seconds=0.3).read_bytes(),
        video(folder / "b.mp4", seconds=0.3, container={"movflags": "+faststart"}).read_bytes(),
    ]


Mutation = tuple[int, int, bytes]


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    which=st.integers(0, 1),
    mutations=st.lists(
        st.tuples(st.integers(0, 9_000), st.integers(0, 8), st.binary(max_size=8)), max_size=4
    ),
)
def test_no_broken_video_raises(
    posts: Path, samples: list[bytes], which: int, mutations: list[Mutation]
) -> None:
    """Whatever the bytes are, they are refused with a flaw, or give a clean copy."""
    data = samples[which]
    for place, length, new in mutations:
        start = place % (len(data) or 1)
        data = data[:start] + new + data[start + length :]
    path = posts / "a.mp4"
    path.write_bytes(data)
    media_file._inspected.cache_clear()  # written within one tick of the file system's clock
    if inspect(path, posts):
        with pytest.raises(PictureUnusable):
            clean(path, TWITTER)
    else:
        copy = clean(path, TWITTER)
        assert [secret for secret in videos.SECRETS[:8] if secret in copy.data] == []
