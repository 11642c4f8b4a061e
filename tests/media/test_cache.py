"""What is known of a picture is told by what is in it, and by what looked at it."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import PIL
import pytest
from PIL import Image, features

from publisher.media import cache, decoder, media_file
from publisher.media.cache import Copies
from publisher.media.clean_copy import CleanPicture, Copy
from publisher.model.capabilities import Capabilities
from publisher.model.posts import Inspected, Motion
from publisher.model.problems import Flaw
from publisher.platforms.twitter.spec import TWITTER
from tests.support.waiting import wait_for


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return draw(tmp_path / "card.png", "navy")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were decoded."""
    found, look = list[Path](), decoder.look

    def noted(path: Path) -> Flaw | Inspected:
        found.append(path)
        return look(path)

    monkeypatch.setattr(decoder, "look", noted)
    media_file._inspected.cache_clear()
    return found


def test_no_file_is_read_again_however_many_there_are(tmp_path: Path) -> None:
    """A check looks at all of them in turn."""
    files = [tmp_path / f"{number}.png" for number in range(5_000)]
    for file in files:
        file.write_bytes(file.name.encode())
    for times in range(2):
        before = cache._recognised.cache_info().hits
        assert all(Copies().digests(file, ()) for file in files)
        assert cache._recognised.cache_info().hits - before == times * len(files)


def draw(path: Path, colour: str) -> Path:
    Image.new("RGB", (40, 30), colour).save(path)
    return path


def _copy(path: Path, kept: Path) -> CleanPicture:
    (made,) = Copies(kept).copies(path, [TWITTER])
    assert isinstance(made, CleanPicture)
    return made


def as_told(copy: CleanPicture) -> Copy:
    return Copy(copy.media_type, copy.width, copy.height, copy.digest)


def test_a_picture_is_looked_into_once(card: Path, kept: Path, opened: list[Path]) -> None:
    for _ in range(3):
        assert Copies(kept).look(card) is None
    assert opened == [card]


def test_what_moves_in_a_picture_is_known(tmp_path: Path, kept: Path) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("navy", "teal")]
    moving = tmp_path / "moving.gif"
    frames[0].save(moving, save_all=True, append_images=frames[1:], duration=100)
    first = Copies(kept).look(moving)
    assert isinstance(first, Motion)
    assert Copies(kept).look(moving) == first
    assert len(list(kept.iterdir())) == 1


def test_what_a_copy_is_can_be_told_once_it_was_made(card: Path, kept: Path) -> None:
    assert Copies(kept).told(card, TWITTER) is None
    copy = _copy(card, kept)
    assert copy == media_file.clean(card, TWITTER)
    assert Copies(kept).told(card, TWITTER) == as_told(copy)


def test_nothing_of_a_picture_is_kept(card: Path, kept: Path) -> None:
    Copies(kept).look(card)
    _copy(card, kept)
    found = list(kept.iterdir())
    assert len(found) == 2
    for file in found:
        assert file.stat().st_size < 800
        assert file.stat().st_mode & 0o77 == 0
        assert "card" not in file.name + file.read_text()


def test_of_another_picture_under_the_same_name_nothing_is_known(card: Path, kept: Path) -> None:
    """Of the same size, and with the old time of change."""
    before = card.stat()
    _copy(card, kept)
    draw(card, "teal")
    os.utime(card, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert Copies(kept).told(card, TWITTER) is None


def test_another_picture_is_noticed_however_old_the_first(
    card: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read long ago is not read again, while nothing about the file has changed."""
    monkeypatch.setattr(cache, "_GRAIN", -1.0)
    first = _copy(card, kept)
    assert Copies(kept).told(card, TWITTER) == as_told(first)
    changed = card.stat().st_ctime_ns
    wait_for(lambda: draw(card, "teal").stat().st_ctime_ns != changed)
    os.utime(card, ns=(0, 0))
    assert Copies(kept).told(card, TWITTER) is None


def test_a_file_that_stays_as_it_is_is_read_once(
    card: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, found = cache._read, list[Path]()

    def noted(path: Path) -> str:
        found.append(path)
        return read(path)

    monkeypatch.setattr(cache, "_GRAIN", -1.0)
    monkeypatch.setattr(cache, "_read", noted)
    for _ in range(3):
        Copies(kept).look(card)
        Copies(kept).told(card, TWITTER)
    assert found == [card]


def test_the_same_picture_under_another_name_is_known(card: Path, kept: Path) -> None:
    copy = _copy(card, kept)
    other = card.rename(card.with_name("other.png"))
    assert Copies(kept).told(other, TWITTER) == as_told(copy)


def test_under_another_kind_of_name_it_is_looked_at(card: Path, kept: Path) -> None:
    assert Copies(kept).look(card) is None
    assert isinstance(Copies(kept).look(card.rename(card.with_suffix(".jpg"))), Flaw)


@pytest.mark.parametrize(
    "limit",
    [
        {"picture_types": frozenset({"image/jpeg"})},
        {"picture_max_bytes": 100_000},
        {"gifs": None},
        {"videos": None},
    ],
    ids=lambda limit: next(iter(limit)),
)
def test_for_other_limits_the_copy_is_another_question(
    card: Path, kept: Path, limit: dict[str, object]
) -> None:
    _copy(card, kept)
    assert Copies(kept).told(card, TWITTER.model_copy(update=limit)) is None


def test_channels_with_the_same_limits_share_what_is_known(card: Path, kept: Path) -> None:
    copy = _copy(card, kept)
    longer = TWITTER.model_copy(update={"max_length": 25_000})
    assert Copies(kept).told(card, longer) == as_told(copy)


def test_another_version_looks_at_all_anew(
    card: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _copy(card, kept)
    monkeypatch.setattr(cache, "_MAKER", "the next version")
    assert Copies(kept).told(card, TWITTER) is None


@pytest.mark.parametrize(
    ("owner", "name"), [(PIL, "__version__"), (features, "version"), (cache, "version")]
)
def test_another_library_is_another_version(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    before = cache._maker()
    assert before == cache._MAKER
    other = "0.1" if name == "__version__" else lambda _library: "0.1"
    monkeypatch.setattr(owner, name, other)
    assert cache._maker() != before


def test_what_is_wrong_is_looked_at_each_time(tmp_path: Path, kept: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n")
    for _ in range(2):
        assert isinstance(Copies(kept).look(broken), Flaw)
        (made,) = Copies(kept).copies(broken, [TWITTER])
        assert isinstance(made, Flaw)
    assert not kept.exists()


@pytest.mark.parametrize("name", ["huge.mp4", "huge.iso"])
def test_what_is_too_big_is_not_even_read(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(cache, "_read", lambda _path: pytest.fail("read"))
    with (tmp_path / name).open("wb") as file:
        file.truncate(media_file.MAX_BYTES + 1)
    assert isinstance(Copies(kept).look(tmp_path / name), Flaw)


def _spoil(place: Path, answer: object) -> bytes:
    question, _answer = json.loads(place.read_bytes())
    return json.dumps([question, answer]).encode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _place: b"",
        lambda _place: b"{",
        lambda place: _spoil(place, ["image/png", "wide", 30, "0" * 64]),
        lambda place: _spoil(place, ["text/html", 40, 30, "0" * 64]),
        lambda place: _spoil(place, ["image/mp4", 40, 30, "0" * 64]),
        lambda place: _spoil(place, ["image/png", 40, 30, "../ledger"]),
        lambda place: place.read_bytes().replace(b"png", b"PNG"),
    ],
)
def test_what_cannot_be_right_is_found_anew(
    card: Path, kept: Path, spoil: Callable[[Path], bytes]
) -> None:
    _copy(card, kept)
    (place,) = kept.iterdir()
    place.write_bytes(spoil(place))
    assert Copies(kept).told(card, TWITTER) is None


def test_where_nothing_can_be_written_all_goes_on(card: Path, kept: Path) -> None:
    kept.write_text("no folder")
    assert Copies(kept).look(card) is None
    assert _copy(card, kept) == media_file.clean(card, TWITTER)
    assert Copies(kept).told(card, TWITTER) is None


def test_a_file_that_changes_while_it_is_looked_at_is_not_known_afterwards(
    card: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = media_file.copies

    def overtaken(path: Path, several: Sequence[Capabilities]) -> list[CleanPicture | Flaw]:
        made = copies(path, several)
        draw(card, "teal")
        return made

    monkeypatch.setattr(media_file, "copies", overtaken)
    _copy(card, kept)
    assert not kept.exists()


def test_what_nobody_asked_for_in_months_is_forgotten(card: Path, kept: Path) -> None:
    Copies(kept).look(card)
    (old,) = kept.iterdir()
    age = 61 * 86400
    os.utime(old, (old.stat().st_atime - age, old.stat().st_mtime - age))
    _copy(card, kept)
    assert not old.exists()
    assert len(list(kept.iterdir())) == 1


def test_what_is_asked_for_stays_known(card: Path, kept: Path) -> None:
    Copies(kept).look(card)
    (file,) = kept.iterdir()
    before = file.stat().st_mtime
    os.utime(file, (before - 59 * 86400, before - 59 * 86400))
    Copies(kept).look(card)
    assert file.stat().st_mtime >= before


def test_what_cannot_be_touched_is_known_all_the_same(
    card: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = _copy(card, kept)
    (file,) = kept.iterdir()
    os.utime(file, (0, 0))

    def refuse(_path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "touch", refuse)
    assert Copies(kept).told(card, TWITTER) == as_told(copy)
