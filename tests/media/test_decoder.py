"""Pictures are decoded apart from secrets, within limits of memory and time; whoever else asks goes
on.
"""

import io
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from publisher.base.errors import PictureUnusable
from publisher.base.process_pool import Ended, ProcessPool
from publisher.media import decoder, decoding_cost, media_file
from publisher.model.problems import Flaw
from publisher.platforms.twitter.spec import TWITTER
from tests.support import photos
from tests.support.waiting import wait_for

Lower = Callable[..., None]


@pytest.fixture(autouse=True)
def own_children(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    children = ProcessPool("publisher.media.decoder", 2)
    monkeypatch.setattr(decoder, "_CHILDREN", children)
    media_file._inspected.cache_clear()
    yield
    children.end()


@pytest.fixture
def lower(monkeypatch: pytest.MonkeyPatch) -> Lower:
    """Start the real child with other limits."""

    def start(**limits: float) -> None:
        lowered = "".join(f"decoder.{name} = {value}\n" for name, value in limits.items())
        program = (
            f"import sys\nfrom publisher.media import decoder\n{lowered}"
            "decoder._serve(sys.stdin.buffer, sys.stdout.buffer)\n"
        )
        monkeypatch.setattr(decoder._CHILDREN, "program", (sys.executable, "-P", "-c", program))

    return start


def _small(tmp_path: Path) -> Path:
    path = tmp_path / "small.png"
    Image.new("RGB", (8, 8), "teal").save(path)
    return path


def _process() -> int:
    """That of the one child that there is."""
    (child,) = decoder._CHILDREN.idle
    assert child.process
    return child.process.pid


def _with_scans(path: Path, side: int, scans: int) -> Path:
    """A progressive JPEG whose last scan stands there again and again."""
    memory = io.BytesIO()
    Image.new("L", (side, side), 128).save(memory, "JPEG", progressive=True)
    data = memory.getvalue()
    last = data.rindex(b"\xff\xda")
    path.write_bytes(data[:last] + data[last:-2] * scans + b"\xff\xd9")
    return path


def _code(path: Path) -> str | None:
    found = media_file.look(path)
    return found.code if isinstance(found, Flaw) else None


def test_a_jpeg_of_many_scans_is_refused_at_once(tmp_path: Path) -> None:
    """A few hundred kilobytes took four minutes."""
    path = _with_scans(tmp_path / "scans.jpg", 7000, 2000)
    assert path.stat().st_size < 500_000
    begun = time.monotonic()
    assert _code(path) == "media-too-costly"
    with pytest.raises(PictureUnusable, match="too much memory or time"):
        media_file.clean(path, TWITTER)
    assert time.monotonic() - begun < 10


def test_a_png_of_many_pieces_is_refused_at_once(tmp_path: Path) -> None:
    data = _small(tmp_path).read_bytes()
    first = data.index(b"IDAT") - 4
    empty = bytes(4) + b"IDAT" + bytes.fromhex("35af061e")
    path = tmp_path / "pieces.png"
    path.write_bytes(data[:first] + empty * 25_000 + data[first:])
    assert _code(path) == "media-too-costly"


def test_what_cameras_and_editors_make_is_not_too_much(tmp_path: Path) -> None:
    """Also with a video behind the picture, in whose data anything may stand."""
    path = photos.photo(tmp_path / "photo.jpg")
    Image.open(path).save(tmp_path / "progressive.jpg", progressive=True)
    with path.open("ab") as file:
        file.write(b"\0\0\0\x18ftypmp42" + b"\xff\xda\0\x02" * 1000)
    for name in ("photo.jpg", "progressive.jpg"):
        assert not decoding_cost.is_too_much(tmp_path / name)
        assert media_file.look(tmp_path / name) is None


def test_the_processor_s_time_is_limited(tmp_path: Path, lower: Lower) -> None:
    lower(_PROCESSOR=0)
    assert _code(_with_scans(tmp_path / "slow.jpg", 7000, 90)) == "media-too-costly"
    assert media_file.look(_small(tmp_path)) is None, "the next one has its own time"


def test_memory_is_limited(tmp_path: Path, lower: Lower) -> None:
    path = tmp_path / "large.png"
    Image.new("RGB", (7000, 7000)).save(path, compress_level=1)
    assert _code(path) is None
    decoder._CHILDREN.end()
    media_file._inspected.cache_clear()
    lower(_MEMORY=160 << 20)
    assert _code(path) == "media-too-costly"
    assert media_file.look(_small(tmp_path)) is None


def test_a_child_that_hangs_is_ended_and_another_try_goes_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, children, begun = _small(tmp_path), decoder._CHILDREN, time.monotonic()
    with monkeypatch.context() as hanging:
        hanging.setattr(children, "patience", 0.3)
        hanging.setattr(children, "program", (sys.executable, "-c", "import time; time.sleep(60)"))
        assert _code(path) == "media-too-costly"
        with pytest.raises(PictureUnusable, match="could not be opened in time"):
            media_file.clean(path, TWITTER)
    assert time.monotonic() - begun < 30, "nobody waits until it ends by itself"
    children.end()
    assert media_file.look(path) is None


def test_a_library_that_crashes_harms_nobody_else(tmp_path: Path, lower: Lower) -> None:
    path = _small(tmp_path)
    lower(**{"decoding.look": "lambda path: __import__('os').abort()"})
    assert _code(path) == "media-damaged"


def test_a_child_knows_no_secret_and_writes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_ACCOUNTS__BICE_X__API_KEY", "hunter2")
    assert media_file.look(_small(tmp_path)) is None
    process = Path(f"/proc/{_process()}")
    assert b"hunter2" not in (process / "environ").read_bytes()
    limits = (process / "limits").read_text()
    assert re.search(r"^Max file size +0 ", limits, re.MULTILINE)
    assert re.search(rf"^Max address space +{decoder._MEMORY} ", limits, re.MULTILINE)
    assert re.search(r"^Max cpu time +\d", limits, re.MULTILINE)


def test_one_child_serves_for_many_and_ends_when_nobody_asks(tmp_path: Path, lower: Lower) -> None:
    lower(_IDLE=1.0)
    first = _small(tmp_path)
    assert media_file.look(first) is None
    pid = _process()
    assert media_file.clean(first, TWITTER).data
    assert _process() == pid
    (child,) = decoder._CHILDREN.idle
    wait_for(lambda: child.process is not None and child.process.poll() is not None)
    assert media_file.clean(first, TWITTER).data, "then another one serves"
    assert _process() != pid


def test_a_child_that_was_killed_while_nobody_asked_harms_no_picture(tmp_path: Path) -> None:
    picture = _small(tmp_path)
    assert media_file.look(picture) is None
    os.kill(_process(), signal.SIGKILL)
    (child,) = decoder._CHILDREN.idle
    wait_for(lambda: child.process is not None and child.process.poll() is not None)
    assert media_file.clean(picture, TWITTER).data


def test_what_a_child_says_is_not_believed_blindly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took it over may say what it likes."""
    for answer in (
        "[]",
        "{}",
        '{"size": 0}',
        '{"size": 0, "flaw": 1}',
        '{"size": -1}',
        '{"size": 1e99}',
        "x",
        '{"size": 10}',
        '{"size": 0, "at": 1}',
    ):
        program = (sys.executable, "-c", f"input(); print({answer!r}, flush=True)")
        monkeypatch.setattr(decoder._CHILDREN, "program", program)
        decoder._CHILDREN.end()
        with pytest.raises(Ended):
            decoder.look(_small(tmp_path))


def test_a_picture_that_is_gone_is_unusable(tmp_path: Path) -> None:
    """Somebody may take it away between two looks."""
    with pytest.raises(PictureUnusable):
        media_file.clean(tmp_path / "gone.png", TWITTER)
